//! Why Harvest refused an entry: time can be logged only on projects and tasks that are assigned to the user, and
//! Harvest's own words do not name those. So they are looked up, once a refusal may be about them.
use std::fmt::Display;

use granary_proto::granary::harvest::v1::{ListMyProjectAssignmentsResponse, ProjectAssignment};
use granary_proto::granary::types::v1::More;
use granary_rpc::{Error, Reason, Violation};
use granary_upstream::{Effective, effective};
use serde_json::Value;

use crate::answer::{Listed, to_list};
use crate::asked::integer;
use crate::context::{CallContext, ME};
use crate::failure;

const LIST: &str = "/granary.harvest.v1.HarvestTime/ListMyProjectAssignments";
/// Enough for 2,000 projects; a longer list is not searched to its end.
const PAGES: i32 = 10;
const PER_PAGE: i32 = 200;
/// How many valid ones an error names, and in how many bytes: it travels in trailers, of which peers take 8 KiB.
const NAMED: usize = 20;
const NAMED_BYTES: usize = 900;
/// Characters of one name.
const NAME: usize = 40;

/// What an entry is, or was to be, logged on.
struct AssignmentPlace {
    project: i64,
    task: i64,
    /// Whose entry it is; absent: the user's own.
    user: Option<i64>,
}

/// The refusal, or `NOT_ASSIGNED` with the valid projects or tasks. Whatever fails on the way leaves the refusal.
pub(crate) async fn explain(context: &CallContext, refusal: Error) -> Error {
    if !may_be_about_assignments(&refusal) {
        return refusal;
    }
    let Some(place) = place(context).await else { return refusal };
    let Some(assigned) = assigned(context, place.user).await else { return refusal };
    not_assigned(&place, &assigned).unwrap_or(refusal)
}

fn may_be_about_assignments(refusal: &Error) -> bool {
    refusal.get("upstream_message").is_none_or(|text| {
        let text = text.to_lowercase();
        ["project", "task", "assign"].iter().any(|word| text.contains(word))
    })
}

fn not_assigned(place: &AssignmentPlace, assigned: &[ProjectAssignment]) -> Option<Error> {
    let (project, task) = (place.project, place.task);
    let active = || assigned.iter().filter(|a| a.is_active != Some(false));
    let Some(found) = active().find(|a| a.project.as_ref().and_then(|p| p.id) == Some(project)) else {
        let valid = named(active().filter_map(|a| a.project.as_ref()).map(|p| (p.id, p.name.as_deref())));
        return Some(error(
            "project_id",
            format!("project {project} is not assigned to the user"),
            "projects",
            valid,
        ));
    };
    let tasks = || {
        found.task_assignments.iter().filter(|t| t.is_active != Some(false)).filter_map(|t| t.task.as_ref())
    };
    if tasks().any(|t| t.id == Some(task)) {
        return None;
    }
    let valid = named(tasks().map(|t| (t.id, t.name.as_deref())));
    Some(error("task_id", format!("task {task} is not assigned to project {project}"), "tasks", valid))
}

fn error(field: &str, what: String, of: &'static str, valid: String) -> Error {
    let valid = if valid.is_empty() { "none".to_owned() } else { valid };
    let key = if of == "tasks" { "valid_tasks" } else { "valid_projects" };
    Error::new(Reason::NotAssigned, format!("{what}; valid {of}: {valid}"))
        .with("field", field)
        .with(key, valid)
        .with_violations(vec![Violation { field: field.to_owned(), description: what }])
}

/// "id name" of each.
fn named<'a>(all: impl Iterator<Item = (Option<i64>, Option<&'a str>)>) -> String {
    let mut text = String::new();
    for (id, name) in all.filter_map(|(id, name)| Some((id?, name.unwrap_or_default()))).take(NAMED) {
        let name: String = failure::short(name).chars().take(NAME).collect();
        let one = format!("{id} {name}");
        let gap = if text.is_empty() { "" } else { ", " };
        if text.len() + gap.len() + one.len() > NAMED_BYTES {
            break;
        }
        text.push_str(gap);
        text.push_str(one.trim_end());
    }
    text
}

/// Where the entry was to be. A partial change keeps what it does not name, so the entry itself is asked for.
async fn place(context: &CallContext) -> Option<AssignmentPlace> {
    let given = |field: &str| integer(&context.input, field);
    let Some(id) = given("time_entry_id") else {
        return Some(AssignmentPlace {
            project: given("project_id")?,
            task: given("task_id")?,
            user: given("user_id"),
        });
    };
    if given("project_id").is_none() && given("task_id").is_none() {
        return None;
    }
    let entry = read(context, format!("/v2/time_entries/{id}")).await?;
    let current = |part: &str| entry.get(part)?.get("id")?.as_i64();
    Some(AssignmentPlace {
        project: given("project_id").or_else(|| current("project"))?,
        task: given("task_id").or_else(|| current("task"))?,
        user: current("user"),
    })
}

/// The projects of a user; members may ask for their own only, and under no other name than "me".
async fn assigned(context: &CallContext, user: Option<i64>) -> Option<Vec<ProjectAssignment>> {
    let Some(user) = user else { return pages(context, &"me").await };
    let own = read(context, ME.to_owned()).await?.get("id")?.as_i64()?;
    if own == user { pages(context, &"me").await } else { pages(context, &user).await }
}

/// Every page, or nothing where the list is not known to its end.
async fn pages(context: &CallContext, user: &(dyn Display + Sync)) -> Option<Vec<ProjectAssignment>> {
    let output = context.service.table().path(LIST)?.descriptor.output();
    let mut all = Vec::new();
    let mut number = 1;
    for _ in 0..PAGES {
        let mut call = failure::get(format!("/v2/users/{user}/project_assignments"));
        call.query =
            vec![("page".to_owned(), number.to_string()), ("per_page".to_owned(), PER_PAGE.to_string())];
        let answer = context.send(call).await.ok()?;
        if effective(answer.status, None) != Effective::Success {
            return None;
        }
        let page: ListMyProjectAssignmentsResponse = to_list(context, &output, &answer, number).ok()?;
        let info = page.page()?;
        let (more, next) = (info.more(), info.next.as_ref().and_then(|next| next.page));
        all.extend(page.project_assignments);
        match (more, next) {
            (More::No, _) => return Some(all),
            (More::Yes, Some(next)) if next > number => number = next,
            _ => return None,
        }
    }
    None
}

async fn read(context: &CallContext, path: String) -> Option<Value> {
    let answer = context.send(failure::get(path)).await.ok()?;
    if effective(answer.status, None) == Effective::Success { answer.json() } else { None }
}
