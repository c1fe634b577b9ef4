//! One step: looked at, done, or only told.
use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use vaultrs::error::ClientError;

use super::{Failure, Outcome, Step, Work};
use crate::store::Error;
use crate::store::vault::{Fault, Link};

impl Work {
    /// Asks Vault, as the operator.
    pub(super) async fn ask<T: Send>(
        &self,
        work: impl Fn(Arc<Link>) -> BoxFuture<'static, Result<T, ClientError>> + Send + Sync,
    ) -> Result<T, Fault> {
        self.session.call("bootstrap", false, work).await
    }

    /// The options of an engine of this type, if one is mounted there.
    pub(super) async fn engine(
        &self,
        mount: &str,
        kind: &str,
    ) -> Result<Option<HashMap<String, String>>, Failure> {
        let what = format!("engine {mount}/");
        let listed = self.ask(|link| Box::pin(async move { vaultrs::sys::mount::list(link.as_ref()).await }));
        let mut listed = listed.await.map_err(|fault| step(&what, fault))?;
        match listed.remove(&format!("{mount}/")) {
            None => Ok(None),
            Some(found) if found.mount_type == kind => Ok(Some(found.options.unwrap_or_default())),
            Some(_) => Err(Failure::Foreign(format!("{what} is of another type; choose another mount"))),
        }
    }

    /// Makes what is not there.
    pub(super) async fn make(
        &mut self,
        what: &str,
        there: bool,
        work: impl Fn(Arc<Link>) -> BoxFuture<'static, Result<(), ClientError>> + Send + Sync,
    ) -> Result<(), Failure> {
        self.step(what, there, [Outcome::WouldCreate, Outcome::Created], work).await
    }

    /// Changes what is not as it should be.
    pub(super) async fn change(
        &mut self,
        what: &str,
        as_wanted: bool,
        work: impl Fn(Arc<Link>) -> BoxFuture<'static, Result<(), ClientError>> + Send + Sync,
    ) -> Result<(), Failure> {
        self.step(what, as_wanted, [Outcome::WouldChange, Outcome::Changed], work).await
    }

    async fn step(
        &mut self,
        what: &str,
        fine: bool,
        [would, did]: [Outcome; 2],
        work: impl Fn(Arc<Link>) -> BoxFuture<'static, Result<(), ClientError>> + Send + Sync,
    ) -> Result<(), Failure> {
        let outcome = match (fine, self.dry_run) {
            (true, _) => Outcome::Present,
            (false, true) => would,
            (false, false) => {
                self.ask(work).await.map_err(|fault| step(what, fault))?;
                did
            }
        };
        self.note(what.to_owned(), outcome)
    }

    /// Writes down how a step came out.
    #[allow(clippy::unnecessary_wraps, reason = "so that a step can end with it")]
    pub(super) fn note(&mut self, what: String, outcome: Outcome) -> Result<(), Failure> {
        self.report.steps.push(Step { what, outcome });
        Ok(())
    }
}

pub(super) fn step(what: &str, fault: Fault) -> Failure {
    Failure::Step { what: what.to_owned(), source: Error::from(fault) }
}
