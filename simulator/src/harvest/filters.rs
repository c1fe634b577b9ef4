//! Filters of a list.

use jiff::Timestamp;
use jiff::civil::Date;

use super::errors;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Reads filters out of a query and collects what is wrong with them.
pub(super) struct Filters<'a> {
    call: &'a Call,
    problems: Vec<String>,
}

impl<'a> Filters<'a> {
    pub(super) fn of(call: &'a Call) -> Self {
        Self { call, problems: Vec::new() }
    }

    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.call.param(name).filter(|text| !text.is_empty())
    }

    pub(super) fn id(&mut self, name: &str) -> Option<u64> {
        self.read(name, |text| text.parse().ok())
    }

    pub(super) fn boolean(&mut self, name: &str) -> Option<bool> {
        self.read(name, |text| match text {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })
    }

    pub(super) fn date(&mut self, name: &str) -> Option<Date> {
        self.read(name, date)
    }

    /// A point in time; a bare date is its midnight in UTC.
    pub(super) fn moment(&mut self, name: &str) -> Option<Timestamp> {
        self.read(name, |text| match date(text) {
            Some(day) => day.at(0, 0, 0, 0).in_tz("UTC").ok().map(|zoned| zoned.timestamp()),
            None => text.parse().ok(),
        })
    }

    /// Fails when any filter that was read could not be understood.
    pub(super) fn finish(self) -> Result<(), Reply> {
        if self.problems.is_empty() { Ok(()) } else { Err(errors::invalid(&self.problems)) }
    }

    fn read<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let parsed = parse(self.text(name)?);
        if parsed.is_none() {
            self.problems.push(format!("{name} is invalid"));
        }
        parsed
    }
}

/// Exactly `YYYY-MM-DD`; jiff alone would take more.
pub(super) fn date(text: &str) -> Option<Date> {
    (text.len() == 10).then(|| text.parse().ok()).flatten()
}
