//! Accounts as they are before anybody touched them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, date};

use super::account::{Account, Client, Person, Project, Task, TaskAssignment, UserAssignment};
use super::names;
use crate::decimal::Decimal;

mod entries;

/// Account of the first token; the others follow it.
pub(super) const FIRST_ACCOUNT: u64 = 910_001;
/// The latest day that time was spent on.
const LAST_DAY: Date = date(2026, 3, 31);
/// 2026-01-05T09:00:00Z, when the newest projects were made.
const PROJECTS_MADE: i64 = 1_767_603_600;
/// 2026-02-01T09:00:00Z.
const PROJECTS_CHANGED: i64 = 1_769_936_400;
/// 2025-11-03T10:00:00Z.
const PEOPLE_MADE: i64 = 1_762_164_000;
/// 2026-02-11T10:00:00Z.
const PEOPLE_CHANGED: i64 = 1_770_804_000;
const DAY: i64 = 86_400;

/// Where the ids of an account begin; they are unlike those of every other account.
struct Ids {
    client: u64,
    project: u64,
    task: u64,
    person: u64,
    task_assignment: u64,
    user_assignment: u64,
    entry: u64,
    next_entry: u64,
}

/// The account of that id, the same on every machine.
pub(super) fn account(id: u64) -> Account {
    let ids = Ids::of(id);
    let first = id == FIRST_ACCOUNT;
    let pool = if first { &names::FIRST } else { &names::OTHERS };
    let people = people(&ids, first);
    let mut account = Account {
        id,
        name: pool.company,
        timestamp_timers: false,
        clients: (0_u64..)
            .zip(pool.clients)
            .map(|(n, (name, currency))| Client { id: ids.client + n, name, currency })
            .collect(),
        tasks: (0_u64..)
            .zip(names::TASKS)
            .map(|(n, (name, billable))| Task { id: ids.task + n, name, billable })
            .collect(),
        projects: projects(&ids, pool, first, people.len()),
        people,
        entries: BTreeMap::new(),
        next_entry: ids.next_entry,
    };
    account.entries = entries::all(&account, ids.entry);
    account
}

impl Ids {
    fn of(account: u64) -> Self {
        if account == FIRST_ACCOUNT {
            return Self {
                client: 7_300_001,
                project: 12_345_678,
                task: 87_654_321,
                person: 1_900_001,
                task_assignment: 220_710_201,
                user_assignment: 190_550_101,
                entry: 2_799_990_000,
                next_entry: 2_800_000_001,
            };
        }
        let base = account * 1000;
        Self {
            client: base + 1,
            project: base + 11,
            task: base + 31,
            person: base + 51,
            task_assignment: base + 101,
            user_assignment: base + 301,
            entry: account * 100_000,
            next_entry: account * 100_000 + 1001,
        }
    }
}

fn people(ids: &Ids, first: bool) -> Vec<Person> {
    let pool = if first { &names::FIRST } else { &names::OTHERS };
    let make = |(n, (given, family)): (usize, (&'static str, &'static str))| {
        // The three newest are the owner, a contractor without rates, and a project manager.
        let age = if n < 3 { 0 } else { i64::try_from(n).unwrap_or(0) * 9 * DAY };
        Person {
            id: ids.person + n as u64,
            first: given,
            last: family,
            telephone: if n == 1 { "+1 555 0100" } else { "" },
            timezone: if n % 5 == 2 { "Berlin" } else { "Eastern Time (US & Canada)" },
            is_contractor: n % 6 == 1,
            is_active: n != 14,
            weekly_capacity: if n % 6 == 1 { 72_000 } else { 126_000 },
            hourly_rate: (n % 6 != 1).then(|| Decimal::new(120 - (n as i64 / 3) * 10, 0)),
            cost_rate: (n % 6 != 1).then(|| Decimal::new(60 - (n as i64 / 3) * 5, 0)),
            roles: match n {
                0 => &["Founder", "Developer"],
                1 => &[],
                n if n % 2 == 0 => &["Developer"],
                _ => &["Designer", "Writer"],
            },
            access: match (n, first) {
                (0 | 11, _) => &["administrator"],
                (2, true) => &["manager", "project_creator", "billable_rates_manager"],
                (2 | 7, _) => &["manager", "time_and_expenses_manager", "billable_rates_manager"],
                _ => &["member"],
            },
            created_at: at(PEOPLE_MADE - age),
            updated_at: at(PEOPLE_CHANGED - age),
        }
    };
    pool.people.into_iter().enumerate().map(make).collect()
}

fn projects(ids: &Ids, pool: &names::Pool, first: bool, people: usize) -> Vec<Project> {
    let (mut task_assignment, mut user_assignment) = (ids.task_assignment, ids.user_assignment);
    let mut made = Vec::new();
    for (n, (name, code, client)) in pool.projects.into_iter().enumerate() {
        // The newest project has three tasks; the others share them and have two more of their own.
        let mut places = vec![0, 1, 2];
        if n > 0 {
            places.extend([3 + n % 2, 5 + n % 3]);
        }
        let tasks = places.into_iter().map(|task| {
            let id = task_assignment;
            task_assignment += 1;
            let billable = task != 1 && n != 2;
            let rate = if task == 2 { Decimal::new(905, 1) } else { Decimal::new(120, 0) };
            TaskAssignment {
                id,
                task,
                is_active: !(first && n == 0 && task == 2),
                billable,
                hourly_rate: billable.then_some(rate),
            }
        });
        let tasks = tasks.collect();
        let members =
            (0..people).filter(|person| *person == 0 || n == 0 || (person + n) % 3 == 0).map(|person| {
                let id = user_assignment;
                user_assignment += 1;
                UserAssignment { id, person }
            });
        let people = members.collect();
        let age = if n < 3 { 0 } else { i64::try_from(n).unwrap_or(0) * 20 * DAY };
        let fixed = n % 4 == 1;
        let internal = n % 4 == 2;
        made.push(Project {
            id: ids.project + n as u64,
            client,
            name,
            code,
            is_active: n % 6 != 5,
            is_billable: !internal,
            bill_by: if fixed || internal { "none" } else { ["Project", "Tasks", "People"][n % 3] },
            budget_by: match n % 4 {
                1 => "project_cost",
                2 => "none",
                _ => "project",
            },
            hourly_rate: (!fixed && !internal).then(|| Decimal::new(120, 0)),
            budget: (!fixed && !internal).then(|| Decimal::new(200, 0)),
            cost_budget: fixed.then(|| Decimal::new(40_000, 0)),
            fee: fixed.then(|| Decimal::new(50_000, 0)),
            over_budget_on: fixed.then(|| date(2026, 3, 15)),
            notes: (!internal).then_some(""),
            starts_on: (!internal).then(|| date(2026, 1, 5)),
            ends_on: fixed.then(|| date(2026, 12, 31)),
            created_at: at(PROJECTS_MADE - age),
            updated_at: at(PROJECTS_CHANGED - age),
            tasks,
            people,
        });
    }
    made
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_account_holds_what_is_promised() {
        let account = account(FIRST_ACCOUNT);
        let project = &account.projects[0];
        assert_eq!((project.id, project.name), (12_345_678, "Acme Corp Website"));
        let tasks: Vec<_> = project
            .tasks
            .iter()
            .map(|t| (account.tasks[t.task].id, account.tasks[t.task].name, t.is_active))
            .collect();
        assert_eq!(
            tasks,
            [
                (87_654_321, "Development", true),
                (87_654_322, "Internal Meetings", true),
                (87_654_323, "Design", false)
            ]
        );
        assert_eq!((account.people.len(), account.entries.len()), (15, 200));
        assert_eq!(account.entries.values().map(|e| e.spent_date).max(), Some(LAST_DAY));
    }

    #[test]
    fn ids_of_two_accounts_never_meet() {
        let (a, b) = (account(910_002), account(910_003));
        assert!(a.projects.iter().all(|p| b.project(p.id).is_none()));
        assert!(a.people.iter().all(|p| b.person(p.id).is_none()));
        assert!(a.entries.keys().all(|id| !b.entries.contains_key(id)));
        let assignments = a.projects.iter().map(|p| p.people.len()).sum::<usize>();
        assert!(assignments < 600, "assignment ids would run into the next account: {assignments}");
    }
}
