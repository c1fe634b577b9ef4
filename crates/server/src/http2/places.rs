//! Counts the connections of callers: of the process, since open files are, and of each address.
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::limits::Limits;

static ALL: AtomicUsize = AtomicUsize::new(0);
static BY_ADDRESS: LazyLock<Mutex<HashMap<IpAddr, usize>>> = LazyLock::new(Mutex::default);

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(super) struct Place(Option<IpAddr>);

/// Takes a place for a caller's connection.
///
/// # Errors
/// Which limit is reached.
pub(super) fn take(address: IpAddr, limits: &Limits) -> Result<Place, &'static str> {
    let place = ALL.fetch_add(1, Ordering::AcqRel);
    // From here on it is given back by being dropped.
    let mut taken = Place(None);
    metrics::gauge!("granary_connections", "side" => "server").increment(1.0);
    if place >= limits.max_connections.min(crate::files::max_connections()) {
        return Err("connections");
    }
    let address = address.to_canonical();
    let most = limits.max_connections_per_address;
    if most != 0 && !limits.trusted_proxies.contains(&address) {
        let mut all = BY_ADDRESS.lock().unwrap_or_else(PoisonError::into_inner);
        let count = all.entry(address).or_default();
        if *count >= most {
            return Err("connections_per_address");
        }
        *count += 1;
        taken.0 = Some(address);
    }
    Ok(taken)
}

impl Drop for Place {
    fn drop(&mut self) {
        ALL.fetch_sub(1, Ordering::AcqRel);
        metrics::gauge!("granary_connections", "side" => "server").decrement(1.0);
        let Some(address) = self.0 else { return };
        let mut all = BY_ADDRESS.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = all.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                all.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_no_more_connections_than_its_share_and_a_proxy_has() {
        let proxy: IpAddr = "192.0.2.7".parse().unwrap();
        let limits =
            Limits { max_connections_per_address: 2, trusted_proxies: vec![proxy], ..Limits::default() };
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let mapped: IpAddr = "::ffff:192.0.2.1".parse().unwrap();
        let held = [take(one, &limits).unwrap(), take(mapped, &limits).unwrap()];
        assert_eq!(take(one, &limits).unwrap_err(), "connections_per_address");
        let many: Vec<_> = (0..5).map(|_| take(proxy, &limits).unwrap()).collect();
        drop((held, many));
        drop(take(one, &limits).unwrap());
        assert!(!BY_ADDRESS.lock().unwrap().contains_key(&one), "nothing is kept of an address that left");
    }
}
