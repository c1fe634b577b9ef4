//! The gateway's settings.
use granary_server::{Limits, Listen, Peer};
use serde::{Deserialize, Serialize};

use crate::backend::BACKENDS;
use crate::in_flight::Bounds;

/// The gateway's settings. Every field has a default.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where callers connect. Default 127.0.0.1:7100.
    pub listen: Listen,
    /// The public listener of credential-vault. Default 127.0.0.1:7101.
    pub credential_vault: Peer,
    /// The broker's listener of credential-vault. Default 127.0.0.1:7102.
    pub broker: Peer,
    /// Default 127.0.0.1:7103.
    pub harvest_time: Peer,
    /// Default 127.0.0.1:7104.
    pub linkedin_data: Peer,
    /// Whether tools of time tracking are listed as taking a HarvestAPI key; as credential-vault has it. Default false.
    pub one_key_for_harvest: bool,
    /// Threads that serve calls, each with a socket of its own on the same port. 0: one for each core.
    pub threads: usize,
    /// API keys whose principals are remembered, unknown ones included. Default 50,000.
    pub max_principals: u64,
    /// Tickets that are remembered. Default 100,000, about 1 KB each.
    pub max_tickets: u64,
    /// Calls of a tenant under way in this process, where its own record says nothing else. Default 1,024.
    pub max_calls_per_tenant: usize,
    /// Calls of an API key under way in this process, where the tenant's record says nothing else. Default 768.
    pub max_calls_per_key: usize,
    /// Streams and bulk runs of a tenant under way in this process, where its record says nothing else. They are calls, too.
    /// Default 256.
    pub max_streams_per_tenant: usize,
    /// Bytes of answers that wait for callers who do not read, in this process. Past it, the slowest call ends. Default 256 MiB.
    pub max_unread_bytes: usize,
    /// The same for one tenant. Default 32 MiB.
    pub max_unread_bytes_per_tenant: usize,
    /// Bytes of tools' inputs whose end has not arrived, in this process. Past it, the call that began first ends. Default
    /// 256 MiB.
    pub max_unfinished_bytes: usize,
    /// The same for one tenant. Default 32 MiB.
    pub max_unfinished_bytes_per_tenant: usize,
    /// Limits of the listener.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        let peer = |port: u16| Peer::plain(format!("127.0.0.1:{port}"), None);
        Self {
            listen: Listen::loopback(7100),
            credential_vault: peer(7101),
            broker: peer(7102),
            harvest_time: peer(7103),
            linkedin_data: peer(7104),
            one_key_for_harvest: false,
            threads: 0,
            max_principals: 50_000,
            max_tickets: 100_000,
            max_calls_per_tenant: 1_024,
            max_calls_per_key: 768,
            max_streams_per_tenant: 256,
            max_unread_bytes: 256 << 20,
            max_unread_bytes_per_tenant: 32 << 20,
            max_unfinished_bytes: 256 << 20,
            max_unfinished_bytes_per_tenant: 32 << 20,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// How many calls a tenant may have where its record says nothing.
    pub(crate) fn bounds(&self) -> Bounds {
        Bounds {
            calls: self.max_calls_per_tenant,
            calls_per_key: self.max_calls_per_key,
            long: self.max_streams_per_tenant,
        }
    }

    /// Everything that is wrong with it, each fault after the full name of its setting.
    pub fn validate(&self) -> Vec<String> {
        let mut faults = self.listen.validate("gateway.listen");
        faults.extend(BACKENDS.iter().flat_map(|place| place.validate(self)));
        faults.extend(self.broker.validate("gateway.broker", false));
        faults.extend(self.limits.validate("gateway.limits"));
        let bounds = [
            ("max_calls_per_tenant", self.max_calls_per_tenant),
            ("max_calls_per_key", self.max_calls_per_key),
            ("max_streams_per_tenant", self.max_streams_per_tenant),
        ];
        for (name, _) in bounds.into_iter().filter(|(_, value)| *value == 0) {
            faults.push(format!("gateway.{name}: must be at least 1"));
        }
        if self.threads > 256 {
            faults.push("gateway.threads: must be at most 256".to_owned());
        }
        for (name, value) in [("max_principals", self.max_principals), ("max_tickets", self.max_tickets)] {
            if value == 0 {
                faults.push(format!("gateway.{name}: must be at least 1"));
            }
        }
        faults
    }
}
