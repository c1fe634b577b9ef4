//! Where HashiCorp Vault is, what of it is ours, and how we log in.
use std::path::{Path, PathBuf};

use granary_credential::{Secret, fingerprint, key_file};
use granary_rpc::loopback::is_this_machine;
use reqwest::{Certificate, Identity, Url};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// HashiCorp Vault as a store. What is not set is taken from Vault's own variables: `VAULT_ADDR`, `VAULT_NAMESPACE`,
/// `VAULT_CACERT`, `VAULT_CLIENT_CERT`, `VAULT_CLIENT_KEY`, and for logging in `VAULT_TOKEN`, or `VAULT_ROLE_ID` with
/// `VAULT_SECRET_ID`.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The servers, as "https://HOST:PORT". Of several, another one is asked where one cannot serve. In `VAULT_ADDR` they
    /// are separated by commas.
    pub addresses: Vec<String>,
    /// The namespace (Vault Enterprise). Empty: the root namespace.
    pub namespace: String,
    /// Where our KV version 2 engine is mounted. Default "granary".
    pub mount: String,
    /// Where our transit engine is mounted. Default "granary-transit".
    pub transit_mount: String,
    /// Our key in it. Default "credentials".
    pub transit_key: String,
    /// The CA of the servers, PEM. Unset: the system's.
    pub ca_file: Option<PathBuf>,
    /// Allows http to a host that is not loopback, for meshes that encrypt by themselves: token, secret id and every value go
    /// there in plain text.
    pub insecure_transport: bool,
    /// A client certificate, PEM, for servers that ask for one.
    pub client_cert_file: Option<PathBuf>,
    /// Its private key, PEM.
    pub client_key_file: Option<PathBuf>,
    /// How we log in.
    pub auth: Auth,
}

/// How to log in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// "token", "approle" or "jwt". Unset: whichever of the settings below, or of Vault's variables, is there.
    pub method: Option<Method>,
    /// Where the method is mounted. Default: its name.
    pub mount: String,
    /// token: a file that holds the token, read again whenever it is needed, as Vault Agent keeps it fresh.
    pub token_file: Option<PathBuf>,
    /// approle: the role's id. It is not secret.
    pub role_id: String,
    /// approle: a file that holds the secret id.
    pub secret_id_file: Option<PathBuf>,
    /// approle: the file holds a response-wrapping token instead, which is unwrapped once.
    pub secret_id_wrapped: bool,
    /// jwt: the role's name.
    pub role: String,
    /// jwt: a file that holds the JWT, read at each login; in Kubernetes
    /// `/var/run/secrets/kubernetes.io/serviceaccount/token`.
    pub jwt_file: Option<PathBuf>,
}

/// A way to log in.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A token that was made for us.
    Token,
    /// A role id with a secret id.
    Approle,
    /// A JWT that someone else signed; serves Kubernetes as well.
    Jwt,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            addresses: Vec::new(),
            namespace: String::new(),
            mount: "granary".to_owned(),
            transit_mount: "granary-transit".to_owned(),
            transit_key: "credentials".to_owned(),
            ca_file: None,
            insecure_transport: false,
            client_cert_file: None,
            client_key_file: None,
            auth: Auth::default(),
        }
    }
}

impl Config {
    /// The settings with Vault's own variables in place of what is not set.
    pub fn with_environment(&self) -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let mut config = self.clone();
        if config.addresses.is_empty()
            && let Some(all) = text("VAULT_ADDR")
        {
            config.addresses = all.split(',').map(|address| address.trim().to_owned()).collect();
        }
        if config.namespace.is_empty() {
            config.namespace = text("VAULT_NAMESPACE").unwrap_or_default();
        }
        let file = |own: &Option<PathBuf>, name| own.clone().or_else(|| text(name).map(PathBuf::from));
        config.ca_file = file(&config.ca_file, "VAULT_CACERT");
        config.client_cert_file = file(&config.client_cert_file, "VAULT_CLIENT_CERT");
        config.client_key_file = file(&config.client_key_file, "VAULT_CLIENT_KEY");
        if config.auth.role_id.is_empty() {
            config.auth.role_id = text("VAULT_ROLE_ID").unwrap_or_default();
        }
        config.auth.method = config.auth.method.or_else(|| config.auth.evident());
        config
    }

    /// The same for a command of the operator's own, who logs in with `VAULT_TOKEN` though a role id may be at hand, too.
    pub(crate) fn with_environment_of_operator(&self) -> Self {
        let mut config = self.clone();
        let is_open = self.auth.method.is_none() && self.auth.token_file.is_none();
        if is_open && secret(None, "VAULT_TOKEN").is_ok() {
            config.auth.method = Some(Method::Token);
        }
        config.with_environment()
    }

    /// Everything that is wrong with it for such a command.
    pub fn faults_of_operator(&self) -> Vec<String> {
        let config = self.with_environment_of_operator();
        if config.auth.method.is_some() {
            return config.validate();
        }
        let token = "vault.auth: set VAULT_TOKEN to a token that may mount engines and write policies, such as a root token";
        let others = config.validate().into_iter().filter(|fault| !fault.starts_with("vault.auth: "));
        others.chain([token.to_owned()]).collect()
    }

    /// Everything that is wrong with it, in words for the operator. Secrets are not looked at here.
    pub fn validate(&self) -> Vec<String> {
        let config = self.with_environment();
        let mut faults = Vec::new();
        if config.addresses.is_empty() {
            faults.push("vault.addresses: must name a server (or VAULT_ADDR)".to_owned());
        }
        for address in &config.addresses {
            let url = Url::parse(address).ok();
            match url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
                None => faults.push(format!("vault.addresses: \"{address}\" is no http or https URL")),
                Some(url)
                    if url.scheme() == "http"
                        && !url.host_str().is_some_and(is_this_machine)
                        && !config.insecure_transport =>
                {
                    faults.push(format!(
                        "vault.addresses: {address} is not loopback and has no TLS, so that tokens and secrets would go there in \
                         plain text: use https://, or set vault.insecure_transport = true where something else encrypts"
                    ));
                }
                Some(_) => {}
            }
        }
        for (name, mount) in [
            ("mount", &config.mount),
            ("transit_mount", &config.transit_mount),
            ("transit_key", &config.transit_key),
        ] {
            if !crate::valid_path(mount) {
                faults.push(format!("vault.{name}: \"{mount}\" cannot be a path"));
            }
        }
        faults.extend(config.certificates().err());
        faults.extend(config.identity().err());
        faults.extend(config.auth.validate());
        faults
    }

    /// The CA that servers must have a certificate of.
    pub(crate) fn certificates(&self) -> Result<Vec<Certificate>, String> {
        let Some(path) = &self.ca_file else { return Ok(Vec::new()) };
        Certificate::from_pem_bundle(&read("vault.ca_file", path)?)
            .map_err(|_| format!("vault.ca_file: {} holds no certificate", path.display()))
    }

    /// A digest of every file of certificates, to see that one was exchanged.
    pub(crate) fn digest(&self) -> Result<[u8; 32], String> {
        let files = [
            ("vault.ca_file", &self.ca_file),
            ("vault.client_cert_file", &self.client_cert_file),
            ("vault.client_key_file", &self.client_key_file),
        ];
        let mut digests = Vec::with_capacity(files.len() * 32);
        for (name, path) in files {
            let text = Zeroizing::new(path.as_ref().map(|path| read(name, path)).transpose()?);
            digests.extend_from_slice(&fingerprint::sha256(text.as_deref().unwrap_or_default()));
        }
        Ok(fingerprint::sha256(&digests))
    }

    /// Our own certificate.
    pub(crate) fn identity(&self) -> Result<Option<Identity>, String> {
        let (cert, key) = match (&self.client_cert_file, &self.client_key_file) {
            (None, None) => return Ok(None),
            (Some(cert), Some(key)) => (cert, key),
            _ => return Err("vault.client_cert_file and vault.client_key_file belong together".to_owned()),
        };
        let mut pem = read("vault.client_cert_file", cert)?;
        let key = key_file::read(key).map_err(|fault| format!("vault.client_key_file: {fault}"))?;
        pem.extend_from_slice(&key);
        let identity = Identity::from_pem(&pem);
        zeroize::Zeroize::zeroize(&mut pem);
        identity
            .map(Some)
            .map_err(|_| format!("vault.client_cert_file: {} and its key cannot be used", cert.display()))
    }
}

impl Auth {
    fn evident(&self) -> Option<Method> {
        let set = |name: &str| std::env::var(name).is_ok_and(|value| !value.is_empty());
        if self.token_file.is_some() {
            Some(Method::Token)
        } else if !self.role_id.is_empty() {
            Some(Method::Approle)
        } else if self.jwt_file.is_some() {
            Some(Method::Jwt)
        } else {
            set("VAULT_TOKEN").then_some(Method::Token)
        }
    }

    /// How a command logs in that ends before the service starts: a secret id that opens once is left to the service.
    ///
    /// # Errors
    /// There is no other way to log in.
    pub fn of_command(&self) -> Result<Self, String> {
        if !self.secret_id_wrapped {
            return Ok(self.clone());
        }
        secret(None, "VAULT_TOKEN").map_err(|_| {
            "vault.auth.secret_id_wrapped: this command would spend the wrapped secret id, and the service could not start \
             with it any more: set VAULT_TOKEN for this command to a token with credential-vault's policy (vault token \
             create -policy=granary-credential-vault -no-default-policy -ttl=10m, by a root token)"
                .to_owned()
        })?;
        Ok(Self { method: Some(Method::Token), ..Self::default() })
    }

    pub(crate) fn mount(&self) -> &str {
        let name = match self.method {
            Some(Method::Jwt) => "jwt",
            _ => "approle",
        };
        if self.mount.is_empty() { name } else { &self.mount }
    }

    fn validate(&self) -> Vec<String> {
        let missing = |text: &str| vec![format!("vault.auth: {text}")];
        match self.method {
            None => missing("set a method, or VAULT_TOKEN, or VAULT_ROLE_ID with VAULT_SECRET_ID"),
            Some(Method::Token) => {
                secret(self.token_file.as_deref(), "VAULT_TOKEN").err().into_iter().collect()
            }
            Some(Method::Approle) if self.role_id.is_empty() => {
                missing("approle needs a role_id (or VAULT_ROLE_ID)")
            }
            Some(Method::Approle) => {
                secret(self.secret_id_file.as_deref(), "VAULT_SECRET_ID").err().into_iter().collect()
            }
            Some(Method::Jwt) if self.role.is_empty() || self.jwt_file.is_none() => {
                missing("jwt needs a role and a jwt_file")
            }
            Some(Method::Jwt) => secret(self.jwt_file.as_deref(), "").err().into_iter().collect(),
        }
    }
}

/// A secret from its file, else from the environment. Vault's client wants it to be fit for a header.
pub(crate) fn secret(file: Option<&Path>, variable: &str) -> Result<Secret, String> {
    let (text, place) = match file {
        Some(path) => (
            key_file::read_text(path).map_err(|fault| format!("vault.auth: {fault}"))?,
            path.display().to_string(),
        ),
        None => (Zeroizing::new(std::env::var(variable).unwrap_or_default()), variable.to_owned()),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() || !trimmed.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("vault.auth: {place} must hold one secret of printable characters"));
    }
    Ok(Secret::new(trimmed.to_owned()))
}

fn read(name: &str, path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|e| format!("{name}: cannot read {}: {e}", path.display()))
}
