//! Who and what is assigned to a project, on the wire.

use jiff::Timestamp;
use serde::Serialize;

use super::account::{Account, Project, TaskAssignment, UserAssignment};
use super::caller::{Caller, is_project_manager};
use super::rows::{Named, ProjectRef, project_ref};
use crate::decimal::Decimal;

#[derive(Serialize)]
pub(super) struct TaskAssignmentRow<'a> {
    id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<ProjectRef<'a>>,
    task: Named<'a>,
    is_active: bool,
    billable: bool,
    hourly_rate: Option<Decimal>,
    budget: Option<Decimal>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize)]
pub(super) struct ProjectAssignmentRow<'a> {
    id: u64,
    is_project_manager: bool,
    is_active: bool,
    use_default_rates: bool,
    budget: Option<Decimal>,
    created_at: Timestamp,
    updated_at: Timestamp,
    hourly_rate: Option<Decimal>,
    project: ProjectRef<'a>,
    client: Named<'a>,
    task_assignments: Vec<TaskAssignmentRow<'a>>,
}

/// Assignments are made five minutes after their project.
const FIVE_MINUTES: i64 = 300;

pub(super) fn task_assignment<'a>(
    account: &'a Account,
    project: &'a Project,
    assignment: &TaskAssignment,
    with_project: bool,
) -> TaskAssignmentRow<'a> {
    let task = &account.tasks[assignment.task];
    TaskAssignmentRow {
        id: assignment.id,
        project: with_project.then(|| project_ref(project)),
        task: Named { id: task.id, name: task.name },
        is_active: assignment.is_active,
        billable: assignment.billable,
        hourly_rate: assignment.hourly_rate,
        budget: None,
        created_at: made(project),
        updated_at: made(project),
    }
}

pub(super) fn project_assignment<'a>(
    account: &'a Account,
    caller: Caller,
    place: usize,
    assignment: &UserAssignment,
) -> ProjectAssignmentRow<'a> {
    let project = &account.projects[place];
    let client = &account.clients[project.client];
    let active = project.tasks.iter().filter(|task| task.is_active);
    ProjectAssignmentRow {
        id: assignment.id,
        is_project_manager: is_project_manager(account, assignment.person, place),
        is_active: true,
        use_default_rates: true,
        budget: None,
        created_at: project.created_at,
        updated_at: project.created_at,
        hourly_rate: project.hourly_rate.filter(|_| caller.sees_billable_rates(account)),
        project: project_ref(project),
        client: Named { id: client.id, name: client.name },
        task_assignments: active.map(|task| task_assignment(account, project, task, false)).collect(),
    }
}

/// When the assignments of a project were made.
pub(super) fn made(project: &Project) -> Timestamp {
    Timestamp::from_second(project.created_at.as_second() + FIVE_MINUTES).unwrap_or(project.created_at)
}
