//! How a company logs time: by hours, or by start and end. Harvest documents the two variants, and not what it does
//! with the wrong one, so a mismatch is refused here, before anything is sent.
use std::time::Duration;

use granary_credential::{Credential, Kind};
use granary_rpc::{Deadline, Error, Reason};
use granary_upstream::{Effective, effective};
use moka::sync::Cache;
use serde_json::Value;

use crate::context::CallContext;
use crate::failure;

const COMPANY: &str = "/v2/company";
/// A company changes its mode rarely.
const MODE_TTL: Duration = Duration::from_secs(600);
const ENTRIES: u64 = 10_000;

/// What is known of companies, for each account and version of its credential.
pub(crate) struct TimerModes(Cache<Key, Mode>);

/// Whose company it is, and never the secret that reads it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    tenant: String,
    account: String,
    incarnation: Vec<u8>,
    kind: Kind,
    version: i64,
    harvest_account: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Hours,
    StartAndEnd,
    /// Members may not read the company; then Harvest decides.
    Unknown,
}

impl TimerModes {
    pub(crate) fn new() -> Self {
        Self(Cache::builder().max_capacity(ENTRIES).time_to_live(MODE_TTL).build())
    }
}

/// Refuses a request of the variant that the company does not use. A running timer belongs to both.
pub(crate) async fn check(context: &CallContext) -> Result<(), Error> {
    let given = |name: &str| context.input.has_field_by_name(name);
    let (hours, times) = (given("hours"), given("started_time") || given("ended_time"));
    if !hours && !times {
        return Ok(());
    }
    let (expected, text) = match mode(context).await? {
        Mode::StartAndEnd if hours => (
            "start_and_end",
            "the company logs time by start and end: give started_time and ended_time, not hours",
        ),
        Mode::Hours if times => {
            ("hours", "the company logs time by hours: give hours, not started_time and ended_time")
        }
        _ => return Ok(()),
    };
    Err(Error::new(Reason::TimerModeMismatch, text).with("expected", expected))
}

/// Forgets a mode that Harvest may have contradicted.
pub(crate) fn forget(context: &CallContext) {
    if let Ok(key) = key(context) {
        context.service.modes().0.invalidate(&key);
    }
}

/// What cannot be asked right now is not remembered, and does not stop the call: Harvest decides then, too.
async fn mode(context: &CallContext) -> Result<Mode, Error> {
    let key = key(context)?;
    let modes = &context.service.modes().0;
    if let Some(mode) = modes.get(&key) {
        return Ok(mode);
    }
    // The write itself must have time left.
    let half = Deadline::after(context.deadline.remaining() / 2);
    let Ok(answer) = context.send_within(failure::get(COMPANY), half).await else { return Ok(Mode::Unknown) };
    let mode = match effective(answer.status, None) {
        Effective::Success => {
            match answer.json().as_ref().and_then(|company| company.get("wants_timestamp_timers")) {
                Some(Value::Bool(true)) => Mode::StartAndEnd,
                Some(Value::Bool(false)) => Mode::Hours,
                Some(Value::String(text)) if text == "true" => Mode::StartAndEnd,
                Some(Value::String(text)) if text == "false" => Mode::Hours,
                _ => return Ok(Mode::Unknown),
            }
        }
        // Harvest's own word; a page in its place is asked past at the next call.
        Effective::Failed(403) if failure::text(&answer).is_some() => Mode::Unknown,
        Effective::Failed(_) => return Ok(Mode::Unknown),
    };
    modes.insert(key, mode);
    Ok(mode)
}

fn key(context: &CallContext) -> Result<Key, Error> {
    let grant = &context.grant;
    let (credential, version) = context.credential()?;
    let harvest_account = match credential {
        Credential::HarvestToken { account_id, .. } => Some(*account_id),
        _ => None,
    };
    Ok(Key {
        tenant: grant.tenant().to_owned(),
        account: grant.account().to_owned(),
        incarnation: grant.incarnation().to_vec(),
        kind: credential.kind(),
        version,
        harvest_account,
    })
}
