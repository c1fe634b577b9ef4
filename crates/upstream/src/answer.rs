//! What an upstream answered, after masking.
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use granary_proto::granary::types::v1::Warning;
use granary_rpc::{Deadline, Error, Reason};
use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use jiff::Timestamp;

use crate::client::room::{Held, Room};
use crate::client::{NO_ROOM, RETRY_DELAY};
use crate::mask::Masker;
use crate::{retry_after, text};

/// The code of the warning that a secret was masked.
pub(crate) const SECRET_REDACTED: &str = "SECRET_REDACTED";
/// Fewest bytes of JSON that a value takes on average where an answer is read as JSON. In what upstreams send it takes 8 or
/// more; as JSON in memory a value takes about 100.
const BYTES_OF_VALUE: usize = 5;
/// Values that are read in any case.
const FEW_VALUES: usize = 100_000;

/// What an upstream answered, after masking. A redirect never becomes an answer.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status; the body may tell another one.
    pub status: u16,
    /// The body, in which no granted secret is left.
    pub body: Bytes,
    /// How many secrets were masked, in body and headers.
    pub masked: usize,
    /// How long the upstream asks to wait, at most a day.
    pub retry_after: Option<Duration>,
    headers: HeaderMap,
    room: Option<Arc<(Arc<Room>, Held)>>,
}

/// Room for what is made of a large answer. Dropped once it is made.
#[derive(Debug)]
pub struct Making(#[allow(dead_code, reason = "held, not read")] Option<tokio::sync::OwnedSemaphorePermit>);

impl Answer {
    /// Masks what came, before anything else looks at it.
    pub(crate) fn new(status: u16, raw: &HeaderMap, body: Bytes, masker: &Masker) -> Self {
        let (body, mut masked) = masker.mask(body);
        let body = text::mended(body);
        let mut headers = HeaderMap::with_capacity(raw.len());
        for (name, value) in raw {
            // Cookies are never kept, and a link to elsewhere is never followed or shown.
            if name == SET_COOKIE || name == LOCATION {
                continue;
            }
            let (clean, count) = masker.mask(Bytes::copy_from_slice(value.as_bytes()));
            masked += count;
            if let Ok(value) = HeaderValue::from_maybe_shared(clean) {
                headers.append(name.clone(), value);
            }
        }
        let mut answer = Self { status, body, masked, retry_after: None, headers, room: None };
        answer.retry_after = answer.header(RETRY_AFTER.as_str()).and_then(|text| {
            // By the clock of whoever named the date.
            let now = answer.header(DATE.as_str()).and_then(retry_after::date).unwrap_or_else(Timestamp::now);
            retry_after::parse(text, now)
        });
        answer
    }

    /// Keeps the room that the body takes.
    pub(crate) fn in_room(mut self, room: (Arc<Room>, Held)) -> Self {
        self.room = Some(Arc::new(room));
        self
    }

    /// Waits for room for what is to be made of a large answer.
    ///
    /// # Errors
    /// `OVERLOADED` where there is none before the deadline. The answer was received, and may have been paid for.
    pub async fn making(&self, deadline: Deadline) -> Result<Making, Error> {
        let Some(room) = &self.room else { return Ok(Making(None)) };
        let made = room.0.make(self.body.len(), deadline.instant()).await;
        made.map(Making).map_err(|_| Error::new(Reason::Overloaded, NO_ROOM).retry_after(RETRY_DELAY))
    }

    /// The body as JSON, with the digits of its numbers; nothing where it is none, or would take far more room than its
    /// text.
    pub fn json(&self) -> Option<serde_json::Value> {
        let values = self.body.iter().filter(|byte| matches!(byte, b',' | b'[' | b'{')).count();
        if values > FEW_VALUES && values > self.body.len() / BYTES_OF_VALUE {
            return None;
        }
        serde_json::from_slice(&self.body).ok()
    }

    /// Whether the body is a text that is no JSON, as a proxy's or a firewall's page is. Third parties themselves answer with
    /// JSON, or with nothing.
    pub fn is_page(&self) -> bool {
        !matches!(self.body.trim_ascii_start(), [] | [b'{' | b'[', ..])
    }

    /// The number under a key at the top of a body that is no JSON as a whole, with its own digits.
    pub fn top_number(&self, key: &str) -> Option<&str> {
        text::top_number(&self.body, key)
    }

    /// The first header of that name, where it is visible ASCII.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type, such as "application/json; charset=utf-8".
    pub fn content_type(&self) -> Option<&str> {
        self.header(CONTENT_TYPE.as_str())
    }

    /// What the caller should know where something was masked.
    pub fn warning(&self) -> Option<Warning> {
        (self.masked > 0).then(|| Warning {
            code: SECRET_REDACTED.to_owned(),
            message: format!("the upstream sent a credential back; it was masked in {} places", self.masked),
            field: String::new(),
        })
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .field("masked", &self.masked)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use granary_credential::Secret;

    use super::*;

    #[test]
    fn headers_are_masked_and_cookies_and_locations_dropped() {
        let secret = Secret::new("canary-1234".into());
        let masker = Masker::new(&[&secret]);
        let mut raw = HeaderMap::new();
        for (name, value) in [
            ("hint", "token canary-1234 lacks a right"),
            ("set-cookie", "a=b"),
            ("location", "https://elsewhere.test/"),
            ("retry-after", "3"),
            ("content-type", "application/json"),
        ] {
            raw.append(name, HeaderValue::from_static(value));
        }
        let body = Bytes::from_static(br#"{"cost":0.0040,"token":"canary-1234"}"#);
        let answer = Answer::new(200, &raw, body, &masker);
        assert_eq!(answer.header("hint"), Some("token [redacted] lacks a right"));
        assert_eq!((answer.header("set-cookie"), answer.header("location")), (None, None));
        assert_eq!(answer.retry_after, Some(Duration::from_secs(3)));
        assert_eq!(answer.content_type(), Some("application/json"));
        assert_eq!(answer.json().unwrap()["cost"].to_string(), "0.0040");
        assert_eq!((answer.masked, answer.warning().unwrap().code.as_str()), (2, SECRET_REDACTED));
        assert!(!format!("{answer:?}").contains("canary"));
        assert!(!String::from_utf8_lossy(&answer.body).contains("canary"));
        assert_eq!(Answer::new(200, &HeaderMap::new(), Bytes::new(), &masker).warning(), None);
    }

    #[test]
    fn a_date_to_wait_for_counts_from_the_answers_own_clock() {
        let masker = Masker::new(&[]);
        let wait = |date: &'static str, until: &'static str| {
            let mut raw = HeaderMap::new();
            raw.append("date", HeaderValue::from_static(date));
            raw.append("retry-after", HeaderValue::from_static(until));
            Answer::new(429, &raw, Bytes::new(), &masker).retry_after
        };
        let late = "Tue, 31 Mar 2026 08:00:00 GMT";
        assert_eq!(wait(late, "Tue, 31 Mar 2026 08:00:08 GMT"), Some(Duration::from_secs(8)));
        assert_eq!(wait(late, "Tue, 31 Mar 2026 07:59:52 GMT"), None);
        assert_eq!(wait("no date", "15"), Some(Duration::from_secs(15)));
    }
}
