//! TLS from files, read again when they change.
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use granary_credential::key_file;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::{ParsedCertificate, WebPkiClientVerifier};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
const RELOAD_INTERVAL: Duration = Duration::from_secs(2);

/// Files of one side of a TLS connection.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate chain, PEM.
    pub cert_file: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// The CA whose certificates clients must show, PEM. Absent: clients show none.
    pub client_ca_file: Option<PathBuf>,
    /// DNS names of which a client's certificate must hold one. Empty: any certificate of the CA.
    pub client_names: Vec<String>,
}

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file cannot be read, or holds no PEM of the kind expected.
    #[error("cannot read {path}: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// What the files hold does not fit together.
    #[error("unusable certificate or key: {0}")]
    Unusable(String),
}

/// A server configuration that follows its files.
#[derive(Debug)]
pub struct ServerTls {
    files: TlsFiles,
    current: ArcSwap<ServerConfig>,
}

impl TlsFiles {
    /// What is wrong with them; `name` is their key in the configuration.
    pub fn validate(&self, name: &str) -> Vec<String> {
        let files = [Some(&self.cert_file), Some(&self.key_file), self.client_ca_file.as_ref()];
        let missing = files.into_iter().flatten().filter(|file| !file.is_file());
        let mut faults: Vec<String> =
            missing.map(|file| format!("{name}.tls: the file {} does not exist", file.display())).collect();
        if self.key_file.is_file() {
            faults.extend(key_file::read(&self.key_file).err().map(|fault| format!("{name}.tls: {fault}")));
        }
        faults
    }

    /// When each of them was written last: one that is moved into place may be older than another that was there.
    fn written(&self) -> [Option<SystemTime>; 3] {
        [Some(&self.cert_file), Some(&self.key_file), self.client_ca_file.as_ref()]
            .map(|file| std::fs::metadata(file?).ok()?.modified().ok())
    }
}

impl ServerTls {
    /// Reads the files.
    ///
    /// # Errors
    /// Names the file that cannot be used.
    pub fn new(files: TlsFiles) -> Result<Arc<Self>, Error> {
        let current = ArcSwap::from_pointee(read(&files)?);
        Ok(Arc::new(Self { files, current }))
    }

    /// What new connections are to use.
    pub fn current(&self) -> Arc<ServerConfig> {
        self.current.load_full()
    }

    /// Whether clients must show a certificate.
    pub fn is_mutual(&self) -> bool {
        self.files.client_ca_file.is_some()
    }

    /// Whether a client that showed this certificate is one of those named.
    pub fn accepts(&self, certificate: Option<&CertificateDer<'_>>) -> bool {
        if !self.is_mutual() || self.files.client_names.is_empty() {
            return true;
        }
        let Some(parsed) = certificate.and_then(|c| ParsedCertificate::try_from(c).ok()) else {
            return false;
        };
        self.files.client_names.iter().any(|name| {
            ServerName::try_from(name.as_str())
                .is_ok_and(|name| rustls::client::verify_server_name(&parsed, &name).is_ok())
        })
    }

    /// Follows the files until the token ends. A set that cannot be used is left alone, and said so once.
    pub async fn follow(self: Arc<Self>, end: CancellationToken) {
        let mut seen = self.files.written();
        loop {
            tokio::select! {
                () = end.cancelled() => return,
                () = tokio::time::sleep(RELOAD_INTERVAL) => {}
            }
            let written = self.files.written();
            if written == seen {
                continue;
            }
            seen = written;
            match read(&self.files) {
                Ok(config) => {
                    self.current.store(Arc::new(config));
                    tracing::info!(cert_file = %self.files.cert_file.display(), "certificate reloaded");
                }
                Err(error) => tracing::warn!(%error, "certificate not reloaded; the old one stays in use"),
            }
        }
    }
}

/// What a client of another service uses: the CA it trusts, and the certificate and key that it shows.
///
/// # Errors
/// Names the file that cannot be used.
pub fn client(ca: &Path, pair: Option<(&Path, &Path)>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(&e))?
        .with_root_certificates(roots(ca)?);
    let mut config = match pair {
        Some((cert, file)) => {
            builder.with_client_auth_cert(certificates(cert)?, key(file)?).map_err(|e| unusable(&e))?
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn read(files: &TlsFiles) -> Result<ServerConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let (chain, key) = (certificates(&files.cert_file)?, key(&files.key_file)?);
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(&e))?;
    let builder = match &files.client_ca_file {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots(ca)?), provider)
                .build()
                .map_err(|e| unusable(&e))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(|e| unusable(&e))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn unusable(fault: &dyn std::fmt::Display) -> Error {
    Error::Unusable(fault.to_string())
}

fn roots(ca: &Path) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(ca)? {
        roots.add(certificate).map_err(|e| unusable(&e))?;
    }
    Ok(roots)
}

fn key(file: &Path) -> Result<PrivateKeyDer<'static>, Error> {
    let pem = key_file::read(file).map_err(Error::Unusable)?;
    PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|source| Error::File { path: file.display().to_string(), source })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let file = |source| Error::File { path: path.display().to_string(), source };
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).map_err(file)?.collect();
    let all = all.map_err(file)?;
    if all.is_empty() {
        Err(Error::Unusable(format!("{} holds no certificate", path.display())))
    } else {
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn a_file_that_is_older_than_the_other_is_seen_to_be_new() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, seconds| {
            let path = dir.path().join(name);
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            File::create(&path).unwrap().set_modified(time).unwrap();
            path
        };
        let files = TlsFiles {
            cert_file: file("cert.pem", 3_000),
            key_file: file("key.pem", 1_000),
            ..TlsFiles::default()
        };
        let seen = files.written();
        assert_eq!(files.written(), seen);
        std::fs::rename(file("renewed.pem", 2_000), &files.key_file).unwrap();
        assert_ne!(files.written(), seen);
    }
}
