//! Counts the connections of callers: of the process, since open files are, of each listener where there are several, and of
//! each address.
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::limits::Limits;

static ALL: AtomicUsize = AtomicUsize::new(0);
static BY_ADDRESS: LazyLock<Mutex<HashMap<IpAddr, usize>>> = LazyLock::new(Mutex::default);

/// Listeners by where they listen: several threads may share one.
static LISTENERS: LazyLock<Mutex<HashMap<SocketAddr, Arc<Listener>>>> = LazyLock::new(Mutex::default);
/// One in so many places is kept for the other listeners of a process that has several: in `granary up` the gateway itself is
/// a caller of credential-vault's.
const KEPT_FOR_OTHERS: usize = 16;

/// One listener, and the connections that came by it.
#[derive(Debug)]
pub(super) struct Listener {
    count: AtomicUsize,
    /// Where our own services connect, connections are bounded apart from those of callers.
    is_public: bool,
}

/// One connection's place, given back when dropped.
#[derive(Debug)]
pub(super) struct ConnectionPermit(Arc<Listener>, Option<IpAddr>);

/// The listener at an address.
pub(super) fn listener(address: SocketAddr, is_public: bool) -> Arc<Listener> {
    let fresh = || Arc::new(Listener { count: AtomicUsize::new(0), is_public });
    if !is_public {
        return fresh();
    }
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).entry(address).or_insert_with(fresh).clone()
}

/// Takes a place for a connection.
///
/// # Errors
/// Which limit is reached.
pub(super) fn take(
    listener: &Arc<Listener>,
    address: IpAddr,
    limits: &Limits,
) -> Result<ConnectionPermit, &'static str> {
    let of_listener = listener.count.fetch_add(1, Ordering::AcqRel);
    let place = if listener.is_public { ALL.fetch_add(1, Ordering::AcqRel) } else { of_listener };
    // From here on both are given back by being dropped.
    let mut taken = ConnectionPermit(listener.clone(), None);
    metrics::gauge!("granary_connections", "side" => "server").increment(1.0);
    let most = limits.max_connections.min(crate::files::max_connections());
    if !listener.is_public {
        return if of_listener < most { Ok(taken) } else { Err("connections") };
    }
    let is_alone = LISTENERS.lock().unwrap_or_else(PoisonError::into_inner).len() < 2;
    let own = if is_alone { most } else { most - most / KEPT_FOR_OTHERS };
    if place >= most || of_listener >= own {
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
        taken.1 = Some(address);
    }
    Ok(taken)
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        if self.0.is_public {
            ALL.fetch_sub(1, Ordering::AcqRel);
        }
        self.0.count.fetch_sub(1, Ordering::AcqRel);
        metrics::gauge!("granary_connections", "side" => "server").decrement(1.0);
        let Some(address) = self.1 else { return };
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
        let listener = listener("127.0.0.1:1".parse().unwrap(), true);
        let take = |address, limits| take(&listener, address, limits);
        let held = [take(one, &limits).unwrap(), take(mapped, &limits).unwrap()];
        assert_eq!(take(one, &limits).unwrap_err(), "connections_per_address");
        let many: Vec<_> = (0..5).map(|_| take(proxy, &limits).unwrap()).collect();
        drop((held, many));
        drop(take(one, &limits).unwrap());
        assert!(!BY_ADDRESS.lock().unwrap().contains_key(&one), "nothing is kept of an address that left");
    }

    #[test]
    fn where_there_are_several_listeners_one_leaves_the_others_some() {
        let limits = Limits { max_connections: 4_096, ..Limits::default() };
        let [crowded, other] = ["127.0.0.1:2", "127.0.0.1:3"].map(|a| listener(a.parse().unwrap(), true));
        let address: IpAddr = "192.0.2.9".parse().unwrap();
        let held: Vec<_> = (0..).map_while(|_| take(&crowded, address, &limits).ok()).collect();
        assert_eq!(held.len(), 4_096 - 256);
        assert!(take(&other, address, &limits).is_ok());
        drop(held);
        assert!(take(&crowded, address, &limits).is_ok());
    }
}
