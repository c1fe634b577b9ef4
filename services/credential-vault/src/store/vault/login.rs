//! Logging in: a token, an AppRole, or a JWT, which serves Kubernetes too.
use std::time::Duration;

use granary_credential::Secret;
use serde::Deserialize;
use tokio::sync::Mutex;
use vaultrs::api::auth::approle::requests::GenerateNewSecretIDRequest;
use vaultrs::api::{AuthInfo, token};
use vaultrs::error::ClientError;
use zeroize::Zeroize;

use super::config::{Auth, Method, secret};
use super::fault::Fault;
use super::servers::Link;

/// How we log in, with what was unwrapped for it.
pub(crate) struct Login {
    auth: Auth,
    /// A wrapped secret id can be unwrapped once; what was in it is kept for later logins.
    unwrapped: Mutex<Option<Secret>>,
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
    /// What we log in with cannot be used.
    #[error("{0}")]
    Ours(String),
}

#[derive(Deserialize)]
struct SecretId {
    secret_id: String,
}

impl Login {
    pub(crate) fn new(auth: Auth) -> Self {
        Self { auth, unwrapped: Mutex::new(None) }
    }

    /// Whether a login makes a new token, rather than taking the one that there is.
    pub(crate) fn makes_tokens(&self) -> bool {
        self.auth.method != Some(Method::Token)
    }

    /// A token from one server.
    pub(crate) async fn at(&self, server: &Link) -> Result<Lease, Failure> {
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
        made.map(lease).map_err(|error| Failure::Vault(Fault::of(&error)))
    }

    /// The token that was made for us, with what Vault says of it.
    async fn given(&self, server: &Link) -> Result<Lease, Failure> {
        let token = secret(self.auth.token_file.as_deref(), "VAULT_TOKEN").map_err(Failure::Ours)?;
        let asked = lookup(&server.with_token(&token)).await.map_err(Failure::Vault)?;
        Ok(Lease { token, life: life(asked.ttl), renewable: asked.renewable.unwrap_or(false) })
    }

    async fn secret_id(&self, server: &Link) -> Result<Secret, Failure> {
        let auth = &self.auth;
        let given = || secret(auth.secret_id_file.as_deref(), "VAULT_SECRET_ID").map_err(Failure::Ours);
        if !auth.secret_id_wrapped {
            return given();
        }
        let mut unwrapped = self.unwrapped.lock().await;
        if let Some(id) = unwrapped.as_ref() {
            return Ok(id.clone());
        }
        let spent = || {
            Failure::Ours(
                "the wrapped secret id was unwrapped before or is too old; if it was not us, it was stolen: revoke \
                 it, and wrap a fresh one"
                    .to_owned(),
            )
        };
        let wrapping = given()?;
        let opener = server.with_token(&wrapping);
        // Where it was wrapped tells a token of ours from one that someone slipped in.
        let told =
            vaultrs::sys::wrapping::lookup(&opener, wrapping.expose()).await.map_err(
                |error| match Fault::of(&error) {
                    Fault::Outage(_) | Fault::Unreached => Failure::Vault(Fault::of(&error)),
                    _ => spent(),
                },
            )?;
        let place = format!("auth/{}/role/", auth.mount());
        if !(told.creation_path.starts_with(&place) && told.creation_path.ends_with("/secret-id")) {
            return Err(Failure::Ours(
                "the wrapping token does not hold a secret id of our mount".to_owned(),
            ));
        }
        let inside: SecretId =
            vaultrs::sys::wrapping::unwrap(&opener, None).await.map_err(|error| match Fault::of(&error) {
                Fault::Unreached => Failure::Vault(Fault::Unreached),
                _ => spent(),
            })?;
        let id = Secret::new(inside.secret_id);
        *unwrapped = Some(id.clone());
        Ok(id)
    }
}

/// What Vault says of the token that it is asked with.
pub(crate) async fn lookup(link: &Link) -> Result<token::responses::LookupTokenResponse, Fault> {
    vaultrs::token::lookup_self(link).await.map_err(|error| Fault::of(&error))
}

/// Renews the token that it is asked with.
pub(crate) async fn renew(link: &Link) -> Result<(Option<Duration>, bool), Fault> {
    let renewed = vaultrs::token::renew_self(link, None).await.map_err(|error| Fault::of(&error))?;
    let Lease { life, renewable, .. } = lease(renewed);
    Ok((life, renewable))
}

/// A fresh secret id of a role, wrapped: the token that opens it, once, within ten minutes.
pub(crate) async fn wrapped_secret_id(link: &Link, mount: &str, role: &str) -> Result<Secret, ClientError> {
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
