//! Which endpoint of Harvest a call is for.

use http::Method;

use super::accounts::Accounts;
use super::caller::Caller;
use super::tokens::Tokens;
use super::{entries, errors, reads, timer};
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;
use crate::kernel::sync::lock;

/// Answers one call, or refuses it.
pub(super) fn answer(tokens: &Tokens, accounts: &Accounts, call: &Call) -> Result<Reply, Reply> {
    let caller = Caller::admit(tokens, call)?;
    // Location headers of created entries name the path with `/api` in front.
    let path = call.path.strip_prefix("/api").unwrap_or(&call.path);
    let path = path.strip_prefix("/v2/").ok_or_else(errors::not_found)?;
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    let id = |text: &str| text.parse::<u64>().map_err(|_| errors::not_found());
    let account = accounts.get(caller.account_id);
    let mut account = lock(&account);
    match (&call.method, parts.as_slice()) {
        (&Method::GET, ["time_entries"]) => entries::list(&account, caller, call),
        (&Method::POST, ["time_entries"]) => entries::create(accounts, &mut account, caller, call),
        (&Method::GET, ["time_entries", entry]) => entries::get(&account, caller, id(entry)?),
        (&Method::PATCH, ["time_entries", entry]) => {
            entries::update(accounts, &mut account, caller, call, id(entry)?)
        }
        (&Method::DELETE, ["time_entries", entry]) => {
            entries::delete(accounts, &mut account, caller, id(entry)?)
        }
        (&Method::PATCH, ["time_entries", entry, "stop"]) => {
            timer::stop(accounts, &mut account, caller, id(entry)?)
        }
        (&Method::PATCH, ["time_entries", entry, "restart"]) => {
            timer::restart(accounts, &mut account, caller, id(entry)?)
        }
        (&Method::GET, ["projects"]) => reads::projects(&account, caller, call),
        (&Method::GET, ["projects", project]) => reads::project(&account, caller, id(project)?),
        (&Method::GET, ["projects", project, "task_assignments"]) => {
            reads::task_assignments(&account, caller, call, Some(id(project)?))
        }
        (&Method::GET, ["task_assignments"]) => reads::task_assignments(&account, caller, call, None),
        (&Method::GET, ["tasks"]) => reads::tasks(&account, caller, call),
        (&Method::GET, ["clients"]) => reads::clients(&account, caller, call),
        (&Method::GET, ["company"]) => reads::company(&account, caller),
        (&Method::GET, ["users"]) => reads::users(&account, caller, call),
        (&Method::GET, ["users", "me"]) => reads::me(&account, caller),
        (&Method::GET, ["users", "me", "project_assignments"]) => {
            reads::project_assignments(&account, caller, call, None)
        }
        (&Method::GET, ["users", user]) => reads::user(&account, caller, id(user)?),
        (&Method::GET, ["users", user, "project_assignments"]) => {
            reads::project_assignments(&account, caller, call, Some(id(user)?))
        }
        _ => Err(errors::not_found()),
    }
}
