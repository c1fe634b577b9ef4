//! Who and what there is in this LinkedIn. Rows are not held: each is computed from its number when it is asked for, and
//! comes out the same on every machine.

use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

pub(crate) mod scrape;

pub(super) mod activity_rows;
pub(super) mod ads;
pub(super) mod authors;
pub(super) mod clock;
pub(super) mod comments;
pub(super) mod companies;
pub(super) mod feedback_rows;
pub(super) mod groups;
mod industries;
pub(super) mod jobs;
pub(super) mod people;
mod pictures;
pub(super) mod places;
pub(super) mod post_row;
pub(super) mod posts;
mod profile_cache;
pub(super) mod reactions;
pub(super) mod seed;

use clock::{Clock, Now};
use people::{Detail, Person};
use profile_cache::ProfileCache;

/// What is there once of the population, for everybody who looks at it: HarvestAPI, and the actors of Apify.
pub(crate) struct Population {
    clock: Clock,
    profiles: ProfileCache,
    requests: AtomicU64,
}

impl Population {
    pub(crate) fn start() -> Self {
        Self { clock: Clock::start(), profiles: ProfileCache::new(), requests: AtomicU64::new(0) }
    }

    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    /// Number for the `requestId` of an answer.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A profile as it is written out; popular ones are kept.
    pub(crate) fn profile(&self, person: Person, detail: Detail, now: Now) -> Bytes {
        let name = format!("{}/{detail:?}", person.slug());
        self.profiles.get_or(&name, || people::write(person, detail, now))
    }
}
