use std::sync::Arc;

use super::actor::{Actor, Event};
use super::input::{self, Input};
use super::options::Options;
use super::row::{Meta, Query, Row};
use super::status::End;
use super::token::Settings;
use super::{bad, employees};
use crate::call::Reply;
use crate::harvestapi::scrape::{self, Found};
use crate::world::World;

/// What a run will do, unless something ends it before.
pub(super) struct Plan {
    pub(super) groups: Vec<Group>,
    /// How it ends when all is done.
    pub(super) end: End,
}

/// Steps that workers take side by side; groups come one after the other.
pub(super) struct Group {
    /// Charged before the steps.
    pub(super) fee: Option<Event>,
    pub(super) steps: Vec<Step>,
}

pub(super) enum Step {
    Profile { query: Arc<Query>, email: bool },
    Lead { slug: Box<str>, event: Event, meta: Arc<Meta> },
}

/// A passing shortage at LinkedIn, as the actors tell of it.
const SHORTAGE: End = End::failed("rate limited: No available resource");

// === impl Plan ===

impl Plan {
    /// Holds the input of a start against the schema of the actor.
    pub(super) fn parse(
        actor: Actor,
        input: Option<&Input>,
        options: &Options,
        settings: &Settings,
    ) -> Result<Self, Reply> {
        let Some(input) = input else { return Ok(Self::nothing(End::failed("Input is missing!"))) };
        let plan = match actor {
            Actor::Profiles => input::profiles(input)?,
            Actor::Employees => employees::plan(input, options, settings)?,
        };
        if plan.groups.is_empty() {
            return Ok(plan);
        }
        if options.cap.is_some_and(|cap| cap < actor.least_cap()) {
            return Ok(Self::nothing(End::CAPPED));
        }
        if settings.unavailable {
            return Ok(Self::nothing(SHORTAGE));
        }
        if plan.steps() > input::MOST {
            return Err(bad("invalid-input", "Input is not valid: it asks for too many profiles"));
        }
        Ok(plan)
    }

    /// A run that ends as soon as it begins.
    pub(super) fn nothing(end: End) -> Self {
        Self { groups: Vec::new(), end }
    }

    pub(super) fn steps(&self) -> usize {
        self.groups.iter().map(|group| group.steps.len()).sum()
    }
}

// === impl Step ===

impl Step {
    /// The row and what it costs; None is a failure that nobody pays for, and that leaves no row.
    pub(super) fn perform(&self, world: &World, settings: &Settings) -> Option<(Event, Row)> {
        let (query, email) = match self {
            Self::Lead { slug, event, meta } => {
                return Some((*event, Row::Lead { slug: slug.clone(), event: *event, meta: meta.clone() }));
            }
            Self::Profile { query, email } => (query, *email),
        };
        let fails = |text: &String| query.text.contains(text.as_str());
        if query.leads_nowhere() || settings.free_failures.iter().any(fails) {
            return None;
        }
        let query = query.clone();
        Some(match scrape::find(&query.text) {
            Some(Found::Person { slug, has_address }) => {
                let email = email && has_address;
                let event = if email { Event::ProfileWithEmail } else { Event::Profile };
                (event, Row::Profile { slug: slug.into(), email, query })
            }
            Some(Found::Company { slug }) => (Event::Profile, Row::Company { slug: slug.into(), query }),
            None => (Event::Profile, Row::Miss { request: world.next_request(), query }),
        })
    }
}
