//! Addresses as people write them: `HOST:PORT` in plain text, or `https://HOST:PORT`.
use std::path::Path;

use granary_rpc::loopback::is_this_machine;
use http::uri::Authority;
use tonic::transport::{Certificate, ClientTlsConfig};

/// Where common systems keep the certificates that they trust, all in one file.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// A parsed address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    authority: Authority,
    tls: bool,
}

impl Address {
    /// Parses an address; `None` where it is none. Plain text has no port of its own, https has 443.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (tls, rest) = match text.split_once("://") {
            Some(("https", rest)) => (true, rest),
            Some(("http", rest)) => (false, rest),
            Some(_) => return None,
            None => (false, text),
        };
        let authority: Authority = rest.strip_suffix('/').unwrap_or(rest).parse().ok()?;
        let port = authority.port().map(|port| port.as_str().parse::<u16>());
        let sound = !authority.as_str().contains('@')
            && !authority.host().is_empty()
            && match port {
                Some(port) => port.is_ok_and(|port| port > 0),
                None => tls,
            };
        sound.then_some(Self { authority, tls })
    }

    /// The address with its scheme.
    pub(super) fn uri(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority)
    }

    /// The address without its scheme.
    pub(super) fn authority(&self) -> &str {
        self.authority.as_str()
    }

    /// The host, as it is resolved.
    pub(super) fn host(&self) -> &str {
        self.authority.host().trim_start_matches('[').trim_end_matches(']')
    }

    /// The port.
    pub(super) fn port(&self) -> u16 {
        self.authority.port_u16().unwrap_or(443)
    }

    /// Whether it speaks TLS.
    pub(super) fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether nobody on the way can read or change what is sent.
    pub(super) fn is_private(&self) -> bool {
        self.tls || is_this_machine(self.host())
    }

    /// The TLS settings; `None` for plain text.
    pub(super) fn tls(&self, ca_file: Option<&Path>) -> Result<Option<ClientTlsConfig>, String> {
        if !self.tls {
            return Ok(None);
        }
        let named = ca_file.map(Path::to_owned).or_else(|| std::env::var_os("SSL_CERT_FILE").map(Into::into));
        let file = named
            .or_else(|| {
                SYSTEM_BUNDLES.iter().map(Into::into).find(|file: &std::path::PathBuf| file.is_file())
            })
            .ok_or("this system's certificates are in none of the usual places; set GRANARY_CA_FILE")?;
        let pem = std::fs::read(&file).map_err(|e| format!("cannot read {}: {e}", file.display()))?;
        Ok(Some(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_or_https() {
        let uri = |text: &str| Address::parse(text).map(|a| a.uri());
        assert_eq!(uri("127.0.0.1:7100").as_deref(), Some("http://127.0.0.1:7100"));
        assert_eq!(uri("http://localhost:7100/").as_deref(), Some("http://localhost:7100"));
        assert_eq!(uri("[::1]:7100").as_deref(), Some("http://[::1]:7100"));
        assert_eq!(uri("https://granary.example").as_deref(), Some("https://granary.example"));
        for bad in [
            "",
            "localhost",
            ":7100",
            "a:b",
            "a:0",
            "a:70000",
            "ftp://a:1",
            "http://u:p@a:1",
            "a:1/path",
            "a b:1",
        ] {
            assert_eq!(uri(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_loopback_and_tls_are_private() {
        let private = |text: &str| Address::parse(text).unwrap().is_private();
        for text in ["127.0.0.1:1", "localhost:1", "[::1]:1", "https://far.example:1"] {
            assert!(private(text), "{text}");
        }
        for text in ["10.0.0.1:1", "vault:7101", "localhost.example:1"] {
            assert!(!private(text), "{text}");
        }
    }
}
