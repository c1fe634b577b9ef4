//! TLS: only certificates that lead to a trusted authority, for the host that was asked for; HTTP/2 where offered.
use std::convert::Infallible;
use std::io::Write;
use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;
use granary_rpc::Reason;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivatePkcs8KeyDer;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::{config, read, send, write};
use crate::{BuildError, Client, Config};

struct TlsServer {
    port: u16,
    ca: tempfile::NamedTempFile,
}

impl TlsServer {
    /// Answers with the HTTP version that it was asked in.
    async fn start(name: &str, protocols: &[&str]) -> Self {
        let mut authority = CertificateParams::new(Vec::new()).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let leaf =
            CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
        let mut ca = tempfile::NamedTempFile::new().unwrap();
        ca.write_all(authority.pem().as_bytes()).unwrap();

        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())
            .unwrap();
        tls.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(tls));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let Ok(stream) = acceptor.accept(stream).await else { return };
                    let service = service_fn(async |request: hyper::Request<Incoming>| {
                        let version = format!("{:?}", request.version());
                        Ok::<_, Infallible>(hyper::Response::new(Full::new(Bytes::from(version))))
                    });
                    let builder = auto::Builder::new(TokioExecutor::new());
                    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { port, ca }
    }

    fn config(&self) -> Config {
        let config = config(format!("https://localhost:{}", self.port));
        Config { ca_file: Some(self.ca.path().to_owned()), ..config }
    }
}

#[tokio::test]
async fn http_2_is_spoken_where_the_server_offers_it() {
    for (protocols, version) in
        [(["h2", "http/1.1"].as_slice(), "HTTP/2.0"), (&["http/1.1"], "HTTP/1.1"), (&[], "HTTP/1.1")]
    {
        let server = TlsServer::start("localhost", protocols).await;
        let client = Client::new("harvest", &server.config()).unwrap();
        for call in [read(), write()] {
            assert_eq!(send(&client, call).await.unwrap().body, version);
        }
    }
}

#[tokio::test]
async fn strangers_are_not_spoken_to() {
    let server = TlsServer::start("localhost", &["h2"]).await;
    let other = TlsServer::start("other.test", &["h2"]).await;
    let unknown_authority = Config { ca_file: Some(other.ca.path().to_owned()), ..server.config() };
    for config in [unknown_authority, other.config()] {
        let client = Client::new("harvest", &config).unwrap();
        for call in [read(), write()] {
            assert_eq!(send(&client, call).await.unwrap_err().reason(), Reason::UpstreamUnavailable);
        }
    }
}

#[tokio::test]
async fn an_unusable_authority_file_stops_the_start() {
    let base = config("https://localhost:1".to_owned());
    let missing = Config { ca_file: Some("/does/not/exist.pem".into()), ..base.clone() };
    assert!(matches!(Client::new("harvest", &missing), Err(BuildError::CaFile { .. })));
    let empty = tempfile::NamedTempFile::new().unwrap();
    let empty = Config { ca_file: Some(empty.path().to_owned()), ..base.clone() };
    assert!(matches!(Client::new("harvest", &empty), Err(BuildError::CaFormat { .. })));
    let agent = Config { user_agent: "a\nb".to_owned(), ..base };
    assert!(matches!(Client::new("harvest", &agent), Err(BuildError::UserAgent { .. })));
}
