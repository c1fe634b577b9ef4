//! One look into the store for any number of callers who want the same credential at the same time. Nothing is kept once it
//! has been answered, and whoever asks after a change does not join a look that began before it.
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use granary_credential::Kind;
use granary_rpc::{Error, Reason};

use super::look::Opened;

type Look = Shared<BoxFuture<'static, Result<Opened, Error>>>;

/// Looks under way, by account folder.
#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<String, Vec<Flight>>>>);

struct Flight {
    number: u64,
    kinds: Vec<Kind>,
    look: Look,
}

impl Flights {
    /// Joins the look for these kinds, or begins it. It is made to its end, whoever goes away.
    pub(super) async fn join(
        &self,
        folder: &str,
        kinds: &[Kind],
        begin: impl FnOnce() -> BoxFuture<'static, Result<Opened, Error>>,
    ) -> Result<Opened, Error> {
        let look = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let fits = |flight: &&Flight| flight.kinds == kinds;
            let under_way = all.get(folder).and_then(|flights| flights.iter().find(fits));
            match under_way {
                Some(flight) => flight.look.clone(),
                None => {
                    let number = rand::random();
                    let task = tokio::spawn(self.ended(folder.to_owned(), number, begin()));
                    let gone =
                        |_| Error::new(Reason::Internal, "a look into the store did not come to its end");
                    let look: Look = async move { task.await.map_err(gone)? }.boxed().shared();
                    let flight = Flight { number, kinds: kinds.to_vec(), look: look.clone() };
                    all.entry(folder.to_owned()).or_default().push(flight);
                    look
                }
            }
        };
        look.await
    }

    /// Something changed: nobody joins what is under way any more.
    pub(super) fn forget(&self, folder: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(folder);
    }

    fn ended(
        &self,
        folder: String,
        number: u64,
        work: BoxFuture<'static, Result<Opened, Error>>,
    ) -> impl Future<Output = Result<Opened, Error>> + use<> {
        let all = Arc::clone(&self.0);
        async move {
            let outcome = work.await;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(flights) = all.get_mut(&folder) {
                flights.retain(|flight| flight.number != number);
                if flights.is_empty() {
                    all.remove(&folder);
                }
            }
            outcome
        }
    }
}
