//! Apify: two actors that scrape LinkedIn in runs, charged by event.

use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};

use crate::harvestapi::population::Population;
use crate::kernel::call::Call;
use crate::kernel::credentials::Credentials;
use crate::kernel::reply::Reply;
use crate::kernel::store::{Store, Table};
use crate::kernel::vendor::{OwnEffect, Pending, Vendor};

mod actor;
mod answers;
mod backend;
mod dataset;
mod employees;
mod errors;
mod input;
mod options;
mod plan;
mod planning;
mod profiles;
mod route;
mod row;
mod run;
mod runs;
mod start;
mod status;
mod token;
mod tokens;
mod update;
mod work;

use backend::Backend;
use route::Route;
use runs::Runs;
use tokens::Tokens;

/// The vendor Apify.
pub(crate) struct Apify {
    runs: Runs,
    backend: Arc<Backend>,
}

/// What is kept of it; runs are not.
pub(crate) const TABLES: [Table; 1] = [tokens::TABLE];

impl Apify {
    pub(crate) fn open(store: &Arc<Store>, population: Arc<Population>) -> Self {
        Self { runs: Runs::new(), backend: Arc::new(Backend { tokens: Tokens::open(store), population }) }
    }
}

impl Vendor for Apify {
    fn word(&self) -> &'static str {
        "apify"
    }

    fn handle<'a>(&'a self, call: &'a Call) -> Pending<'a, Reply> {
        Box::pin(async move {
            match answers::answer(&self.backend, &self.runs, call).await {
                Ok(reply) | Err(reply) => reply,
            }
        })
    }

    fn failure(&self, status: StatusCode, text: Option<&str>) -> Reply {
        errors::failure(status, text)
    }

    fn credentials(&self) -> &dyn Credentials {
        &self.backend.tokens
    }

    /// Runs end first, so that none of them charges a token of the seed.
    fn reset(&self) {
        self.runs.clear();
        self.backend.tokens.reset();
    }

    fn own_effects(&self) -> &'static [OwnEffect] {
        &[OwnEffect::ErrorType, OwnEffect::Rows]
    }

    fn typed_failure(&self, status: StatusCode, error_type: &str, text: Option<&str>) -> Reply {
        errors::typed(status, error_type, text)
    }

    fn rows_since_the_end(&self, call: &Call) -> Option<Duration> {
        let token = answers::token_of(call).filter(|_| call.method == Method::GET)?;
        let run = match Route::parse(&call.path)? {
            Route::RunItems(id) => self.runs.of_run(&id, token),
            Route::Items(id) | Route::Dataset(id) => self.runs.of_dataset(&id, token),
            _ => None,
        };
        run?.over_since()
    }
}
