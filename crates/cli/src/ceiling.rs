//! `--max-cost`: what a call may cost at most.
use granary_rpc::metadata;
use tonic::Request;
use tonic::metadata::AsciiMetadataValue;

/// The flag.
#[derive(Clone, Debug, clap::Args)]
pub struct Ceiling {
    /// Refuse the call if its worst case costs more, in US dollars
    #[arg(long, value_name = "USD", value_parser = dollars)]
    max_cost: Option<String>,
}

impl Ceiling {
    /// The most that the call may cost, in micro-dollars.
    pub fn micros(&self) -> Option<i64> {
        let (whole, decimals) =
            self.max_cost.as_deref().map(|text| text.split_once('.').unwrap_or((text, "")))?;
        let micros: i64 = format!("{decimals:0<6}").parse().ok()?;
        Some(whole.parse::<i64>().ok()? * 1_000_000 + micros)
    }

    /// Tells the gateway.
    pub fn put_on<T>(&self, request: &mut Request<T>) {
        if let Some(value) = self.max_cost.as_deref().and_then(|text| AsciiMetadataValue::try_from(text).ok())
        {
            request.metadata_mut().insert(metadata::MAX_COST, value);
        }
    }
}

fn dollars(text: &str) -> Result<String, String> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits =
        |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    if digits(whole, 9) && digits(decimals, 6) {
        Ok(text.to_owned())
    } else {
        Err("must be US dollars with at most 6 decimals, such as 0.01".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_micros_exactly() {
        let micros = |text: &str| Ceiling { max_cost: Some(text.to_owned()) }.micros();
        assert_eq!(micros("0.0064"), Some(6_400));
        assert_eq!(micros("5"), Some(5_000_000));
        assert_eq!(micros("999999999.999999"), Some(999_999_999_999_999));
        assert_eq!(Ceiling { max_cost: None }.micros(), None);
    }

    #[test]
    fn dollars_are_digits_with_at_most_six_decimals() {
        for good in ["0.01", "5", "0.000001", "0"] {
            assert!(dollars(good).is_ok(), "{good}");
        }
        for bad in ["", ".5", "5.", "-1", "1e3", "0.0000001", "$1", "1,5"] {
            assert!(dollars(bad).is_err(), "{bad}");
        }
    }
}
