//! An authority for one test, and a server certificate from it.
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// The authority's certificate.
pub(super) const CA: &str = "ca.pem";
/// The server's certificate, for 127.0.0.1 and localhost.
pub(super) const CERTIFICATE: &str = "server.pem";
/// The server's private key.
pub(super) const KEY: &str = "server.key";

/// Writes all three into a directory, and returns the authority's certificate.
pub(super) fn write(dir: &Path) -> String {
    let mut authority = parameters("granary test authority", &[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"));
    let authority = authority.expect("a certificate");
    let key = KeyPair::generate().expect("a key");
    let server = parameters("granary test server", &["127.0.0.1", "localhost"]);
    let server = server.signed_by(&key, &authority).expect("a certificate");
    for (name, text) in [(CA, authority.pem()), (CERTIFICATE, server.pem()), (KEY, key.serialize_pem())] {
        std::fs::write(dir.join(name), text).expect("a file");
    }
    authority.pem()
}

fn parameters(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|h| (*h).to_owned()).collect();
    let mut parameters = CertificateParams::new(hosts).expect("host names");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}
