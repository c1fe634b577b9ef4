//! Admits calls by tenant where the bottleneck is: so many run at a time, each tenant has its share, and what waits is taken
//! in turns between tenants, never longer than its own deadline.
use std::time::Duration;

use granary_rpc::{Deadline, Error, Reason};
use serde::Deserialize;

mod layer;
mod queue;

pub use layer::{AdmissionLayer, Admitting, DEADLINE};
pub use queue::Permit;

/// When a caller that found the queue full may try again.
const RETRY: Duration = Duration::from_millis(500);

/// How many calls a service takes at a time.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls that run at a time. Default 1,024.
    pub max_in_flight: usize,
    /// Calls of one tenant that run at a time. Default 256.
    pub max_in_flight_per_tenant: usize,
    /// Calls that wait. Default 8,192.
    pub max_waiting: usize,
    /// Calls of one tenant that wait. Default 1,024.
    pub max_waiting_per_tenant: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_in_flight: 1_024,
            max_in_flight_per_tenant: 256,
            max_waiting: 8_192,
            max_waiting_per_tenant: 1_024,
        }
    }
}

impl Settings {
    /// What is wrong with them; `name` is their key in the configuration.
    pub fn faults(&self, name: &str) -> Vec<String> {
        let positive = [
            ("max_in_flight", self.max_in_flight),
            ("max_in_flight_per_tenant", self.max_in_flight_per_tenant),
        ];
        let zero = positive.into_iter().filter(|(_, value)| *value == 0);
        zero.map(|(key, _)| format!("{name}.{key}: must be at least 1")).collect()
    }
}

/// Admits the calls of one service. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Admission(std::sync::Arc<queue::Queue>);

impl Admission {
    /// With these bounds; `service` names it in metrics.
    pub fn new(service: &'static str, settings: Settings) -> Self {
        Self(std::sync::Arc::new(queue::Queue::new(service, settings)))
    }

    /// Waits for a turn of the tenant's, within the call's deadline. The permit is held for as long as the call lasts.
    ///
    /// # Errors
    /// `OVERLOADED`, with what is full; `DEADLINE_EXCEEDED`.
    pub async fn admit(&self, tenant: &str, deadline: Deadline) -> Result<Permit, Error> {
        self.0.admit(tenant, deadline).await
    }
}

/// The refusal of a call that found no place to wait.
fn overloaded(service: &str, what: &'static str, limit: usize) -> Error {
    metrics::counter!("granary_refusals_total", "limit" => what).increment(1);
    let whose = if what.ends_with("per_tenant") { "the tenant's calls" } else { "calls" };
    Error::new(
        Reason::Overloaded,
        format!("{service} has {limit} of {whose} waiting already; try again later"),
    )
    .with("limit", what)
    .retry_after(RETRY)
}
