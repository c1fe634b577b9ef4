//! Every call that came in, with the credentials that it carried.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use http::StatusCode;
use serde::Serialize;

use super::call::Call;
use super::sync::lock;

/// Every call in order of arrival; the oldest fall out once [`Journal::MAX_CALLS`] is reached.
pub(crate) struct Journal {
    calls: Mutex<Calls>,
}

struct Calls {
    /// Number of the call at the front of `entries`.
    first: u64,
    entries: VecDeque<Entry>,
    /// Targets, methods and credential values recur in most calls, so each is kept once, as is each set of values.
    texts: HashSet<Arc<str>>,
    sets: HashSet<Arc<[Arc<str>]>>,
}

struct Entry {
    path: Arc<str>,
    credentials: Arc<[Arc<str>]>,
    method: Arc<str>,
    vendor: &'static str,
    status: u16,
}

#[derive(Serialize)]
struct Row<'a> {
    number: u64,
    api: &'static str,
    method: &'a str,
    path: &'a str,
    status: u16,
    credentials: Vec<&'a str>,
}

impl Journal {
    pub(crate) const MAX_CALLS: usize = 250_000;
    /// Characters of one target that are kept.
    const MAX_TARGET: usize = 8192;
    /// Texts that are kept for calls to come; a call that is in the journal keeps its own.
    const MAX_TEXTS: usize = 20_000;

    pub(crate) fn new() -> Self {
        Self { calls: Mutex::new(Calls::new()) }
    }

    /// Notes a call that has just arrived; its status is 0 until [`Journal::finish`].
    pub(crate) fn arrive(&self, vendor: &'static str, call: &Call) -> u64 {
        let mut path = call.target();
        if path.len() > Self::MAX_TARGET {
            path = path.chars().take(Self::MAX_TARGET).collect();
        }
        let mut calls = lock(&self.calls);
        let path = calls.text(&path);
        let method = calls.text(call.method.as_str());
        let values: Vec<_> = call.credentials.iter().map(|arrived| calls.text(&arrived.value)).collect();
        let credentials = calls.set(&values);
        let entry = Entry { path, credentials, method, vendor, status: 0 };
        calls.push(entry)
    }

    pub(crate) fn finish(&self, number: u64, status: StatusCode) {
        let mut calls = lock(&self.calls);
        let Some(index) = number.checked_sub(calls.first).and_then(|at| usize::try_from(at).ok()) else {
            return;
        };
        if let Some(entry) = calls.entries.get_mut(index) {
            entry.status = status.as_u16();
        }
    }

    /// Writes up to `limit` calls after number `after` as JSON objects; answers the last number written.
    pub(crate) fn write_after(
        &self,
        after: u64,
        limit: usize,
        out: &mut Vec<u8>,
        mut comma: bool,
    ) -> Option<u64> {
        let calls = lock(&self.calls);
        let skip = usize::try_from((after + 1).saturating_sub(calls.first)).unwrap_or(usize::MAX);
        let mut last = None;
        for (index, entry) in calls.entries.iter().enumerate().skip(skip).take(limit) {
            let number = calls.first + index as u64;
            if comma {
                out.push(b',');
            }
            comma = true;
            let row = Row {
                number,
                api: entry.vendor,
                method: &entry.method,
                path: &entry.path,
                status: entry.status,
                credentials: entry.credentials.iter().map(AsRef::as_ref).collect(),
            };
            // Writing to memory cannot fail.
            let _ = serde_json::to_writer(&mut *out, &row);
            last = Some(number);
        }
        last
    }

    pub(crate) fn clear(&self) {
        let mut calls = lock(&self.calls);
        *calls = Calls::new();
    }
}

impl Calls {
    fn new() -> Self {
        Self { first: 1, entries: VecDeque::new(), texts: HashSet::new(), sets: HashSet::new() }
    }

    fn push(&mut self, entry: Entry) -> u64 {
        if self.entries.len() == Journal::MAX_CALLS {
            self.entries.pop_front();
            self.first += 1;
        }
        self.entries.push_back(entry);
        self.first + self.entries.len() as u64 - 1
    }

    fn text(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        if self.texts.len() >= Journal::MAX_TEXTS {
            self.texts.clear();
        }
        let text: Arc<str> = text.into();
        self.texts.insert(text.clone());
        text
    }

    fn set(&mut self, values: &[Arc<str>]) -> Arc<[Arc<str>]> {
        if let Some(known) = self.sets.get(values) {
            return known.clone();
        }
        if self.sets.len() >= Journal::MAX_TEXTS {
            self.sets.clear();
        }
        let set: Arc<[Arc<str>]> = values.into();
        self.sets.insert(set.clone());
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_calls_fall_out() {
        let journal = Journal::new();
        for _ in 0..Journal::MAX_CALLS + 10 {
            let entry = Entry {
                path: "/".into(),
                credentials: [].into(),
                method: "GET".into(),
                vendor: "apify",
                status: 0,
            };
            lock(&journal.calls).push(entry);
        }
        journal.finish(5, StatusCode::OK);
        let mut out = Vec::new();
        assert_eq!(journal.write_after(0, 1, &mut out, false), Some(11));
        assert_eq!(lock(&journal.calls).entries.len(), Journal::MAX_CALLS);
        out.clear();
        assert_eq!(journal.write_after(250_009, 5, &mut out, false), Some(250_010));
        assert_eq!(journal.write_after(250_010, 5, &mut out, true), None);
    }
}
