//! Time entries as they are before anybody touched them.

use std::collections::BTreeMap;

use jiff::ToSpan as _;

use super::super::account::{Account, Entry, ExternalReference};
use super::super::names;
use super::{DAY, LAST_DAY, PROJECTS_MADE, at};
use crate::decimal::Decimal;

const ENTRIES: u64 = 200;

/// Time entries of the last five months, from `first` upwards.
///
/// The map is built at once: filled one by one in rising order, its nodes would stay half empty.
pub(super) fn all(account: &Account, first: u64) -> BTreeMap<u64, Entry> {
    const HOURS: [(i64, u32); 8] = [(15, 1), (211, 2), (8, 0), (2, 2), (75, 2), (325, 2), (1, 0), (4, 0)];
    let make = |n: u64| {
        // Odd strides walk people, projects and days at different paces, so that every filter finds some of them.
        let step = usize::try_from(n).unwrap_or(0);
        let project = &account.projects[step * 5 % account.projects.len()];
        let member = project.people[step * 7 % project.people.len()].person;
        let assignment = &project.tasks[step * 3 % project.tasks.len()];
        let days = i64::try_from(n * 3 / 4).unwrap_or(0);
        let spent_date = LAST_DAY.checked_sub(days.days()).unwrap_or(LAST_DAY);
        let made =
            at(PROJECTS_MADE + 85 * DAY + 18_000 - days * DAY + i64::try_from(n % 7).unwrap_or(0) * 60);
        let (digits, scale) = HOURS[step % HOURS.len()];
        let billed = days > 75 && assignment.billable;
        let id = first + n;
        let entry = Entry {
            id,
            person: member,
            project_id: project.id,
            task_id: account.tasks[assignment.task].id,
            spent_date,
            hours: Decimal::new(digits, scale),
            notes: (!n.is_multiple_of(5)).then(|| names::NOTES[step % names::NOTES.len()].into()),
            external_reference: (n % 9 == 4).then(|| {
                Box::new(ExternalReference {
                    id: Some(format!("SBX-{n}")),
                    group_id: Some("SBXBOARD".to_owned()),
                    account_id: Some("sbx-tracker".to_owned()),
                    permalink: Some(format!("https://tracker.example.com/SBX-{n}")),
                })
            }),
            invoice: billed.then_some(15_340_000 + n / 10),
            timer_started_at: None,
            started: None,
            ended: None,
            created_at: made,
            updated_at: made,
        };
        (id, entry)
    };
    (0..ENTRIES).map(make).collect()
}
