//! Flags that name a value of one of the contract's enums by its short text.
use clap::builder::{PossibleValuesParser, TypedValueParser};
use granary_proto::options::{number_of, texts};

/// Parses a short text as the enum's number, in whatever case where the flag ignores it. What names no value is refused: read as
/// "any", a mistyped filter would select everything.
pub fn number(enumeration: &'static str) -> impl TypedValueParser<Value = i32> {
    PossibleValuesParser::new(texts(enumeration)).try_map(move |given| {
        let known = texts(enumeration);
        let text = known.iter().find(|text| text.eq_ignore_ascii_case(&given));
        let number = text.and_then(|text| number_of(enumeration, text));
        number.ok_or_else(|| format!("must be one of {}", known.join(", ")))
    })
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};
    use granary_proto::granary::policy::v1::Scope;
    use granary_proto::granary::vault::v1::AccountStatus;

    use super::*;

    fn read(enumeration: &'static str, ignore_case: bool, text: &str) -> Option<i32> {
        let flag = Arg::new("it").value_parser(number(enumeration)).ignore_case(ignore_case);
        let matches = Command::new("x").arg(flag).try_get_matches_from(["x", text]).ok()?;
        matches.get_one("it").copied()
    }

    #[test]
    fn a_text_is_its_number_in_whatever_case_and_anything_else_is_refused() {
        let status = "granary.vault.v1.AccountStatus";
        for text in ["DISABLED", "disabled", "Disabled"] {
            assert_eq!(read(status, true, text), Some(AccountStatus::Disabled as i32), "{text}");
        }
        assert_eq!(read(status, false, "disabled"), None);
        assert_eq!(read(status, true, "gone"), None);
        assert_eq!(read("granary.policy.v1.Scope", false, "time:read"), Some(Scope::TimeRead as i32));
    }
}
