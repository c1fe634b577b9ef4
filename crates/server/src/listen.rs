//! Where a service listens. Plain text beyond loopback must be asked for by name.
use std::net::SocketAddr;

use serde::Deserialize;
use socket2::{Domain, Protocol, Socket, Type};

use crate::tls::TlsFiles;

/// A listener.
#[derive(Clone, Debug, Deserialize)]
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
    pub fn faults(&self, name: &str) -> Vec<String> {
        let mut faults = self.tls.as_ref().map(|tls| tls.faults(name)).unwrap_or_default();
        if self.tls.is_none() && !self.address.ip().is_loopback() && !self.insecure_transport {
            faults.push(format!(
                "{name}: {} is not loopback and has no TLS; set {name}.tls, or {name}.insecure_transport = true where \
                 something else encrypts",
                self.address
            ));
        }
        faults
    }

    /// Binds it. With `shared`, several sockets may be bound to the same port, one for each core.
    ///
    /// # Errors
    /// Where the address cannot be bound.
    pub fn bind(&self, shared: bool) -> std::io::Result<std::net::TcpListener> {
        if self.address.port() != 0 {
            return bind(self.address, shared);
        }
        // Below the range from which the system takes ports for outgoing connections, so that a restart finds it free.
        let mut tries = 0;
        loop {
            let port = rand::random_range(20_000..32_000);
            match bind(SocketAddr::new(self.address.ip(), port), shared) {
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse && tries < 100 => tries += 1,
                result => return result,
            }
        }
    }
}

fn bind(address: SocketAddr, shared: bool) -> std::io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1_024)?;
    Ok(socket.into())
}
