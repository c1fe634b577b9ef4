//! Pages of a list, by number or by cursor.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

use super::errors;
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// One list endpoint: under which key its rows stand and how it is paged.
pub(super) struct List<'a> {
    pub(super) key: &'static str,
    /// Path that the links name.
    pub(super) path: &'a str,
    /// Whether the links carry cursors rather than page numbers.
    pub(super) cursor: bool,
}

#[derive(Serialize)]
struct Meta {
    per_page: usize,
    total_pages: usize,
    total_entries: usize,
    next_page: Option<usize>,
    previous_page: Option<usize>,
    page: Option<usize>,
    links: Links,
}

#[derive(Serialize)]
struct Links {
    first: String,
    next: Option<String>,
    previous: Option<String>,
    last: String,
}

/// Which rows a call asks for: by page number, or beside the row of a cursor.
struct Window {
    start: usize,
    per_page: usize,
    /// None in the middle of a walk by cursor, where Harvest does not tell the page.
    page: Option<usize>,
}

const MAX_PER_PAGE: usize = 2000;
/// Parameters that links do not repeat: they are set anew, or are credentials.
const DROPPED: [&str; 6] = ["page", "per_page", "cursor", "ref", "access_token", "account_id"];
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

impl List<'_> {
    /// Answers the page that the call asks for out of all rows that it may see.
    pub(super) fn page<R, W: Serialize>(
        &self,
        call: &Call,
        rows: &[R],
        id: impl Fn(&R) -> u64,
        write: impl Fn(&R) -> W,
    ) -> Reply {
        let window = match self.window(call, rows, &id) {
            Ok(window) => window,
            Err(reply) => return reply,
        };
        let end = window.start.saturating_add(window.per_page).min(rows.len());
        let shown = rows.get(window.start..end).unwrap_or_default();
        let total_pages = rows.len().div_ceil(window.per_page).max(1);
        let meta = Meta {
            per_page: window.per_page,
            total_pages,
            total_entries: rows.len(),
            next_page: window.page.filter(|page| *page < total_pages).map(|page| page + 1),
            previous_page: window.page.filter(|page| *page > 1).map(|page| page - 1),
            page: window.page,
            links: self.links(
                call,
                &window,
                total_pages,
                shown.first().map(&id),
                shown.last().map(&id),
                end < rows.len(),
            ),
        };
        let mut body = format!("{{\"{}\":", self.key).into_bytes();
        let written: Vec<W> = shown.iter().map(write).collect();
        // Writing to memory cannot fail.
        let _ = serde_json::to_writer(&mut body, &written);
        body.push(b',');
        let meta = serde_json::to_vec(&meta).unwrap_or_default();
        body.extend_from_slice(meta.get(1..).unwrap_or_default());
        Reply::json_bytes(StatusCode::OK, body)
    }

    fn window<R>(&self, call: &Call, rows: &[R], id: &impl Fn(&R) -> u64) -> Result<Window, Reply> {
        let per_page = number(call, "per_page", MAX_PER_PAGE)?;
        if per_page > MAX_PER_PAGE {
            return Err(errors::invalid(&[format!("per_page must be at most {MAX_PER_PAGE}")]));
        }
        let Some(cursor) = call.param("cursor").filter(|_| self.cursor) else {
            let page = number(call, "page", 1)?;
            return Ok(Window { start: (page - 1).saturating_mul(per_page), per_page, page: Some(page) });
        };
        let wrong = || errors::invalid(&["cursor is invalid".to_owned()]);
        let (after, row) = read_cursor(cursor).ok_or_else(wrong)?;
        let place = rows.iter().position(|candidate| id(candidate) == row).ok_or_else(wrong)?;
        let start = if after { place + 1 } else { place.saturating_sub(per_page) };
        let page = match start {
            0 => Some(1),
            start if start + per_page >= rows.len() => Some(rows.len().div_ceil(per_page)),
            _ => None,
        };
        Ok(Window { start, per_page, page })
    }

    fn links(
        &self,
        call: &Call,
        window: &Window,
        total_pages: usize,
        first: Option<u64>,
        last: Option<u64>,
        more: bool,
    ) -> Links {
        let page = |page: usize, name: &str| self.link(call, window, ("page", &page.to_string()), name);
        let cursor = |cursor: Value, name: &str| {
            let text = BASE64_URL_SAFE_NO_PAD.encode(cursor.to_string());
            self.link(call, window, ("cursor", &text), &format!("{name}_cursor"))
        };
        let (next, previous) = if self.cursor {
            let next = last.filter(|_| more).map(|id| cursor(json!({"after": {"id": id}}), "next"));
            let previous = first
                .filter(|_| window.start > 0)
                .map(|id| cursor(json!({"before": {"id": id}}), "previous"));
            (next, previous)
        } else {
            let at = window.page.unwrap_or(1);
            ((at < total_pages).then(|| page(at + 1, "next")), (at > 1).then(|| page(at - 1, "previous")))
        };
        Links { first: page(1, "first"), next, previous, last: page(total_pages, "last") }
    }

    fn link(&self, call: &Call, window: &Window, place: (&str, &str), name: &str) -> String {
        let mut pairs: Vec<(&str, &str)> = call
            .query
            .iter()
            .filter(|(key, _)| !DROPPED.contains(&key.as_str()))
            .map(|(key, value)| (key.as_str(), value.as_str()))
            .collect();
        let per_page = window.per_page.to_string();
        pairs.extend([place, ("per_page", per_page.as_str()), ("ref", name)]);
        pairs.sort_by_key(|(key, _)| *key);
        let encode = |text| utf8_percent_encode(text, PLAIN).to_string();
        let query: Vec<_> =
            pairs.into_iter().map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        format!("{}{}?{}", call.origin, self.path, query.join("&"))
    }
}

fn number(call: &Call, name: &str, default: usize) -> Result<usize, Reply> {
    match call.param(name) {
        None | Some("") => Ok(default),
        Some(text) => {
            let number = text.parse().ok().filter(|n| *n > 0);
            number.ok_or_else(|| errors::invalid(&[format!("{name} must be a whole number above 0")]))
        }
    }
}

/// Whether the rows after it are meant (or those before it), and the id in it.
fn read_cursor(text: &str) -> Option<(bool, u64)> {
    let value: Value = serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
    let (name, place) = value.as_object()?.iter().next()?;
    let after = match name.as_str() {
        "after" => true,
        "before" => false,
        _ => return None,
    };
    Some((after, place.get("id")?.as_u64()?))
}
