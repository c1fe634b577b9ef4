//! Who a call acts as.

use http::StatusCode;

use super::account::{Account, Entry, Person};
use super::errors;
use super::token::{Admission, Binding, Role};
use super::tokens::Tokens;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Who a call acts as, and what that person may see and do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caller {
    pub(super) account_id: u64,
    /// Place among the people of the account.
    pub(super) person: usize,
    pub(super) role: Role,
}

impl Caller {
    /// Checks what every call must bring. No account, or one that the token has no part in, is refused as a wrong token
    /// is: the documentation names no status for it, and callers report this one.
    pub(super) fn admit(tokens: &Tokens, call: &Call) -> Result<Self, Reply> {
        if call.header("user-agent").is_none_or(|agent| agent.trim().is_empty()) {
            return Err(errors::error(StatusCode::BAD_REQUEST, "User-Agent is required"));
        }
        let token = call.bearer().or_else(|| call.param("access_token")).unwrap_or_default();
        let account = call.header("harvest-account-id").or_else(|| call.param("account_id"));
        let account = account.and_then(|id| id.trim().parse().ok());
        match tokens.admit(token, account) {
            Admission::Unknown => Err(errors::unauthorized()),
            Admission::Forbidden => Err(errors::forbidden()),
            Admission::Throttled(seconds) => Err(errors::throttled(seconds)),
            Admission::Admitted(Binding { account_id, person, role }) => {
                Ok(Self { account_id, person, role })
            }
        }
    }

    pub(super) fn is_administrator(self) -> bool {
        self.role == Role::Administrator
    }

    pub(super) fn is_member(self) -> bool {
        self.role == Role::Member
    }

    /// What the caller's access roles are: those of the person, unless the token was given another role.
    pub(super) fn access(self, person: &Person) -> &'static [&'static str] {
        let (word, plain): (_, &[_]) = match self.role {
            Role::Administrator => ("administrator", &["administrator"]),
            Role::Manager => ("manager", &["manager"]),
            Role::Member => ("member", &["member"]),
        };
        if person.access.first() == Some(&word) { person.access } else { plain }
    }

    fn may(self, account: &Account, right: &str) -> bool {
        let Some(person) = account.people.get(self.person) else { return false };
        self.is_administrator() || (self.role == Role::Manager && self.access(person).contains(&right))
    }

    pub(super) fn sees_billable_rates(self, account: &Account) -> bool {
        self.may(account, "billable_rates_manager")
    }

    /// Whether the caller leads that project; `project` is its place in the account.
    pub(super) fn manages(self, project: usize) -> bool {
        self.is_administrator() || (self.role == Role::Manager && leads(self.person, project))
    }

    pub(super) fn has_teammate(self, person: usize) -> bool {
        self.role == Role::Manager && teammates(self.person).contains(&person)
    }

    pub(super) fn sees_person(self, person: usize) -> bool {
        self.is_administrator() || person == self.person || self.has_teammate(person)
    }

    pub(super) fn sees_entry(self, account: &Account, entry: &Entry) -> bool {
        self.sees_person(entry.person)
            || account.project(entry.project_id).is_some_and(|(place, _)| self.manages(place))
    }

    /// Whether the caller may make or change entries of that person.
    pub(super) fn writes_for(self, account: &Account, person: usize) -> bool {
        self.is_administrator()
            || person == self.person
            || (self.has_teammate(person) && self.may(account, "time_and_expenses_manager"))
    }
}

/// Whether that person is a project manager by the seed.
pub(super) fn is_project_manager(account: &Account, person: usize, project: usize) -> bool {
    account.people.get(person).is_some_and(|person| person.access.first() == Some(&"manager"))
        && leads(person, project)
}

/// Projects that a person leads while holding the manager role; whoever is given it has some.
fn leads(person: usize, project: usize) -> bool {
    if person == 7 { project % 4 == 1 } else { project.is_multiple_of(3) }
}

fn teammates(person: usize) -> &'static [usize] {
    if person == 7 { &[8, 9] } else { &[1, 3, 4, 5] }
}
