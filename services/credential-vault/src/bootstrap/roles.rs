//! The roles by which credential-vault logs in.
use std::sync::Arc;

use granary_credential::Secret;
use vaultrs::api::auth::approle::requests::SetAppRoleRequest;
use vaultrs::api::auth::oidc::requests::SetRoleRequest;

use super::steps::step;
use super::{Failure, LIFE, NAME, SecretId, Work};
use crate::store::vault::{Fault, Link, wrapped_secret_id};

impl Work {
    pub(super) async fn app_role(&mut self, secret_id: Option<SecretId>) -> Result<(), Failure> {
        let mount = self.auth_mount("approle");
        let enabled = self.auth_method(&mount, "approle").await?;
        let what = format!("role auth/{mount}/role/{NAME}");
        let found = if enabled {
            let at = mount.clone();
            let read = self.ask(move |link| {
                let at = at.clone();
                Box::pin(async move { vaultrs::auth::approle::role::read(link.as_ref(), &at, NAME).await })
            });
            match read.await {
                Ok(found) => Some(found),
                Err(Fault::NotFound) => None,
                Err(fault) => return Err(step(&what, fault)),
            }
        } else {
            None
        };
        let as_wanted = found.as_ref().is_some_and(|role| {
            role.token_policies == [NAME] && role.token_no_default_policy && role.token_period == LIFE
        });
        let at = mount.clone();
        let set = move |link: Arc<Link>| -> futures_util::future::BoxFuture<'static, _> {
            let at = at.clone();
            Box::pin(async move {
                let mut request = SetAppRoleRequest::builder();
                request.token_policies(vec![NAME.to_owned()]).token_no_default_policy(true);
                request.token_period(format!("{LIFE}s")).token_type("service").bind_secret_id(true);
                vaultrs::auth::approle::role::set(link.as_ref(), &at, NAME, Some(&mut request)).await
            })
        };
        match found {
            None => self.make(&what, false, set).await?,
            Some(_) => self.change(&what, as_wanted, set).await?,
        }
        if self.dry_run {
            return Ok(());
        }
        let at = mount.clone();
        let read = self.ask(move |link| {
            let at = at.clone();
            Box::pin(async move { vaultrs::auth::approle::role::read_id(link.as_ref(), &at, NAME).await })
        });
        self.report.role_id = Some(read.await.map_err(|fault| step(&what, fault))?.role_id);
        if let Some(SecretId { wrapped }) = secret_id {
            let made = self.ask(move |link| {
                let at = mount.clone();
                Box::pin(async move {
                    if wrapped {
                        return wrapped_secret_id(&link, &at, NAME).await;
                    }
                    let made = vaultrs::auth::approle::role::secret::generate(link.as_ref(), &at, NAME, None);
                    made.await.map(|made| Secret::new(made.secret_id))
                })
            });
            let made = made.await;
            self.report.secret_id = Some(made.map_err(|fault| step("a secret id", fault))?);
        }
        Ok(())
    }

    pub(super) async fn jwt_role(&mut self, audience: &str, subject: &str) -> Result<(), Failure> {
        let mount = self.auth_mount("jwt");
        let enabled = self.auth_method(&mount, "jwt").await?;
        let what = format!("role auth/{mount}/role/{NAME} for {subject}");
        let found = if enabled {
            let at = mount.clone();
            let read = self.ask(move |link| {
                let at = at.clone();
                Box::pin(async move { vaultrs::auth::oidc::role::read(link.as_ref(), &at, NAME).await })
            });
            match read.await {
                Ok(found) => Some(found),
                Err(Fault::NotFound | Fault::Invalid) => None,
                Err(fault) => return Err(step(&what, fault)),
            }
        } else {
            None
        };
        let as_wanted = found.as_ref().is_some_and(|role| {
            role.bound_subject == subject
                && role.bound_audiences.as_deref() == Some(&[audience.to_owned()])
                && role.token_policies == [NAME]
        });
        let (audience, subject) = (audience.to_owned(), subject.to_owned());
        let set = move |link: Arc<Link>| -> futures_util::future::BoxFuture<'static, _> {
            let (mount, audience, subject) = (mount.clone(), audience.clone(), subject.clone());
            Box::pin(async move {
                let mut request = SetRoleRequest::builder();
                request.role_type("jwt").bound_audiences(vec![audience]).bound_subject(subject);
                request.token_policies(vec![NAME.to_owned()]).token_no_default_policy(true);
                request.token_period(format!("{LIFE}s")).token_type("service");
                vaultrs::auth::oidc::role::set(
                    link.as_ref(),
                    &mount,
                    NAME,
                    "sub",
                    Vec::new(),
                    Some(&mut request),
                )
                .await
            })
        };
        match found {
            None => self.make(&what, false, set).await,
            Some(_) => self.change(&what, as_wanted, set).await,
        }
    }

    /// Where the method is mounted: as configured for logging in, if that is this method.
    fn auth_mount(&self, method: &str) -> String {
        let configured = &self.config.auth.mount;
        if configured.is_empty() { method.to_owned() } else { configured.clone() }
    }

    /// Enables a way to log in. Whether it is there afterwards.
    async fn auth_method(&mut self, mount: &str, kind: &'static str) -> Result<bool, Failure> {
        let what = format!("auth method {mount}/");
        let listed = self.ask(|link| Box::pin(async move { vaultrs::sys::auth::list(link.as_ref()).await }));
        let listed = listed.await.map_err(|fault| step(&what, fault))?;
        let there = listed.get(&format!("{mount}/"));
        if there.is_some_and(|found| found.mount_type != kind && found.mount_type != "oidc") {
            return Err(Failure::Foreign(format!("{what} is of another type; set vault.auth.mount")));
        }
        let at = mount.to_owned();
        self.make(&what, there.is_some(), move |link| {
            let at = at.clone();
            Box::pin(async move { vaultrs::sys::auth::enable(link.as_ref(), &at, kind, None).await })
        })
        .await?;
        Ok(there.is_some() || !self.dry_run)
    }
}
