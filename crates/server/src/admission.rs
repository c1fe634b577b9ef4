//! Admits calls by tenant where the bottleneck is: so many run at a time, each tenant has its share, and what waits is taken
//! in turns between tenants, never longer than its own deadline. Calls that may last, which are streams and paid runs that
//! are waited for, have places of their own: they take none from those that are over in a moment.
use std::sync::Arc;
use std::time::Duration;

use granary_rpc::{Deadline, Error, Reason};
use serde::{Deserialize, Serialize};

mod layer;
mod queue;

pub use layer::{AdmissionLayer, Admitting, deadline_of};
pub use queue::Permit;
use queue::{Bounds, Queue};

/// When a caller that found the queue full may try again.
const RETRY_DELAY: Duration = Duration::from_millis(500);

/// How many calls a service takes at a time.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Calls that run at a time. Default 1,024.
    pub max_in_flight: usize,
    /// Calls of one tenant that run at a time. Default 256.
    pub max_in_flight_per_tenant: usize,
    /// Streams and bulk runs at a time, which do not count towards the two before. Default 512.
    pub max_long_in_flight: usize,
    /// Streams and bulk runs of one tenant at a time. Default 128.
    pub max_long_in_flight_per_tenant: usize,
    /// Calls that wait; as many streams and bulk runs may. Default 8,192.
    pub max_waiting: usize,
    /// Calls of one tenant that wait. Default 1,024.
    pub max_waiting_per_tenant: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_in_flight: 1_024,
            max_in_flight_per_tenant: 256,
            max_long_in_flight: 512,
            max_long_in_flight_per_tenant: 128,
            max_waiting: 8_192,
            max_waiting_per_tenant: 1_024,
        }
    }
}

impl Settings {
    /// What is wrong with them; `name` is their key in the configuration.
    pub fn validate(&self, name: &str) -> Vec<String> {
        let positive = [
            ("max_in_flight", self.max_in_flight),
            ("max_in_flight_per_tenant", self.max_in_flight_per_tenant),
            ("max_long_in_flight", self.max_long_in_flight),
            ("max_long_in_flight_per_tenant", self.max_long_in_flight_per_tenant),
        ];
        let zero = positive.into_iter().filter(|(_, value)| *value == 0);
        zero.map(|(key, _)| format!("{name}.{key}: must be at least 1")).collect()
    }
}

/// How long a call may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Length {
    /// It is over when its one answer is there.
    Short,
    /// It is a stream, or waits for a paid run.
    Long,
}

/// Admits the calls of one service. Cheap to clone; clones share it.
#[derive(Clone, Debug)]
pub struct Admission {
    short: Arc<Queue>,
    long: Arc<Queue>,
}

impl Admission {
    /// With these bounds; `service` names it in metrics.
    pub fn new(service: &'static str, settings: &Settings) -> Self {
        let Settings { max_waiting, max_waiting_per_tenant, .. } = *settings;
        let queue = |length, max_in_flight, max_in_flight_per_tenant| {
            let bounds =
                Bounds { max_in_flight, max_in_flight_per_tenant, max_waiting, max_waiting_per_tenant };
            Arc::new(Queue::new(service, length, bounds))
        };
        Self {
            short: queue(Length::Short, settings.max_in_flight, settings.max_in_flight_per_tenant),
            long: queue(Length::Long, settings.max_long_in_flight, settings.max_long_in_flight_per_tenant),
        }
    }

    /// Waits for a turn of the tenant's, within the call's deadline. The permit is held for as long as the call lasts.
    ///
    /// # Errors
    /// `OVERLOADED`, with what is full; `DEADLINE_EXCEEDED`.
    pub async fn admit(&self, tenant: &str, length: Length, deadline: Deadline) -> Result<Permit, Error> {
        let queue = match length {
            Length::Short => &self.short,
            Length::Long => &self.long,
        };
        queue.admit(tenant, deadline).await
    }
}

/// The refusal of a call that found no place to wait.
fn overloaded(service: &str, what: &'static str, limit: usize) -> Error {
    metrics::counter!("granary_refusals_total", "limit" => what).increment(1);
    let calls = if what.starts_with("long") { "streams and bulk runs" } else { "calls" };
    let whose = if what.ends_with("per_tenant") { "the tenant's " } else { "" };
    Error::new(
        Reason::Overloaded,
        format!("{service} has {limit} of {whose}{calls} waiting already; try again later"),
    )
    .with("limit", what)
    .retry_after(RETRY_DELAY)
}
