//! Whether an address is free. The gateway binds a socket for each core to one port, and where ports may be shared the system lets
//! another process share it too: each would get some of the connections, and no error would say so.
use std::net::{SocketAddr, TcpListener};

use crate::exit::Failure;

/// Refuses an address that another process listens on; port 0 is always free.
pub fn refuse(address: SocketAddr, instead: &str) -> Result<(), Failure> {
    if address.port() == 0 {
        return Ok(());
    }
    // Asked without the leave to share.
    match TcpListener::bind(address) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => Err(Failure::configuration(format!(
            "port {} of {} is taken by another process; {instead}",
            address.port(),
            address.ip()
        ))),
        Err(error) => Err(Failure::configuration(format!("cannot listen on {address}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use granary_server::Listen;

    use super::*;

    #[test]
    fn a_port_that_may_be_shared_is_taken_all_the_same() {
        let free = Listen::loopback(0).bind(true).unwrap();
        let address = free.local_addr().unwrap();
        assert!(Listen::loopback(address.port()).bind(true).is_ok(), "the system would let both listen");
        let failure = refuse(address, "take another one").unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(
            failure.text().contains("is taken by another process; take another one"),
            "{}",
            failure.text()
        );
        drop(free);
        assert!(refuse(address, "").is_ok());
        assert!(refuse(SocketAddr::from(([127, 0, 0, 1], 0)), "").is_ok());
    }
}
