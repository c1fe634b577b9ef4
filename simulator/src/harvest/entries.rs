//! Time entries: read, made, changed and deleted.

use http::{StatusCode, header};

use super::account::{Account, Entry, now};
use super::accounts::Accounts;
use super::caller::Caller;
use super::entry_access::{changeable, visible};
use super::entry_row::{self, assignment_of};
use super::filters::Filters;
use super::input::Input;
use super::pages::List;
use super::{errors, timer};
use crate::decimal::Decimal;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Time entries that the caller may see, the latest day first.
pub(super) fn list(account: &Account, caller: Caller, call: &Call) -> Result<Reply, Reply> {
    let mut filters = Filters::of(call);
    let (user, client) = (filters.id("user_id"), filters.id("client_id"));
    let (project, task) = (filters.id("project_id"), filters.id("task_id"));
    let (from, to) = (filters.date("from"), filters.date("to"));
    let (billed, running) = (filters.boolean("is_billed"), filters.boolean("is_running"));
    let since = filters.moment("updated_since");
    let reference = filters.text("external_reference_id");
    filters.finish()?;
    let client_of =
        |entry: &Entry| account.project(entry.project_id).map(|(_, p)| account.clients[p.client].id);
    let mut shown: Vec<_> = account
        .entries
        .values()
        .filter(|e| from.is_none_or(|from| e.spent_date >= from) && to.is_none_or(|to| e.spent_date <= to))
        .filter(|e| user.is_none_or(|user| account.people[e.person].id == user))
        .filter(|e| project.is_none_or(|project| e.project_id == project))
        .filter(|e| task.is_none_or(|task| e.task_id == task))
        .filter(|e| client.is_none_or(|client| client_of(e) == Some(client)))
        .filter(|e| billed.is_none_or(|billed| e.invoice.is_some() == billed))
        .filter(|e| running.is_none_or(|running| e.is_running() == running))
        .filter(|e| since.is_none_or(|since| e.updated_at >= since))
        .filter(|e| {
            let id = e.external_reference.as_ref().and_then(|r| r.id.as_deref());
            reference.is_none_or(|wanted| id == Some(wanted))
        })
        .filter(|e| caller.sees_entry(account, e))
        .collect();
    shown.sort_by(|a, b| b.spent_date.cmp(&a.spent_date).then(b.id.cmp(&a.id)));
    let list = List { key: "time_entries", path: "/v2/time_entries", cursor: false };
    let now = now();
    Ok(list.page(call, &shown, |e| e.id, |e| entry_row::row(account, caller, e, now)))
}

pub(super) fn get(account: &Account, caller: Caller, id: u64) -> Result<Reply, Reply> {
    let entry = visible(account, caller, id)?;
    Ok(Reply::json(StatusCode::OK, &entry_row::row(account, caller, entry, now())))
}

pub(super) fn create(
    accounts: &Accounts,
    account: &mut Account,
    caller: Caller,
    call: &Call,
) -> Result<Reply, Reply> {
    let mut input = Input::read(call)?;
    let mut problems = std::mem::take(&mut input.problems);
    // A field that could not be read has been complained about already.
    let mut blank = |missing: bool, title: &str| {
        if missing && !problems.iter().any(|problem| problem.starts_with(title)) {
            problems.push(format!("{title} can't be blank"));
        }
    };
    blank(input.project_id.flatten().is_none(), "Project");
    blank(input.task_id.flatten().is_none(), "Task");
    blank(input.spent_date.flatten().is_none(), "Spent date");
    problems.extend(input.mode_problems(account.timestamp_timers));
    let now = now();
    let entry = Entry {
        id: account.next_entry,
        person: person(account, caller, &input)?,
        project_id: input.project_id.flatten().unwrap_or_default(),
        task_id: input.task_id.flatten().unwrap_or_default(),
        spent_date: input.spent_date.flatten().unwrap_or_default(),
        hours: Decimal::ZERO,
        notes: None,
        external_reference: None,
        invoice: None,
        timer_started_at: None,
        started: None,
        ended: None,
        created_at: now,
        updated_at: now,
    };
    let mut entry = entry;
    if problems.is_empty() {
        problems.extend(assignment_problems(account, &entry));
    }
    problems.extend(timer::apply(account, &mut entry, &input, now, true));
    if !problems.is_empty() {
        return Err(errors::invalid(&problems));
    }
    entry.notes = input.notes.flatten();
    entry.external_reference = input.external_reference.flatten().map(Box::new);
    account.next_entry += 1;
    if entry.is_running() {
        timer::stop_others(accounts, account, &entry, now);
    }
    let id = entry.id;
    account.entries.insert(id, entry);
    accounts.keep(account);
    accounts.keep_entry(account, id);
    let location = format!("{}/api/v2/time_entries/{id}", call.origin);
    let row = entry_row::row(account, caller, &account.entries[&id], now);
    Ok(Reply::json(StatusCode::CREATED, &row).with(header::LOCATION, &location))
}

pub(super) fn update(
    accounts: &Accounts,
    account: &mut Account,
    caller: Caller,
    call: &Call,
    id: u64,
) -> Result<Reply, Reply> {
    let mut entry = changeable(account, caller, id)?.clone();
    let mut input = Input::read(call)?;
    let mut problems = std::mem::take(&mut input.problems);
    for (sent, title) in [(&input.project_id, "Project"), (&input.task_id, "Task")] {
        if matches!(sent, Some(None)) {
            problems.push(format!("{title} can't be blank"));
        }
    }
    if matches!(input.spent_date, Some(None)) {
        problems.push("Spent date can't be blank".to_owned());
    }
    input.keep_to_mode(account.timestamp_timers);
    let now = now();
    entry.project_id = input.project_id.flatten().unwrap_or(entry.project_id);
    entry.task_id = input.task_id.flatten().unwrap_or(entry.task_id);
    entry.spent_date = input.spent_date.flatten().unwrap_or(entry.spent_date);
    entry.person =
        if input.user_id.flatten().is_some() { person(account, caller, &input)? } else { entry.person };
    if problems.is_empty() {
        problems.extend(assignment_problems(account, &entry));
    }
    problems.extend(timer::apply(account, &mut entry, &input, now, false));
    if !problems.is_empty() {
        return Err(errors::invalid(&problems));
    }
    if let Some(notes) = input.notes {
        entry.notes = notes;
    }
    if let Some(reference) = input.external_reference {
        entry.external_reference = reference.map(Box::new);
    }
    if account.entries.get(&id) != Some(&entry) {
        entry.updated_at = now;
        account.entries.insert(id, entry);
        accounts.keep_entry(account, id);
    }
    get(account, caller, id)
}

pub(super) fn delete(
    accounts: &Accounts,
    account: &mut Account,
    caller: Caller,
    id: u64,
) -> Result<Reply, Reply> {
    changeable(account, caller, id)?;
    // Recorded deletions are answered with the entry as it was.
    let was = get(account, caller, id)?;
    account.entries.remove(&id);
    accounts.keep_entry(account, id);
    Ok(was)
}

/// Whose entry it is to be.
fn person(account: &Account, caller: Caller, input: &Input) -> Result<usize, Reply> {
    let Some(id) = input.user_id.flatten() else { return Ok(caller.person) };
    match account.person(id) {
        Some((place, _)) if caller.writes_for(account, place) => Ok(place),
        None if caller.is_administrator() => Err(errors::invalid(&["User is invalid".to_owned()])),
        _ => Err(errors::forbidden()),
    }
}

fn assignment_problems(account: &Account, entry: &Entry) -> Option<String> {
    let problem = match account.project(entry.project_id) {
        None => "Project is invalid",
        Some((_, project)) if !project.is_active => "Project is archived",
        Some((_, project)) => match assignment_of(account, project, entry.task_id) {
            None => "Task isn't assigned to this project",
            Some(assignment) if !assignment.is_active => "Task isn't active on this project",
            Some(_) if project.assignment_of(entry.person).is_none() => "User isn't assigned to this project",
            Some(_) => return None,
        },
    };
    Some(problem.to_owned())
}
