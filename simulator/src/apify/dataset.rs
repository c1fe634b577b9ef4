//! The rows of a dataset, as they are asked for.

use http::header::{CONTENT_TYPE, HeaderName};
use http::{HeaderValue, StatusCode};
use serde_json::{Map, Value};

use super::options::{integer, invalid, param};
use super::run::Run;
use crate::harvestapi::population::Population;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// Which rows of a dataset are asked for, and in what form.
pub(super) struct Selection {
    /// Rows that are there to see.
    shown: Option<usize>,
    offset: u64,
    limit: Option<u64>,
    backwards: bool,
    lines: bool,
    /// Fields to show, in this order; none shows all.
    fields: Vec<String>,
    omit: Vec<String>,
    /// Leaves out fields whose name starts with `#`.
    skip_hidden: bool,
    skip_empty: bool,
}

/// What the real service says of a limit that was not given.
const UNLIMITED: u64 = 999_999_999_999;
const LINES: HeaderValue = HeaderValue::from_static("application/jsonl; charset=utf-8");
/// Ways to reshape rows that are not simulated.
const UNKNOWN: [&str; 3] = ["unwind", "flatten", "view"];

impl Selection {
    pub(super) fn parse(call: &Call) -> Result<Self, Reply> {
        if let Some(name) = UNKNOWN.into_iter().find(|name| param(call, name).is_some()) {
            return Err(invalid(name, "is not simulated"));
        }
        let lines = match param(call, "format") {
            None | Some("json") => false,
            Some("jsonl") => true,
            Some(_) => return Err(invalid("format", "must be json or jsonl; the others are not simulated")),
        };
        let flag = |name| matches!(param(call, name), Some("1" | "true"));
        let names = |name| -> Vec<String> {
            let names = param(call, name).unwrap_or_default().split(',').map(str::trim);
            names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
        };
        Ok(Self {
            shown: call.rows,
            offset: integer(call, "offset")?.unwrap_or(0),
            limit: integer(call, "limit")?,
            backwards: flag("desc"),
            lines,
            fields: names("fields"),
            omit: names("omit"),
            skip_hidden: flag("clean") || flag("skipHidden"),
            skip_empty: flag("clean") || flag("skipEmpty"),
        })
    }

    /// The rows that the run has by now.
    pub(super) fn answer(&self, population: &Population, run: &Run, status: StatusCode) -> Reply {
        let offset = usize::try_from(self.offset).unwrap_or(usize::MAX);
        let limit = self.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let (rows, total) = run.rows(self.shown, offset, limit, self.backwards);
        let written: Vec<_> = rows.iter().filter_map(|row| self.shape(row.write(population))).collect();
        let (open, between, close): (&[u8], &[u8], &[u8]) =
            if self.lines { (b"", b"\n", b"") } else { (b"[", b",", b"]") };
        let mut body = open.to_vec();
        body.extend_from_slice(&written.join(between));
        body.extend_from_slice(close);
        let mut reply = Reply::json_bytes(status, body);
        if self.lines {
            reply.headers = vec![(CONTENT_TYPE, LINES)];
        }
        let pagination = [
            ("x-apify-pagination-total", total as u64),
            ("x-apify-pagination-offset", self.offset),
            ("x-apify-pagination-count", written.len() as u64),
            ("x-apify-pagination-limit", self.limit.unwrap_or(UNLIMITED)),
        ];
        for (name, number) in pagination {
            reply = reply.with(HeaderName::from_static(name), &number.to_string());
        }
        let desc = if self.backwards { "true" } else { "false" };
        reply.with(HeaderName::from_static("x-apify-pagination-desc"), desc)
    }

    /// The row as it was asked for; None when it is left out.
    fn shape(&self, row: Vec<u8>) -> Option<Vec<u8>> {
        let whole = self.fields.is_empty() && self.omit.is_empty();
        if whole && !self.skip_hidden && !self.skip_empty {
            return Some(row);
        }
        let Ok(Value::Object(mut map)) = serde_json::from_slice(&row) else { return Some(row) };
        if !self.fields.is_empty() {
            let pick = |name: &String| Some((name.clone(), map.get(name)?.clone()));
            map = self.fields.iter().filter_map(pick).collect::<Map<_, _>>();
        }
        let hidden = |name: &str| self.skip_hidden && name.starts_with('#');
        map.retain(|name, _| !hidden(name) && !self.omit.contains(name));
        let empty = self.skip_empty && map.is_empty();
        (!empty).then(|| Value::Object(map).to_string().into_bytes())
    }
}
