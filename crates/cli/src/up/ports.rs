//! The ports of one process: the gateway's own and the ones after it, or any free ones in place of those that are taken.
use std::net::{Ipv4Addr, TcpListener};

/// A port for each listener; 0 stands for any free one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ports {
    pub(super) gateway: u16,
    pub(super) vault: u16,
    pub(super) broker: u16,
    pub(super) harvest_time: u16,
    pub(super) linkedin_data: u16,
    pub(super) sandbox_harvest: u16,
    pub(super) sandbox_harvestapi: u16,
    pub(super) sandbox_apify: u16,
    pub(super) sandbox_control: u16,
}

impl Ports {
    /// The gateway's port stands as it is, since callers know it; the others may move.
    pub(super) fn from(gateway: u16) -> Self {
        let port = |n: u16| match gateway.checked_add(n) {
            Some(port) if gateway != 0 && is_free(port) => port,
            _ => 0,
        };
        Self {
            gateway,
            vault: port(1),
            broker: port(2),
            harvest_time: port(3),
            linkedin_data: port(4),
            sandbox_harvest: port(5),
            sandbox_harvestapi: port(6),
            sandbox_apify: port(7),
            sandbox_control: port(8),
        }
    }
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_replaced_by_any_free_one() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        assert_eq!(Ports::from(port - 1).vault, 0);
        assert_eq!(Ports::from(0).vault, 0);
    }
}
