//! The pace of TLS handshakes, each of which costs a good part of a millisecond of a serving thread: so many a second in the
//! process, and a quarter of them for one address. What comes faster waits, and what would wait for too long is closed.
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::listening::HANDSHAKE_TIMEOUT;
use crate::limits::Limits;

/// The part of one address.
const SHARE: u32 = 4;
/// Addresses beyond which those that wait for nothing are forgotten.
const KEPT: usize = 1_024;

static PACE: LazyLock<Mutex<Pace>> = LazyLock::new(Mutex::default);

/// When the next handshakes are due.
#[derive(Debug, Default)]
struct Pace {
    all: Option<Instant>,
    of_addresses: HashMap<IpAddr, Instant>,
}

/// Waits for the turn of a connection's handshake. False where that would take too long.
pub(super) async fn turn(address: IpAddr, limits: &Limits) -> bool {
    let rate = limits.max_handshakes_per_second;
    if rate == 0 {
        return true;
    }
    let address = address.to_canonical();
    let own = (!limits.trusted_proxies.contains(&address)).then_some(address);
    let reserve =
        |own| PACE.lock().unwrap_or_else(PoisonError::into_inner).reserve(own, rate, Instant::now());
    // Its own turn first: while an address waits for that, it takes none of the others'.
    for whose in [own, None].into_iter().skip(usize::from(own.is_none())) {
        match reserve(whose) {
            None => return false,
            Some(Duration::ZERO) => {}
            Some(wait) => tokio::time::sleep(wait).await,
        }
    }
    true
}

impl Pace {
    /// Reserves the next place of an address, or of all, and tells how long it is until then. Nothing is reserved that is too
    /// far away.
    fn reserve(&mut self, address: Option<IpAddr>, rate: u32, now: Instant) -> Option<Duration> {
        let rate = if address.is_some() { (rate / SHARE).max(1) } else { rate };
        // A second's worth may come at once.
        let earliest = now.checked_sub(Duration::from_secs(1)).unwrap_or(now);
        let due = match address {
            None => self.all,
            Some(address) => self.of_addresses.get(&address).copied(),
        };
        let next = due.unwrap_or(earliest).max(earliest) + Duration::from_secs(1) / rate;
        let wait = next.saturating_duration_since(now);
        if wait >= HANDSHAKE_TIMEOUT {
            return None;
        }
        match address {
            None => self.all = Some(next),
            Some(address) => {
                if self.of_addresses.len() >= KEPT {
                    self.of_addresses.retain(|_, next| *next > earliest);
                }
                self.of_addresses.insert(address, next);
            }
        }
        Some(wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_has_a_quarter_and_what_is_too_far_away_is_refused() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        let [one, two] = ["192.0.2.1", "192.0.2.2"].map(|a| Some(a.parse().unwrap()));
        let at_once = |pace: &mut Pace, whose| {
            (0..).take_while(|_| pace.reserve(whose, 400, now) == Some(Duration::ZERO)).count()
        };
        assert_eq!(at_once(&mut pace, one), 100);
        assert_eq!(at_once(&mut pace, two), 100, "another address has its own");
        assert_eq!(at_once(&mut pace, None), 400);
        let waits: Vec<_> = (0..).map_while(|_| pace.reserve(one, 400, now)).collect();
        assert!(waits.is_sorted() && waits.last().is_some_and(|wait| *wait < HANDSHAKE_TIMEOUT));
        assert_eq!(pace.reserve(one, 400, now), None);
        let later = now + HANDSHAKE_TIMEOUT + Duration::from_secs(1);
        assert_eq!(pace.reserve(one, 400, later), Some(Duration::ZERO));
    }

    #[test]
    fn addresses_that_wait_for_nothing_are_forgotten() {
        let (mut pace, mut now) = (Pace::default(), Instant::now());
        for number in 0..10_000_u32 {
            now += Duration::from_millis(10);
            pace.reserve(Some(IpAddr::from(number.to_be_bytes())), 400, now);
        }
        assert!(pace.of_addresses.len() <= KEPT, "{}", pace.of_addresses.len());
    }
}
