//! Whether an address is free, asked before anything is made, so that whoever starts a second one is told what to do.
use std::net::{SocketAddr, TcpListener};

use crate::exit::Failure;

/// Refuses an address that another process listens on; port 0 is always free.
pub fn refuse(address: SocketAddr, instead: &str) -> Result<(), Failure> {
    if address.port() == 0 {
        return Ok(());
    }
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
    fn a_port_that_a_gateway_has_is_taken_until_it_ends() {
        let threads = Listen::loopback(0).bind_each(2).unwrap();
        let address = threads[0].local_addr().unwrap();
        let failure = refuse(address, "take another one").unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(
            failure.text().contains("is taken by another process; take another one"),
            "{}",
            failure.text()
        );
        drop(threads);
        // A process that is being started elsewhere in this one has the sockets too, until its program runs.
        let begun = std::time::Instant::now();
        while refuse(address, "").is_err() {
            assert!(begun.elapsed().as_secs() < 5, "it stays taken");
            std::thread::yield_now();
        }
        assert!(refuse(SocketAddr::from(([127, 0, 0, 1], 0)), "").is_ok());
    }
}
