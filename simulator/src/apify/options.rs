//! What the query of a call asks for.

use std::time::Duration;

use super::errors::bad;
use crate::decimal::Micros;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// What the query of a start asks for.
#[derive(Debug, Clone)]
pub(super) struct Options {
    pub(super) timeout_secs: u64,
    /// Megabytes.
    pub(super) memory: u64,
    /// Rows after which the run ends.
    pub(super) max_items: Option<usize>,
    /// What the run may charge; None has no limit but the balance.
    pub(super) cap: Option<Micros>,
    pub(super) build: String,
}

/// How long a call waits for its run.
pub(super) struct Wait(pub(super) Duration);

/// Seconds.
const MAX_WAIT: u64 = 60;
const TIMEOUT: u64 = 3600;
/// Seconds that a run may take at all; also what a time-out of 0 stands for.
const MAX_RUN: u64 = 86_400;
const MEMORY: u64 = 512;
const MIN_MEMORY: u64 = 128;
const MAX_MEMORY: u64 = 32_768;

impl Options {
    pub(super) fn parse(call: &Call) -> Result<Self, Reply> {
        let timeout_secs = integer(call, "timeout")?.unwrap_or(TIMEOUT).min(MAX_RUN);
        let memory = integer(call, "memory")?.unwrap_or(MEMORY);
        if !memory.is_power_of_two() || !(MIN_MEMORY..=MAX_MEMORY).contains(&memory) {
            return Err(invalid("memory", "must be a power of two of at least 128"));
        }
        let max_items = integer(call, "maxItems")?;
        if max_items == Some(0) {
            return Err(invalid("maxItems", "must be above 0"));
        }
        let cap = match param(call, "maxTotalChargeUsd") {
            None => None,
            Some(text) => {
                let cap = dollars(text).ok_or_else(|| invalid("maxTotalChargeUsd", "must be dollars"))?;
                if cap.0 <= 0 {
                    let text = "Parameter maxTotalChargeUsd is below the minimum";
                    return Err(bad("max-total-charge-usd-below-minimum", text));
                }
                Some(cap)
            }
        };
        Ok(Self {
            timeout_secs,
            memory,
            max_items: max_items.map(|most| usize::try_from(most).unwrap_or(usize::MAX)),
            cap,
            build: param(call, "build").unwrap_or("latest").to_owned(),
        })
    }

    pub(super) fn timeout(&self) -> Duration {
        Duration::from_secs(if self.timeout_secs == 0 { MAX_RUN } else { self.timeout_secs })
    }
}

impl Wait {
    pub(super) fn parse(call: &Call) -> Result<Self, Reply> {
        let seconds = integer(call, "waitForFinish")?.unwrap_or(0).min(MAX_WAIT);
        Ok(Self(Duration::from_secs(seconds)))
    }
}

pub(super) fn param<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.param(name).filter(|text| !text.is_empty())
}

pub(super) fn integer(call: &Call, name: &str) -> Result<Option<u64>, Reply> {
    let complaint = || invalid(name, "must be a whole number, not below 0");
    param(call, name).map(|text| text.parse().map_err(|_| complaint())).transpose()
}

pub(super) fn invalid(name: &str, problem: &str) -> Reply {
    bad("invalid-value", &format!("Parameter {name} {problem}"))
}

/// Digits beyond a micro-dollar buy nothing, so they are dropped.
fn dollars(text: &str) -> Option<Micros> {
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() > 6 && fraction.bytes().all(|b| b.is_ascii_digit()) => {
            Micros::parse_dollars(&format!("{whole}.{}", &fraction[..6]))
        }
        _ => Micros::parse_dollars(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cap_is_read_down_to_the_micro_dollar() {
        for (text, micros) in [
            ("0.004", Some(4_000)),
            ("1", Some(1_000_000)),
            ("4e-3", Some(4_000)),
            ("0.30000000000000004", Some(300_000)),
            ("0.0119999999", Some(11_999)),
            ("-1", Some(-1_000_000)),
            ("much", None),
            ("0.1234567x", None),
        ] {
            assert_eq!(dollars(text), micros.map(Micros), "{text}");
        }
    }
}
