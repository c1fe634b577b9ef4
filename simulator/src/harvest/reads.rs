//! Everything but time entries, which this simulator does not let anybody change.

use http::StatusCode;
use jiff::Timestamp;
use serde_json::Value;

use super::account::Account;
use super::caller::Caller;
use super::filters::Filters;
use super::pages::List;
use super::{assignment_rows, errors, rows};
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

pub(super) fn company(account: &Account, caller: Caller) -> Result<Reply, Reply> {
    if !caller.is_administrator() {
        return Err(errors::forbidden());
    }
    Ok(Reply::json(StatusCode::OK, &rows::company(account)))
}

pub(super) fn projects(account: &Account, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    let managed = managed_projects(account, caller)?;
    let mut filters = Filters::of(call);
    let (active, client) = (filters.boolean("is_active"), filters.id("client_id"));
    let since = filters.moment("updated_since");
    filters.finish()?;
    let shown: Vec<_> = managed
        .into_iter()
        .map(|place| &account.projects[place])
        .filter(|p| active.is_none_or(|active| active == p.is_active))
        .filter(|p| client.is_none_or(|client| client == account.clients[p.client].id))
        .filter(|p| since.is_none_or(|since| p.updated_at >= since))
        .collect();
    let list = List { key: "projects", path: "/v2/projects", cursor: true };
    Ok(list.page(call, &shown, |p| p.id, |p| rows::project(account, p)))
}

pub(super) fn project(account: &Account, caller: Caller, id: u64) -> Result<Reply, Reply> {
    let managed = managed_projects(account, caller)?;
    let found =
        managed.into_iter().find(|place| account.projects[*place].id == id).ok_or_else(errors::not_found)?;
    Ok(Reply::json(StatusCode::OK, &rows::project(account, &account.projects[found])))
}

/// Task assignments of one project, or of all that the caller leads.
pub(super) fn task_assignments(
    account: &Account,
    caller: Caller,
    call: &Call,
    project: Option<u64>,
) -> Result<Reply, Reply> {
    let managed = managed_projects(account, caller)?;
    let mut filters = Filters::of(call);
    let (active, since) = (filters.boolean("is_active"), filters.moment("updated_since"));
    filters.finish()?;
    let led: Vec<_> = managed
        .into_iter()
        .map(|place| &account.projects[place])
        .filter(|p| project.is_none_or(|id| id == p.id))
        .collect();
    if project.is_some() && led.is_empty() {
        return Err(errors::not_found());
    }
    let shown: Vec<_> = led
        .into_iter()
        .flat_map(|project| project.tasks.iter().map(move |assignment| (project, assignment)))
        .filter(|(_, a)| active.is_none_or(|active| active == a.is_active))
        .filter(|(project, _)| since.is_none_or(|since| assignment_rows::made(project) >= since))
        .collect();
    let path =
        project.map_or("/v2/task_assignments".to_owned(), |id| format!("/v2/projects/{id}/task_assignments"));
    let list = List { key: "task_assignments", path: &path, cursor: project.is_none() };
    Ok(list.page(call, &shown, |(_, a)| a.id, |(p, a)| assignment_rows::task_assignment(account, p, a, true)))
}

pub(super) fn tasks(account: &Account, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    let list = List { key: "tasks", path: "/v2/tasks", cursor: true };
    unchanging(account, caller, call, &list, &account.tasks, |task| task.id, rows::task)
}

pub(super) fn clients(account: &Account, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    let list = List { key: "clients", path: "/v2/clients", cursor: true };
    unchanging(account, caller, call, &list, &account.clients, |client| client.id, rows::client)
}

/// What was made with the account and is active. Administrators only: no manager of the seed holds the right to edit it.
fn unchanging<T>(
    account: &Account,
    caller: Caller,
    call: &Call,
    list: &List<'_>,
    all: &[T],
    id: impl Fn(&T) -> u64,
    row: impl Fn(&T, Option<Timestamp>) -> Value,
) -> Result<Reply, Reply> {
    if !caller.is_administrator() {
        return Err(errors::forbidden());
    }
    let made = account.projects.last().map(|project| project.created_at);
    let mut filters = Filters::of(call);
    let (active, since) = (filters.boolean("is_active"), filters.moment("updated_since"));
    filters.finish()?;
    let seen = active != Some(false) && (since.is_none() || made >= since);
    let shown: Vec<_> = all.iter().filter(|_| seen).collect();
    Ok(list.page(call, &shown, |one| id(one), |one| row(one, made)))
}

pub(super) fn users(account: &Account, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    if caller.is_member() {
        return Err(errors::forbidden());
    }
    let mut filters = Filters::of(call);
    let (active, since) = (filters.boolean("is_active"), filters.moment("updated_since"));
    filters.finish()?;
    let shown: Vec<_> = (0..account.people.len())
        .filter(|place| caller.sees_person(*place))
        .filter(|place| active.is_none_or(|active| active == account.people[*place].is_active))
        .filter(|place| since.is_none_or(|since| account.people[*place].updated_at >= since))
        .collect();
    let list = List { key: "users", path: "/v2/users", cursor: true };
    Ok(list.page(
        call,
        &shown,
        |place| account.people[*place].id,
        |place| rows::person(account, caller, *place),
    ))
}

pub(super) fn me(account: &Account, caller: Caller) -> Result<Reply, Reply> {
    Ok(Reply::json(StatusCode::OK, &rows::person(account, caller, caller.person)))
}

pub(super) fn user(account: &Account, caller: Caller, id: u64) -> Result<Reply, Reply> {
    let place = visible_person(account, caller, id)?;
    Ok(Reply::json(StatusCode::OK, &rows::person(account, caller, place)))
}

/// Active assignments of a person; None is the caller.
pub(super) fn project_assignments(
    account: &Account,
    caller: Caller,
    call: &Call,
    id: Option<u64>,
) -> Result<Reply, Reply> {
    let person = id.map_or(Ok(caller.person), |id| visible_person(account, caller, id))?;
    let mut filters = Filters::of(call);
    let since = filters.moment("updated_since");
    filters.finish()?;
    let active = account.projects.iter().enumerate().filter(|(_, project)| project.is_active);
    let shown: Vec<_> = active
        .filter(|(_, project)| since.is_none_or(|since| project.created_at >= since))
        .filter_map(|(place, project)| Some((place, project.assignment_of(person)?)))
        .collect();
    let path = format!("/v2/users/{}/project_assignments", account.people[person].id);
    let list = List { key: "project_assignments", path: &path, cursor: id.is_some() };
    Ok(list.page(
        call,
        &shown,
        |(_, a)| a.id,
        |(place, a)| assignment_rows::project_assignment(account, caller, *place, a),
    ))
}

/// Places of the projects that the caller leads; without any, the endpoints that need one refuse.
fn managed_projects(account: &Account, caller: Caller) -> Result<Vec<usize>, Reply> {
    let managed: Vec<_> = (0..account.projects.len()).filter(|place| caller.manages(*place)).collect();
    if managed.is_empty() { Err(errors::forbidden()) } else { Ok(managed) }
}

fn visible_person(account: &Account, caller: Caller, id: u64) -> Result<usize, Reply> {
    match account.person(id) {
        Some((place, _)) if caller.sees_person(place) => Ok(place),
        _ if caller.is_member() => Err(errors::forbidden()),
        _ => Err(errors::not_found()),
    }
}
