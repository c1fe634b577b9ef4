//! The time that a call has left: taken from `grpc-timeout`, enforced here, passed on to the next hop.
use std::time::{Duration, Instant};

use http::HeaderValue;

use crate::{Error, Reason};

/// When a call must be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline that lies so far ahead.
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time)
    }

    /// The caller's deadline, bounded by `max`; `default` where it names none.
    ///
    /// # Errors
    /// `INVALID_INPUT` where `grpc-timeout` is not of gRPC's form.
    pub fn from_header(value: Option<&HeaderValue>, default: Duration, max: Duration) -> Result<Self, Error> {
        let Some(value) = value else { return Ok(Self::after(default)) };
        let time = value.to_str().ok().and_then(parse).ok_or_else(|| {
            Error::new(Reason::InvalidInput, "grpc-timeout must be 1 to 8 digits and one of H, M, S, m, u, n")
        })?;
        Ok(Self::after(time.min(max)))
    }

    /// What is left; zero when it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// The same for the next hop. At least one microsecond, so that it stays a deadline. It differs from call to call,
    /// so it is kept out of the header compression's table.
    pub fn header(self) -> HeaderValue {
        let text = format(self.remaining());
        let mut value = HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("1u"));
        value.set_sensitive(true);
        value
    }

    /// The deadline as an instant of tokio's clock.
    pub fn instant(self) -> tokio::time::Instant {
        tokio::time::Instant::from_std(self.0)
    }

    /// The error of a call that came too late.
    pub fn error() -> Error {
        Error::new(Reason::DeadlineExceeded, "the deadline passed before an answer came")
    }
}

/// Parses gRPC's form of a timeout.
pub fn parse(text: &str) -> Option<Duration> {
    let unit = *text.as_bytes().last()?;
    let digits = text.get(..text.len() - 1)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: u64 = digits.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(number * 3_600),
        b'M' => Duration::from_secs(number * 60),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

fn format(time: Duration) -> String {
    let micros = time.as_micros().max(1);
    if micros < 100_000_000 { format!("{micros}u") } else { format!("{}m", time.as_millis().min(99_999_999)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_of_grpc_form_are_taken_and_others_refused() {
        assert_eq!(parse("5S"), Some(Duration::from_secs(5)));
        assert_eq!(parse("250m"), Some(Duration::from_millis(250)));
        for bad in ["", "S", "5", "5s", "-5S", "123456789S", "5 S", "١S"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_passed_on_is_never_more_than_what_was_left() {
        for millis in [0, 1, 999, 100_000, 4_000_000] {
            let time = Duration::from_millis(millis);
            assert!(parse(&format(time)).unwrap() <= time.max(Duration::from_micros(1)));
        }
    }
}
