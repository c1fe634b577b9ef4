//! What one listener takes, as settings.
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Limits of one listener.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Connections of callers at a time in the whole process, public listeners together; further ones are closed at once.
    /// Fitted to the limit of open files at start. Default 10,000.
    pub max_connections: usize,
    /// Connections of one address at a time; 0: any number. Default 0.
    pub max_connections_per_address: usize,
    /// Addresses that the limit before does not hold for, since many callers stand behind them. Default none.
    pub trusted_proxies: Vec<IpAddr>,
    /// TLS handshakes a second in the whole process, and a quarter of them of one address, but of those behind which many
    /// callers stand; faster ones wait, and what would wait for ten seconds is closed. 0: any number. Default 1,000.
    pub max_handshakes_per_second: u32,
    /// Streams at a time on one connection. Default 256.
    pub max_streams: u32,
    /// Bytes of one request's headers, by HPACK's count; more is answered by 431. Default 16,384.
    pub max_header_bytes: u32,
    /// Bytes of one message. Default 4 MiB.
    pub max_message_bytes: usize,
    /// Answers above so many bytes are compressed by gzip, where the caller takes that; 0: none is. Default 0: inside a data
    /// centre it costs more than it saves.
    pub compress_answers_above: usize,
    /// How long a caller's connection may have no call before it is closed, in milliseconds; 0: for ever. Default 900,000.
    pub idle_timeout_ms: u64,
    /// The age at which a caller's connection takes no further call, in milliseconds, give or take a tenth; 0: none. Default
    /// 3,600,000.
    pub max_connection_age_ms: u64,
    /// How long health says NOT_SERVING at the end before the listener closes, in milliseconds. Default 5,000.
    pub lame_duck_ms: u64,
    /// How long calls in flight may take to finish once the listener has closed, in milliseconds. Default 10,000.
    pub drain_ms: u64,
    /// The deadline of a call that names none, in milliseconds. Default 60,000.
    pub default_deadline_ms: u64,
    /// The longest deadline that is taken, in milliseconds. Default 600,000.
    pub max_deadline_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_connections: 10_000,
            max_connections_per_address: 0,
            trusted_proxies: Vec::new(),
            max_handshakes_per_second: 1_000,
            max_streams: 256,
            max_header_bytes: 16_384,
            max_message_bytes: 4 << 20,
            compress_answers_above: 0,
            idle_timeout_ms: 900_000,
            max_connection_age_ms: 3_600_000,
            lame_duck_ms: 5_000,
            drain_ms: 10_000,
            default_deadline_ms: 60_000,
            max_deadline_ms: 600_000,
        }
    }
}

impl Limits {
    /// How long health says NOT_SERVING before the listener closes.
    pub fn lame_duck(&self) -> Duration {
        Duration::from_millis(self.lame_duck_ms)
    }

    /// What is wrong with them; `name` is their key in the configuration.
    pub fn validate(&self, name: &str) -> Vec<String> {
        let mut faults = Vec::new();
        let positive = [
            ("max_connections", self.max_connections == 0),
            ("max_streams", self.max_streams == 0),
            ("max_header_bytes", self.max_header_bytes == 0),
            ("max_message_bytes", self.max_message_bytes == 0),
            ("default_deadline_ms", self.default_deadline_ms == 0),
            ("max_deadline_ms", self.max_deadline_ms == 0),
        ];
        for (key, _) in positive.into_iter().filter(|(_, is_zero)| *is_zero) {
            faults.push(format!("{name}.{key}: must be at least 1"));
        }
        if self.max_header_bytes > 1 << 20 {
            faults.push(format!("{name}.max_header_bytes: must be at most 1,048,576"));
        }
        if self.default_deadline_ms > self.max_deadline_ms {
            faults.push(format!("{name}.default_deadline_ms: must be at most {name}.max_deadline_ms"));
        }
        faults
    }
}
