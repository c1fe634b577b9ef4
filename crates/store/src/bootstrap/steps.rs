//! One step: looked at, done, or only told.
use std::collections::HashMap;

use rustify::Endpoint;
use vaultrs::api::sys::requests::ListMountsRequest;

use super::{Failure, Outcome, Step, Work};
use crate::Error;
use crate::hashicorp::Fault;

/// The name of its calls in metrics.
pub(super) const NAME_OF_CALLS: &str = "bootstrap";

impl Work {
    /// Asks Vault, as the operator.
    pub(super) async fn ask<E: Endpoint + 'static>(
        &self,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<E::Response, Fault> {
        self.session.result(NAME_OF_CALLS, false, ask).await
    }

    /// What is there; nothing where that which would hold it is not.
    pub(super) async fn look<E: Endpoint + 'static>(
        &self,
        what: &str,
        held: bool,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<Option<E::Response>, Failure> {
        if !held {
            return Ok(None);
        }
        match self.ask(ask).await {
            Ok(found) => Ok(Some(found)),
            Err(Fault::NotFound) => Ok(None),
            Err(fault) => Err(step(what, fault)),
        }
    }

    /// The options of an engine of this type, if one is mounted there.
    pub(super) async fn engine(
        &self,
        mount: &str,
        kind: &str,
    ) -> Result<Option<HashMap<String, String>>, Failure> {
        let what = format!("engine {mount}/");
        let listed = self.ask(|| ListMountsRequest::builder().build().ok());
        let mut listed = listed.await.map_err(|fault| step(&what, fault))?;
        match listed.remove(&format!("{mount}/")) {
            None => Ok(None),
            Some(found) if found.mount_type == kind => Ok(Some(found.options.unwrap_or_default())),
            Some(_) => Err(Failure::Foreign(format!("{what} is of another type; choose another mount"))),
        }
    }

    /// Makes what is not there.
    pub(super) async fn make<E: Endpoint + 'static>(
        &mut self,
        what: &str,
        there: bool,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<(), Failure> {
        self.step(what, there, [Outcome::WouldCreate, Outcome::Created], ask).await
    }

    /// Changes what is not as it should be.
    pub(super) async fn change<E: Endpoint + 'static>(
        &mut self,
        what: &str,
        as_wanted: bool,
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<(), Failure> {
        self.step(what, as_wanted, [Outcome::WouldChange, Outcome::Changed], ask).await
    }

    async fn step<E: Endpoint + 'static>(
        &mut self,
        what: &str,
        fine: bool,
        [would, did]: [Outcome; 2],
        ask: impl Fn() -> Option<E> + Send + Sync,
    ) -> Result<(), Failure> {
        let outcome = match (fine, self.dry_run) {
            (true, _) => Outcome::Present,
            (false, true) => would,
            (false, false) => {
                self.session.done(NAME_OF_CALLS, false, ask).await.map_err(|fault| step(what, fault))?;
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
