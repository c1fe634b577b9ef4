//! Arguments that name something: a value of one of the contract's enums by its short text, or one of a list that others may add to.
use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser};
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

/// Takes any text, and proposes these names to shells that complete: a gateway may know more of them than this command.
#[derive(Clone, Copy, Debug)]
pub struct Open(pub fn() -> Vec<&'static str>);

impl TypedValueParser for Open {
    type Value = String;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<String, clap::Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0().into_iter().map(PossibleValue::new)))
    }
}

/// The names of the tools that this command knows.
pub fn tools() -> Vec<&'static str> {
    granary_proto::policy_table()
        .map(|table| table.tools().into_iter().map(|method| method.tool.as_str()).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command};
    use granary_proto::granary::policy::v1::Scope;
    use granary_proto::granary::vault::v1::AccountStatus;

    use super::*;

    #[test]
    fn a_list_that_others_add_to_proposes_and_takes_any() {
        let parse = |text: &str| {
            let tool = Arg::new("it").value_parser(Open(tools));
            let matches = Command::new("x").arg(tool).try_get_matches_from(["x", text]).unwrap();
            matches.get_one::<String>("it").cloned().unwrap()
        };
        assert_eq!(
            (parse("log_time_entry"), parse("of_tomorrow")),
            ("log_time_entry".into(), "of_tomorrow".into())
        );
        assert!(tools().contains(&"scrape_profile"));
    }

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
