//! A time entry on the wire.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use super::account::{Account, Entry, ExternalReference, Project, TaskAssignment};
use super::caller::{Caller, is_project_manager};
use super::rows::{self, ClientRef, Named, ProjectRef};
use super::{assignment_rows, clock};
use crate::decimal::Decimal;

/// A time entry with what is looked up for it.
#[derive(Serialize)]
pub(super) struct EntryRow<'a> {
    id: u64,
    spent_date: Date,
    user: User,
    user_assignment: Option<Membership>,
    client: Option<ClientRef<'a>>,
    project: Option<ProjectRef<'a>>,
    task: Option<Named<'a>>,
    task_assignment: Option<Assignment>,
    external_reference: Option<Reference<'a>>,
    invoice: Option<Invoice>,
    hours: Decimal,
    hours_without_timer: Decimal,
    rounded_hours: Decimal,
    notes: Option<&'a str>,
    is_locked: bool,
    locked_reason: Option<&'static str>,
    is_closed: bool,
    is_billed: bool,
    timer_started_at: Option<Timestamp>,
    started_time: Option<String>,
    ended_time: Option<String>,
    is_running: bool,
    billable: bool,
    budgeted: bool,
    billable_rate: Option<Decimal>,
    cost_rate: Option<Decimal>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
struct User {
    id: u64,
    name: String,
}

#[derive(Serialize)]
struct Membership {
    id: u64,
    is_project_manager: bool,
    is_active: bool,
    use_default_rates: bool,
    budget: Option<Decimal>,
    created_at: Timestamp,
    updated_at: Timestamp,
    hourly_rate: Option<Decimal>,
}

#[derive(Serialize)]
struct Assignment {
    id: u64,
    billable: bool,
    is_active: bool,
    created_at: Timestamp,
    updated_at: Timestamp,
    hourly_rate: Option<Decimal>,
    budget: Option<Decimal>,
}

#[derive(Serialize)]
struct Reference<'a> {
    id: Option<&'a str>,
    group_id: Option<&'a str>,
    account_id: Option<&'a str>,
    permalink: Option<&'a str>,
    service: Option<&'a str>,
    service_icon_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Invoice {
    id: u64,
    number: String,
}

pub(super) fn row<'a>(
    account: &'a Account,
    caller: Caller,
    entry: &'a Entry,
    now: Timestamp,
) -> EntryRow<'a> {
    let found = account.project(entry.project_id);
    let project = found.map(|(_, project)| project);
    let assignment = project.and_then(|project| assignment_of(account, project, entry.task_id));
    let task = account.tasks.iter().find(|task| task.id == entry.task_id);
    let person = account.people.get(entry.person);
    let billable = assignment.is_some_and(|assignment| assignment.billable);
    let rates = caller.sees_billable_rates(account);
    let hours = entry.hours_at(now);
    EntryRow {
        id: entry.id,
        spent_date: entry.spent_date,
        user: User { id: person.map_or(0, |p| p.id), name: person.map(rows::full_name).unwrap_or_default() },
        user_assignment: found
            .and_then(|(place, project)| membership(account, place, project, entry.person, rates)),
        client: project.map(|project| rows::client_ref(account, project)),
        project: project.map(rows::project_ref),
        task: task.map(|task| Named { id: task.id, name: task.name }),
        task_assignment: project.zip(assignment).map(|(project, assignment)| Assignment {
            id: assignment.id,
            billable: assignment.billable,
            is_active: assignment.is_active,
            created_at: assignment_rows::made(project),
            updated_at: assignment_rows::made(project),
            hourly_rate: assignment.hourly_rate.filter(|_| rates),
            budget: None,
        }),
        external_reference: entry.external_reference.as_deref().map(reference),
        invoice: entry.invoice.map(|id| Invoice { id, number: format!("INV-{}", id % 10_000) }),
        hours,
        hours_without_timer: entry.hours,
        rounded_hours: hours.rounded_up_to_quarter(),
        notes: entry.notes.as_deref(),
        is_locked: entry.invoice.is_some(),
        locked_reason: entry.invoice.map(|_| "Item Approved and Invoiced"),
        is_closed: entry.invoice.is_some(),
        is_billed: entry.invoice.is_some(),
        timer_started_at: entry.timer_started_at,
        started_time: entry.started.map(clock::format),
        ended_time: entry.ended.map(clock::format),
        is_running: entry.is_running(),
        billable,
        budgeted: project.is_some_and(|project| project.budget_by != "none"),
        billable_rate: assignment.and_then(|a| a.hourly_rate).filter(|_| billable && rates),
        cost_rate: person.and_then(|person| person.cost_rate).filter(|_| caller.is_administrator()),
        created_at: entry.created_at,
        updated_at: entry.updated_at,
    }
}

pub(super) fn assignment_of<'a>(
    account: &Account,
    project: &'a Project,
    task_id: u64,
) -> Option<&'a TaskAssignment> {
    project.tasks.iter().find(|assignment| account.tasks[assignment.task].id == task_id)
}

fn membership(
    account: &Account,
    place: usize,
    project: &Project,
    person: usize,
    rates: bool,
) -> Option<Membership> {
    project.assignment_of(person).map(|assignment| Membership {
        id: assignment.id,
        is_project_manager: is_project_manager(account, person, place),
        is_active: true,
        use_default_rates: true,
        budget: None,
        created_at: project.created_at,
        updated_at: project.created_at,
        hourly_rate: project.hourly_rate.filter(|_| rates),
    })
}

/// Harvest names the service after the host of the permalink.
fn reference(reference: &ExternalReference) -> Reference<'_> {
    let permalink = reference.permalink.as_deref();
    let after_scheme = permalink.and_then(|link| link.split_once("://")).map(|(_, rest)| rest);
    Reference {
        id: reference.id.as_deref(),
        group_id: reference.group_id.as_deref(),
        account_id: reference.account_id.as_deref(),
        permalink,
        service: after_scheme.and_then(|rest| rest.split(['/', '?', ':']).next()),
        service_icon_url: None,
    }
}
