//! Logging in: a token, an AppRole, or a JWT, which serves Kubernetes too.
use std::time::Duration;

use granary_credential::{Secret, fingerprint};
use serde::Deserialize;
use tokio::sync::Mutex;
use vaultrs::api::auth::approle::requests::GenerateNewSecretIDRequest;
use vaultrs::api::{AuthInfo, token};
use vaultrs::error::ClientError;
use zeroize::Zeroize;

use super::config::{Auth, Method, secret};
use super::fault::{self, Fault};
use super::servers::NodeClient;
use crate::{Outage, Refusal};

const SPENT: &str = "the wrapped secret id was unwrapped before or is too old; if it was not us, it was stolen: revoke it, and \
                     wrap a fresh one";
const ANSWER_LOST: &str = "the wrapped secret id is spent: vault unwrapped it for us, and its answer was lost in an outage; \
                           wrap a fresh one";

/// How we log in, with what was unwrapped for it.
pub(crate) struct Login {
    auth: Auth,
    wrapped: Mutex<Wrapped>,
}

/// A wrapped secret id can be unwrapped once.
#[derive(Default)]
struct Wrapped {
    /// What was in it, for later logins.
    inside: Option<Secret>,
    /// Whether an answer to us was lost that may have held it.
    is_lost: bool,
}

/// A token and how long it lives.
pub(crate) struct Lease {
    pub(crate) token: Secret,
    /// `None`: for ever.
    pub(crate) life: Option<Duration>,
    pub(crate) renewable: bool,
}

/// Why nobody is logged in.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Vault did not do it.
    #[error("vault did not log us in: {}", .0.text())]
    Vault(Fault),
    /// Vault does not want us.
    #[error("vault did not log us in: {}", .0.text())]
    Refused(Refusal),
    /// What we log in with cannot be used.
    #[error("{0}")]
    Ours(String),
}

impl Failure {
    /// What it is to whoever calls Vault meanwhile.
    pub(crate) fn outage(&self) -> Fault {
        match self {
            Self::Vault(fault) if fault.elsewhere() => *fault,
            Self::Refused(refusal) => Fault::Outage(Outage::LoggedOut(*refusal)),
            Self::Ours(_) => Fault::Outage(Outage::LoggedOut(Refusal::Unusable)),
            Self::Vault(_) => Fault::Outage(Outage::LoggedOut(Refusal::Unsaid)),
        }
    }

    /// Whether Vault counts the login towards its lockout, so that the same secret id must not be sent again and again.
    pub(crate) fn is_counted(&self) -> bool {
        matches!(self, Self::Refused(Refusal::RoleOrSecretId))
    }

    /// It with where it happened, and what to look at.
    pub(crate) fn at(&self, addresses: &[String]) -> String {
        let place = addresses.join(", ");
        match self {
            Self::Vault(Fault::Unreached) => format!("nothing answers at {place} (unreachable)"),
            Self::Vault(fault @ (Fault::Outage(Outage::Unreachable) | Fault::Unreadable)) => format!(
                "what answers at {place} is no vault, or speaks TLS where the address says http, or plain text where it says \
                 https ({})",
                fault.text()
            ),
            Self::Vault(Fault::Forbidden) => {
                format!("the vault at {place} does not take the token (permission_denied)")
            }
            Self::Vault(fault) => format!("{place}: {}", fault.text()),
            Self::Refused(Refusal::Unsaid) => {
                format!("what answers at {place} refuses the login; is it a vault? (logged_out)")
            }
            Self::Refused(refusal) => {
                format!("{place}: {} ({})", Outage::LoggedOut(*refusal).message(), refusal.text())
            }
            Self::Ours(text) => text.clone(),
        }
    }
}

#[derive(Deserialize)]
struct SecretId {
    secret_id: String,
}

impl Login {
    pub(crate) fn new(auth: Auth) -> Self {
        Self { auth, wrapped: Mutex::default() }
    }

    /// Whether a login makes a new token, rather than taking the one that there is.
    pub(crate) fn makes_tokens(&self) -> bool {
        self.auth.method != Some(Method::Token)
    }

    /// A token from one server.
    pub(crate) async fn at(&self, server: &NodeClient) -> Result<Lease, Failure> {
        let auth = &self.auth;
        let made = match auth.method {
            Some(Method::Approle) => {
                let id = self.secret_id(server).await?;
                vaultrs::auth::approle::login(server, auth.mount(), &auth.role_id, id.expose()).await
            }
            Some(Method::Jwt) => {
                let jwt = secret(auth.jwt_file.as_deref(), "").map_err(Failure::Ours)?;
                vaultrs::auth::oidc::login(server, auth.mount(), jwt.expose(), Some(auth.role.clone())).await
            }
            _ => return self.given(server).await,
        };
        let error = match made {
            Ok(made) => return Ok(lease(made)),
            Err(error) => error,
        };
        Err(match Fault::of(&error) {
            Fault::Invalid | Fault::Forbidden | Fault::NotFound | Fault::NotSetUp => {
                match fault::refusal(&error) {
                    Refusal::Mount if self.is_locked_out(server).await => {
                        Failure::Refused(Refusal::LockedOut)
                    }
                    refusal => Failure::Refused(refusal),
                }
            }
            fault => Failure::Vault(fault),
        })
    }

    /// Whether it is our role alone that is refused so: a role that does not exist is told something else by a mount that does.
    async fn is_locked_out(&self, server: &NodeClient) -> bool {
        if self.auth.method != Some(Method::Approle) {
            return false;
        }
        let nobody = format!("nobody-{:016x}", rand::random::<u64>());
        let told = vaultrs::auth::approle::login(server, self.auth.mount(), &nobody, "none").await;
        told.is_err_and(|error| Fault::of(&error) == Fault::Invalid)
    }

    /// A digest of what would be sent, to see that it was exchanged. `None`: it cannot be read, or is not read from a file.
    pub(crate) fn digest(&self) -> Option<[u8; 32]> {
        let auth = &self.auth;
        let id = match auth.method {
            Some(Method::Approle) => secret(auth.secret_id_file.as_deref(), "VAULT_SECRET_ID").ok()?,
            _ => return None,
        };
        Some(fingerprint::sha256(id.expose().as_bytes()))
    }

    /// The token that was made for us, with what Vault says of it.
    async fn given(&self, server: &NodeClient) -> Result<Lease, Failure> {
        let token = secret(self.auth.token_file.as_deref(), "VAULT_TOKEN").map_err(Failure::Ours)?;
        let asked = lookup(&server.with_token(&token)).await.map_err(Failure::Vault)?;
        Ok(Lease { token, life: life(asked.ttl), renewable: asked.renewable.unwrap_or(false) })
    }

    async fn secret_id(&self, server: &NodeClient) -> Result<Secret, Failure> {
        let auth = &self.auth;
        let given = || secret(auth.secret_id_file.as_deref(), "VAULT_SECRET_ID").map_err(Failure::Ours);
        if !auth.secret_id_wrapped {
            return given();
        }
        let mut wrapped = self.wrapped.lock().await;
        if let Some(id) = &wrapped.inside {
            return Ok(id.clone());
        }
        let is_lost = wrapped.is_lost;
        let spent = || Failure::Ours(if is_lost { ANSWER_LOST } else { SPENT }.to_owned());
        let wrapping = given()?;
        let opener = server.with_token(&wrapping);
        // Where it was wrapped tells a token of ours from one that someone slipped in.
        let told = vaultrs::sys::wrapping::lookup(&opener, wrapping.expose()).await;
        let told = told.map_err(|error| match Fault::of(&error) {
            fault @ (Fault::Outage(_) | Fault::Unreached) => Failure::Vault(fault),
            _ => spent(),
        })?;
        let place = format!("auth/{}/role/", auth.mount());
        if !(told.creation_path.starts_with(&place) && told.creation_path.ends_with("/secret-id")) {
            return Err(Failure::Ours(
                "the wrapping token does not hold a secret id of our mount".to_owned(),
            ));
        }
        match vaultrs::sys::wrapping::unwrap::<SecretId>(&opener, None).await {
            Ok(inside) => {
                let id = Secret::new(inside.secret_id);
                wrapped.inside = Some(id.clone());
                Ok(id)
            }
            Err(error) => Err(match Fault::of(&error) {
                fault @ (Fault::Outage(_) | Fault::Unreached | Fault::Deposed) => {
                    wrapped.is_lost |= !fault.undone();
                    Failure::Vault(fault)
                }
                _ => spent(),
            }),
        }
    }
}

/// What Vault says of the token that it is asked with.
pub(crate) async fn lookup(link: &NodeClient) -> Result<token::responses::LookupTokenResponse, Fault> {
    vaultrs::token::lookup_self(link).await.map_err(|error| Fault::of(&error))
}

/// Renews the token that it is asked with.
pub(crate) async fn renew(link: &NodeClient) -> Result<(Option<Duration>, bool), Fault> {
    let renewed = vaultrs::token::renew_self(link, None).await.map_err(|error| Fault::of(&error))?;
    let Lease { life, renewable, .. } = lease(renewed);
    Ok((life, renewable))
}

/// A fresh secret id of a role, wrapped: the token that opens it, once, within ten minutes.
pub(crate) async fn wrapped_secret_id(
    link: &NodeClient,
    mount: &str,
    role: &str,
) -> Result<Secret, ClientError> {
    let endpoint = GenerateNewSecretIDRequest::builder().mount(mount).role_name(role).build();
    let endpoint = endpoint.map_err(|_| ClientError::InvalidLoginMethodError)?;
    let wrapped = vaultrs::api::wrap(link, endpoint).await?;
    Ok(Secret::new(wrapped.info.token))
}

fn lease(mut info: AuthInfo) -> Lease {
    let token = Secret::new(std::mem::take(&mut info.client_token));
    info.accessor.zeroize();
    Lease { token, life: life(info.lease_duration), renewable: info.renewable }
}

fn life(seconds: u64) -> Option<Duration> {
    (seconds > 0).then(|| Duration::from_secs(seconds))
}
