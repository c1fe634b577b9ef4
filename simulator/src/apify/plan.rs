//! What a run will do, step by step.

use std::sync::Arc;

use super::actor::Event;
use super::row::{Meta, Query, Row};
use super::status::End;
use super::token::Settings;
use crate::harvestapi::population::Population;
use crate::harvestapi::population::scrape::{self, Found};

/// The steps of a run, unless something ends it before.
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

/// Inputs of one run; the real actor names no limit, and a simulator has to have one.
pub(super) const MAX_INPUTS: usize = 10_000;

impl Plan {
    /// A run that ends as soon as it begins.
    pub(super) fn nothing(end: End) -> Self {
        Self { groups: Vec::new(), end }
    }

    pub(super) fn steps(&self) -> usize {
        self.groups.iter().map(|group| group.steps.len()).sum()
    }
}

impl Step {
    /// The row and what it costs; None is a failure that nobody pays for, and that leaves no row.
    pub(super) fn perform(&self, population: &Population, settings: &Settings) -> Option<(Event, Row)> {
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
            None => (Event::Profile, Row::Miss { request: population.next_request(), query }),
        })
    }
}
