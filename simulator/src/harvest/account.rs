//! What one Harvest account holds.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;

/// Everything one Harvest account holds. Names come out of fixed pools, so that an untouched account costs little.
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) timestamp_timers: bool,
    pub(crate) clients: Vec<Client>,
    pub(crate) tasks: Vec<Task>,
    /// Most recently created first, as are the people.
    pub(crate) projects: Vec<Project>,
    pub(crate) people: Vec<Person>,
    pub(crate) entries: BTreeMap<u64, Entry>,
    pub(crate) next_entry: u64,
}

pub(crate) struct Client {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) currency: &'static str,
}

pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) name: &'static str,
    pub(crate) billable: bool,
}

pub(crate) struct Project {
    pub(crate) id: u64,
    pub(crate) client: usize,
    pub(crate) name: &'static str,
    pub(crate) code: Option<&'static str>,
    pub(crate) is_active: bool,
    pub(crate) is_billable: bool,
    pub(crate) bill_by: &'static str,
    pub(crate) budget_by: &'static str,
    pub(crate) hourly_rate: Option<Decimal>,
    pub(crate) budget: Option<Decimal>,
    pub(crate) cost_budget: Option<Decimal>,
    pub(crate) fee: Option<Decimal>,
    pub(crate) over_budget_on: Option<Date>,
    pub(crate) notes: Option<&'static str>,
    pub(crate) starts_on: Option<Date>,
    pub(crate) ends_on: Option<Date>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    pub(crate) tasks: Vec<TaskAssignment>,
    pub(crate) people: Vec<UserAssignment>,
}

pub(crate) struct TaskAssignment {
    pub(crate) id: u64,
    pub(crate) task: usize,
    pub(crate) is_active: bool,
    pub(crate) billable: bool,
    pub(crate) hourly_rate: Option<Decimal>,
}

pub(crate) struct UserAssignment {
    pub(crate) id: u64,
    pub(crate) person: usize,
}

pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    pub(crate) telephone: &'static str,
    pub(crate) timezone: &'static str,
    pub(crate) is_contractor: bool,
    pub(crate) is_active: bool,
    /// Seconds.
    pub(crate) weekly_capacity: u32,
    pub(crate) hourly_rate: Option<Decimal>,
    pub(crate) cost_rate: Option<Decimal>,
    pub(crate) roles: &'static [&'static str],
    pub(crate) access: &'static [&'static str],
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// A time entry; what it shows beyond this is looked up when it is written out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) id: u64,
    pub(crate) person: usize,
    pub(crate) project_id: u64,
    pub(crate) task_id: u64,
    pub(crate) spent_date: Date,
    /// Hours without what a running timer adds.
    pub(crate) hours: Decimal,
    pub(crate) notes: Option<Cow<'static, str>>,
    pub(crate) external_reference: Option<Box<ExternalReference>>,
    /// Set on billed entries, which are locked.
    pub(crate) invoice: Option<u64>,
    pub(crate) timer_started_at: Option<Timestamp>,
    /// Minutes after midnight.
    pub(crate) started: Option<u16>,
    pub(crate) ended: Option<u16>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
}

/// Where an entry was made from; every part is text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExternalReference {
    pub(crate) id: Option<String>,
    pub(crate) group_id: Option<String>,
    pub(crate) account_id: Option<String>,
    pub(crate) permalink: Option<String>,
}

impl Account {
    pub(crate) fn project(&self, id: u64) -> Option<(usize, &Project)> {
        self.projects.iter().enumerate().find(|(_, project)| project.id == id)
    }

    pub(crate) fn person(&self, id: u64) -> Option<(usize, &Person)> {
        self.people.iter().enumerate().find(|(_, person)| person.id == id)
    }
}

impl Project {
    pub(crate) fn assignment_of(&self, person: usize) -> Option<&UserAssignment> {
        self.people.iter().find(|assignment| assignment.person == person)
    }
}

impl Entry {
    pub(crate) fn is_running(&self) -> bool {
        self.timer_started_at.is_some()
    }

    /// Hours including a running timer's.
    pub(crate) fn hours_at(&self, now: Timestamp) -> Decimal {
        match self.timer_started_at {
            Some(start) => self.hours.plus(Decimal::hours_of_seconds(now.as_second() - start.as_second())),
            None => self.hours,
        }
    }
}

/// The current time in whole seconds, which is as fine as Harvest tells it.
pub(crate) fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}
