//! Where a service listens. Plain text beyond loopback must be asked for by name.
use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use socket2::{Domain, Protocol, Socket, Type};

use crate::tls::TlsFiles;

/// A listener.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Listen {
    /// Address and port; port 0 takes any free one.
    pub address: SocketAddr,
    /// Certificate and key. Absent: plain text.
    pub tls: Option<TlsFiles>,
    /// Allows plain text on an address that is not loopback, for meshes that encrypt by themselves.
    pub insecure_transport: bool,
}

impl Default for Listen {
    fn default() -> Self {
        Self::loopback(0)
    }
}

impl Listen {
    /// Plain text on loopback.
    pub fn loopback(port: u16) -> Self {
        Self { address: SocketAddr::from(([127, 0, 0, 1], port)), tls: None, insecure_transport: false }
    }

    /// What is wrong with it; `name` is its key in the configuration.
    pub fn validate(&self, name: &str) -> Vec<String> {
        let mut faults = self.tls.as_ref().map(|tls| tls.validate(name)).unwrap_or_default();
        if self.tls.is_none() && !self.address.ip().is_loopback() && !self.insecure_transport {
            faults.push(format!(
                "{name}: {} is not loopback and has no TLS; set {name}.tls, or {name}.insecure_transport = true where \
                 something else encrypts",
                self.address
            ));
        }
        faults
    }

    /// Binds it.
    ///
    /// # Errors
    /// Where the address cannot be bound, which it cannot while another process has it.
    pub fn bind(&self) -> std::io::Result<std::net::TcpListener> {
        self.bind_as(Share::Alone)
    }

    /// Binds several sockets to one port, one for each thread. No other process shares it: the first of them is bound alone.
    ///
    /// # Errors
    /// As [`Listen::bind`].
    pub fn bind_each(&self, count: usize) -> std::io::Result<Vec<std::net::TcpListener>> {
        let first = self.bind_as(Share::First)?;
        let address = first.local_addr()?;
        let further = (1..count).map(|_| bind(address, Share::Further));
        std::iter::once(Ok(first)).chain(further).collect()
    }

    fn bind_as(&self, share: Share) -> std::io::Result<std::net::TcpListener> {
        if self.address.port() != 0 {
            return bind(self.address, share);
        }
        // Below the range from which the system takes ports for outgoing connections, so that a restart finds it free.
        let mut tries = 0;
        loop {
            let port = rand::random_range(20_000..32_000);
            match bind(SocketAddr::new(self.address.ip(), port), share) {
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && tries < 100 => tries += 1,
                result => return result,
            }
        }
    }
}

/// With whom a socket shares its port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Share {
    Alone,
    /// With further ones of this process, once it has the port for itself.
    First,
    Further,
}

fn bind(address: SocketAddr, share: Share) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if share == Share::Further {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    // Not before it listens: until then another one could be bound to the port as well, and listen by this leave.
    if share == Share::First {
        socket.set_reuse_port(true)?;
    }
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_is_shared_by_the_threads_of_one_process_and_by_no_other() {
        for count in [1, 3] {
            let all = Listen::loopback(0).bind_each(count).unwrap();
            let port = all[0].local_addr().unwrap().port();
            assert!(all.iter().all(|one| one.local_addr().unwrap().port() == port) && all.len() == count);
            let second = Listen::loopback(port);
            for taken in [second.bind().map(drop), second.bind_each(2).map(drop)] {
                assert_eq!(taken.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
            }
            drop(all);
            second.bind_each(2).unwrap();
        }
    }

    #[test]
    fn of_two_that_bind_at_the_same_moment_one_is_refused() {
        for _ in 0..50 {
            let port = Listen::loopback(0).bind().unwrap().local_addr().unwrap().port();
            let both = [(); 2].map(|()| std::thread::spawn(move || Listen::loopback(port).bind_each(2)));
            let bound = both.map(|one| one.join().unwrap());
            assert!(bound.iter().filter(|one| one.is_ok()).count() <= 1, "{bound:?}");
        }
    }
}
