//! All runs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http::StatusCode;
use jiff::Timestamp;
use serde_json::json;

use super::actor::Actor;
use super::errors::{error, no_actor};
use super::options::{Options, integer, param};
use super::route::Target;
use super::run::Run;
use super::status::End;
use super::token::Account;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;
use crate::kernel::sync::lock;

/// Runs by number; they are forgotten when the sandbox stops. When there are too many, the oldest finished ones go.
pub(super) struct Runs {
    register: Mutex<Register>,
}

struct Register {
    /// Starts at the time of day, so that ids of an earlier sandbox mean nothing to a later one.
    last: u64,
    runs: BTreeMap<u64, Arc<Run>>,
    weight: usize,
}

/// Runs that are kept.
const MAX_RUNS: usize = 1000;
/// Rows that all kept runs together may come to hold, at about a hundred bytes each.
const MAX_ROWS: usize = 100_000;
/// Rows of one answer of the list of runs.
const MAX_LISTED: u64 = 1000;

impl Runs {
    pub(super) fn new() -> Self {
        let last = u64::try_from(Timestamp::now().as_millisecond()).unwrap_or(0);
        Self { register: Mutex::new(Register { last, runs: BTreeMap::new(), weight: 0 }) }
    }

    /// Ends and forgets all of them; none of them charges anything after this.
    pub(super) fn clear(&self) {
        let mut register = lock(&self.register);
        for run in std::mem::take(&mut register.runs).into_values() {
            run.end(End::ABORTED);
            run.abort();
        }
        register.weight = 0;
    }

    /// Makes a run that does nothing yet.
    pub(super) fn add(
        &self,
        token: &str,
        account: &Account,
        actor: Actor,
        options: Options,
        weight: usize,
    ) -> Result<Arc<Run>, Reply> {
        let mut register = lock(&self.register);
        register.make_room(weight);
        if register.runs.len() >= MAX_RUNS || register.weight + weight > MAX_ROWS {
            let text = "Too many runs are going on in this simulator";
            return Err(error(StatusCode::PAYMENT_REQUIRED, "concurrent-runs-limit-exceeded", text));
        }
        register.last += 1;
        let run = Arc::new(Run::new(register.last, token, account.user_id(), actor, options, weight));
        register.runs.insert(run.number, run.clone());
        register.weight += weight;
        Ok(run)
    }

    /// A run that belongs to this token.
    pub(super) fn of_run(&self, id: &str, token: &str) -> Option<Arc<Run>> {
        self.find(id, token).filter(|run| run.id() == id)
    }

    /// The run whose dataset this is.
    pub(super) fn of_dataset(&self, id: &str, token: &str) -> Option<Arc<Run>> {
        self.find(id, token).filter(|run| run.dataset_id() == id)
    }

    /// Runs of a token, the oldest first unless `desc` is set.
    pub(super) fn list(&self, call: &Call, token: &str, target: Option<Target>) -> Result<Reply, Reply> {
        if target == Some(None) {
            return Err(no_actor());
        }
        let offset = usize::try_from(integer(call, "offset")?.unwrap_or(0)).unwrap_or(usize::MAX);
        let limit = integer(call, "limit")?.unwrap_or(MAX_LISTED).min(MAX_LISTED);
        let desc = matches!(param(call, "desc"), Some("1" | "true"));
        let status = param(call, "status");
        let mut found: Vec<_> = lock(&self.register)
            .runs
            .values()
            .filter(|run| *run.token == *token && target.flatten().is_none_or(|actor| actor == run.actor))
            .filter(|run| status.is_none_or(|status| status == run.status().word()))
            .cloned()
            .collect();
        if desc {
            found.reverse();
        }
        let taken = usize::try_from(limit).unwrap_or(usize::MAX);
        let rows: Vec<_> = found.iter().skip(offset).take(taken).map(|run| run.summary()).collect();
        let data = json!({
            "total": found.len(),
            "offset": offset,
            "limit": limit,
            "desc": desc,
            "count": rows.len(),
            "items": rows,
        });
        Ok(Reply::json(StatusCode::OK, &json!({"data": data})))
    }

    fn find(&self, id: &str, token: &str) -> Option<Arc<Run>> {
        let number: u64 = id.get(4..)?.parse().ok()?;
        let run = lock(&self.register).runs.get(&number).cloned();
        run.filter(|run| *run.token == *token)
    }
}

impl Drop for Runs {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Register {
    fn make_room(&mut self, weight: usize) {
        while self.runs.len() >= MAX_RUNS || self.weight + weight > MAX_ROWS {
            let finished = self.runs.values().find(|run| run.status().is_final());
            let Some(number) = finished.map(|run| run.number) else { return };
            if let Some(run) = self.runs.remove(&number) {
                self.weight -= run.weight;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::token::Settings;
    use super::*;

    fn add(runs: &Runs, weight: usize) -> Result<Arc<Run>, Reply> {
        let account =
            Account { number: 1, balance: crate::decimal::Micros(0), settings: Settings::default() };
        let options =
            Options { timeout_secs: 1, memory: 512, max_items: None, cap: None, build: "latest".to_owned() };
        runs.add("token", &account, Actor::Profiles, options, weight)
    }

    #[test]
    fn the_oldest_finished_runs_make_room() {
        let runs = Runs::new();
        let going = add(&runs, 1).ok().unwrap();
        let ended: Vec<_> = (0..MAX_RUNS + 5)
            .map(|_| {
                let run = add(&runs, 1).ok().unwrap();
                run.end(End::CAPPED);
                run
            })
            .collect();
        let is_kept = |run: &Run| runs.of_run(&run.id(), "token").is_some();
        assert!(is_kept(&going) && !is_kept(&ended[5]) && is_kept(&ended[6]));
        assert_eq!(lock(&runs.register).runs.len(), MAX_RUNS);
        assert_eq!(lock(&runs.register).weight, MAX_RUNS);

        let heavy = add(&runs, MAX_ROWS - 1).ok().unwrap();
        assert!(is_kept(&going) && is_kept(&heavy) && !is_kept(&ended[MAX_RUNS + 4]));
        // Nothing that still goes on is given up for a new one.
        assert_eq!(add(&runs, 1).err().unwrap().status, StatusCode::PAYMENT_REQUIRED);
        heavy.end(End::CAPPED);
        assert!(add(&runs, 1).is_ok());
    }

    #[test]
    fn a_cleared_run_is_over() {
        let runs = Runs::new();
        let run = add(&runs, 1).ok().unwrap();
        runs.clear();
        assert!(run.status().is_final() && runs.of_run(&run.id(), "token").is_none());
        assert_eq!(lock(&runs.register).weight, 0);
    }
}
