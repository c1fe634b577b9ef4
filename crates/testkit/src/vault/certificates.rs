//! An authority for one test, and certificates of a server and a client from it.
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// The authority's certificate.
pub(super) const CA: &str = "ca.pem";
/// The server's certificate, for 127.0.0.1 and localhost.
pub(super) const CERTIFICATE: &str = "server.pem";
/// The server's private key.
pub(super) const KEY: &str = "server.key";
/// A client's certificate.
pub(super) const CLIENT: &str = "client.pem";
/// The client's private key.
pub(super) const CLIENT_KEY: &str = "client.key";

/// Writes all of them into a directory, and returns the authority's certificate.
pub(super) fn write(dir: &Path) -> String {
    let mut authority = parameters("granary test authority", &[]);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().expect("a key"));
    let authority = authority.expect("a certificate");
    let server = parameters("granary test server", &["127.0.0.1", "localhost"]);
    let client = parameters("granary test client", &[]);
    std::fs::write(dir.join(CA), authority.pem()).expect("a file");
    for (parameters, certificate, private) in [(server, CERTIFICATE, KEY), (client, CLIENT, CLIENT_KEY)] {
        let key = KeyPair::generate().expect("a key");
        let signed = parameters.signed_by(&key, &authority).expect("a certificate");
        std::fs::write(dir.join(certificate), signed.pem()).expect("a file");
        crate::write_secret(dir.join(private), key.serialize_pem());
    }
    authority.pem()
}

fn parameters(name: &str, hosts: &[&str]) -> CertificateParams {
    let hosts: Vec<String> = hosts.iter().map(|h| (*h).to_owned()).collect();
    let mut parameters = CertificateParams::new(hosts).expect("host names");
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}
