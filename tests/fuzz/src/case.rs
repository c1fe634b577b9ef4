//! One call of a service, with what upstream answers to it, as text that a fuzzer can change and a person can read:
//! the method, its input as JSON, and for each answer a line with its status and its body, all separated by `SEPARATOR`.
use crate::upstream::{Answer, echoing};

/// Between the parts of a case: ASCII's record separator.
pub const SEPARATOR: char = '\u{1e}';

/// A call and its answers.
pub struct Case<'a> {
    pub rpc: &'a str,
    pub input: &'a str,
    pub answers: Vec<Answer>,
}

impl<'a> Case<'a> {
    /// `None` where it is not of that form.
    pub fn parse(text: &'a str, secret: &str) -> Option<Self> {
        let mut parts = text.split(SEPARATOR);
        let (rpc, input) = (parts.next()?, parts.next()?);
        let answers: Vec<Answer> = parts.take(4).map(|part| answer(part, secret)).collect();
        (!answers.is_empty()).then_some(Self { rpc, input, answers })
    }
}

fn answer(part: &str, secret: &str) -> Answer {
    let (status, body) = part.split_once('\n').unwrap_or(("200", part));
    // A status below 200 announces another one, which is the HTTP client's affair.
    let status = status.parse().ok().filter(|status| (200..600).contains(status)).unwrap_or(200);
    Answer { status, body: echoing(body, secret) }
}
