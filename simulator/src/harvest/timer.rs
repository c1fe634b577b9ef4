//! Running timers, and the times that an entry is given.

use http::StatusCode;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::account::{Account, Entry, now};
use super::accounts::Accounts;
use super::caller::Caller;
use super::entry_access::changeable;
use super::input::Input;
use super::{entry_row, errors};
use crate::decimal::Decimal;
use crate::kernel::reply::Reply;

/// Stops a running timer; its hours become what has passed, to two decimals.
pub(super) fn stop(
    accounts: &Accounts,
    account: &mut Account,
    caller: Caller,
    id: u64,
) -> Result<Reply, Reply> {
    let mut entry = changeable(account, caller, id)?.clone();
    if !entry.is_running() {
        return Err(errors::invalid(&["Time entry isn't running".to_owned()]));
    }
    let now = now();
    halt(account, &mut entry, now);
    keep(accounts, account, caller, entry, now)
}

/// Goes on with a stopped entry; whatever else runs for the same person stops.
pub(super) fn restart(
    accounts: &Accounts,
    account: &mut Account,
    caller: Caller,
    id: u64,
) -> Result<Reply, Reply> {
    let mut entry = changeable(account, caller, id)?.clone();
    if entry.is_running() {
        return Err(errors::invalid(&["Time entry is already running".to_owned()]));
    }
    let now = now();
    stop_others(accounts, account, &entry, now);
    entry.timer_started_at = Some(now);
    entry.updated_at = now;
    if account.timestamp_timers {
        entry.started = entry.started.or_else(|| Some(wall_clock(now)));
        entry.ended = None;
    }
    keep(accounts, account, caller, entry, now)
}

/// A person has one running timer at most.
pub(super) fn stop_others(accounts: &Accounts, account: &mut Account, entry: &Entry, now: Timestamp) {
    let others: Vec<_> = account
        .entries
        .values()
        .filter(|other| other.is_running() && other.person == entry.person && other.id != entry.id)
        .cloned()
        .collect();
    for mut other in others {
        halt(account, &mut other, now);
        let id = other.id;
        account.entries.insert(id, other);
        accounts.keep_entry(account, id);
    }
}

/// Sets hours or times as sent; a new entry that gets neither an amount nor an end runs. Answers what does not fit.
pub(super) fn apply(
    account: &Account,
    entry: &mut Entry,
    input: &Input,
    now: Timestamp,
    new: bool,
) -> Option<String> {
    if !account.timestamp_timers {
        match input.hours.flatten() {
            Some(hours) => {
                entry.hours = hours;
                // Setting the hours of a running entry lets it count on from there.
                entry.timer_started_at = entry.timer_started_at.map(|_| now);
            }
            None if new => entry.timer_started_at = Some(now),
            None => {}
        }
        return None;
    }
    if new {
        entry.started = Some(input.started.flatten().unwrap_or_else(|| wall_clock(now)));
    } else {
        entry.started = input.started.flatten().or(entry.started);
    }
    if let Some(ended) = input.ended.flatten() {
        entry.ended = Some(ended);
        entry.timer_started_at = None;
    } else if new {
        entry.timer_started_at = Some(now);
    }
    let sent = input.started.flatten().is_some() || input.ended.flatten().is_some();
    if let (Some(started), Some(ended)) = (entry.started, entry.ended)
        && sent
    {
        let Some(minutes) = ended.checked_sub(started) else {
            return Some("Ended time must be after started time".to_owned());
        };
        entry.hours = Decimal::hours_of_seconds(i64::from(minutes) * 60);
    }
    None
}

fn halt(account: &Account, entry: &mut Entry, now: Timestamp) {
    entry.hours = entry.hours_at(now);
    entry.timer_started_at = None;
    entry.updated_at = now;
    if account.timestamp_timers {
        entry.ended = Some(wall_clock(now));
    }
}

fn keep(
    accounts: &Accounts,
    account: &mut Account,
    caller: Caller,
    entry: Entry,
    now: Timestamp,
) -> Result<Reply, Reply> {
    let id = entry.id;
    account.entries.insert(id, entry);
    accounts.keep_entry(account, id);
    Ok(Reply::json(StatusCode::OK, &entry_row::row(account, caller, &account.entries[&id], now)))
}

/// Minutes after midnight in UTC; the zones that people are set to do not move the clock of this simulator.
fn wall_clock(now: Timestamp) -> u16 {
    let time = TimeZone::UTC.to_datetime(now).time();
    u16::from(time.hour().unsigned_abs()) * 60 + u16::from(time.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::super::seed::{self, FIRST_ACCOUNT};
    use super::*;

    #[test]
    fn a_running_timer_adds_what_has_passed() {
        let mut entry = seed::account(FIRST_ACCOUNT).entries.into_values().next().unwrap();
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        entry.hours = Decimal::new(1, 1);
        assert_eq!(entry.hours_at(at(0)).to_string(), "0.1");
        entry.timer_started_at = Some(at(0));
        assert_eq!(entry.hours_at(at(720)).to_string(), "0.3");
        assert_eq!(entry.hours_at(at(19)).to_string(), "0.11");
    }
}
