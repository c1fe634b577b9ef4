//! The roles by which credential-vault logs in.
use granary_credential::Secret;
use vaultrs::api::auth::approle::requests::{ReadAppRoleRequest, ReadRoleIDRequest, SetAppRoleRequest};
use vaultrs::api::auth::oidc::requests::{ReadRoleRequest, SetRoleRequest};
use vaultrs::api::sys::requests::{EnableAuthRequest, ListAuthsRequest};

use super::steps::{NAME_OF_CALLS, step};
use super::{Failure, LIFE, NAME, SecretId, Work};
use crate::hashicorp::{Lockout, wrapped_secret_id};

impl Work {
    pub(super) async fn app_role(&mut self, secret_id: Option<SecretId>) -> Result<(), Failure> {
        let mount = self.auth_mount("approle");
        let enabled = self.auth_method(&mount, "approle").await?;
        let what = format!("auth method {mount}/: no role is locked out by wrong secret ids");
        let lockout = |turn_off| Lockout { mount: mount.clone(), turn_off };
        let tuned = self.look(&what, enabled, || Some(lockout(false))).await?;
        let is_off = tuned.is_some_and(|tuning| tuning.user_lockout_disable);
        self.change(&what, is_off, || Some(lockout(true))).await?;
        let what = format!("role auth/{mount}/role/{NAME}");
        let read = || ReadAppRoleRequest::builder().mount(mount.as_str()).role_name(NAME).build().ok();
        let found = self.look(&what, enabled, read).await?;
        let as_wanted = found.as_ref().is_some_and(|role| {
            role.token_policies == [NAME] && role.token_no_default_policy && role.token_period == LIFE
        });
        let set = || {
            let mut set = SetAppRoleRequest::builder();
            set.mount(mount.as_str()).role_name(NAME).bind_secret_id(true);
            set.token_policies(vec![NAME.to_owned()]).token_no_default_policy(true);
            set.token_period(format!("{LIFE}s")).token_type("service").build().ok()
        };
        match found {
            None => self.make(&what, false, set).await?,
            Some(_) => self.change(&what, as_wanted, set).await?,
        }
        if self.dry_run {
            return Ok(());
        }
        let read =
            self.ask(|| ReadRoleIDRequest::builder().mount(mount.as_str()).role_name(NAME).build().ok());
        self.report.role_id = Some(read.await.map_err(|fault| step(&what, fault))?.role_id);
        if let Some(SecretId { wrapped }) = secret_id {
            let made = self.session.call(NAME_OF_CALLS, false, move |link| {
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
        let read = || ReadRoleRequest::builder().mount(mount.as_str()).name(NAME).build().ok();
        let found = self.look(&what, enabled, read).await?;
        let as_wanted = found.as_ref().is_some_and(|role| {
            role.bound_subject == subject
                && role.bound_audiences.as_deref() == Some(&[audience.to_owned()])
                && role.token_policies == [NAME]
        });
        let set = || {
            let mut set = SetRoleRequest::builder();
            set.mount(mount.as_str())
                .name(NAME)
                .user_claim("sub")
                .allowed_redirect_uris(Vec::<String>::new());
            set.role_type("jwt").bound_audiences(vec![audience.to_owned()]).bound_subject(subject);
            set.token_policies(vec![NAME.to_owned()]).token_no_default_policy(true);
            set.token_period(format!("{LIFE}s")).token_type("service").build().ok()
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
        let listed = self.ask(|| ListAuthsRequest::builder().build().ok());
        let listed = listed.await.map_err(|fault| step(&what, fault))?;
        let there = listed.get(&format!("{mount}/"));
        if there.is_some_and(|found| found.mount_type != kind && found.mount_type != "oidc") {
            return Err(Failure::Foreign(format!("{what} is of another type; set vault.auth.mount")));
        }
        self.make(&what, there.is_some(), || {
            EnableAuthRequest::builder().path(mount).engine_type(kind).build().ok()
        })
        .await?;
        Ok(there.is_some() || !self.dry_run)
    }
}
