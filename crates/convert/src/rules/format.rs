//! The forms that a text must have.
use granary_proto::granary::policy::v1::Format;

use super::url;

/// What would be right, where the text is not.
pub(super) fn wrong(format: Format, text: &str) -> Option<&'static str> {
    let (right, wanted) = match format {
        Format::Unspecified => return None,
        Format::ClockTime => (clock_time(text), "must be a time of day such as \"8:00am\" or \"14:59\""),
        Format::NumericOrMe => (numeric_or_me(text), "must be an id in digits, or \"me\""),
        Format::Url => {
            (url::parse(text).is_some(), "must be an absolute http or https URL without user and password")
        }
        Format::ProfileUrl => (
            url::is_profile(text),
            "must be the URL of a person, such as \"https://www.linkedin.com/in/jane-doe\"",
        ),
        Format::Slug => (slug(text), "must be the part of the URL after the last slash: no slash, no space"),
    };
    (!right).then_some(wanted)
}

/// One segment of a path.
pub(super) fn slug(text: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
    !matches!(text, "" | "." | "..") && !text.contains(forbidden)
}

fn numeric_or_me(text: &str) -> bool {
    text == "me" || (!text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()))
}

fn clock_time(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm")) {
        Some(clock) => (clock.strip_suffix(' ').unwrap_or(clock), true),
        None => (lower.as_str(), false),
    };
    let Some((hours, minutes)) = clock.split_once(':') else { return false };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 || !digits(hours) || !digits(minutes) {
        return false;
    }
    let hours_right = hours.parse::<u8>().is_ok_and(|h| if half { (1..=12).contains(&h) } else { h <= 23 });
    hours_right && minutes.parse::<u8>().is_ok_and(|m| m <= 59)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_have_twelve_or_twenty_four_hours() {
        for good in ["8:00am", "8:00 AM", "08:00", "14:59", "12:00pm", "0:00", "23:59"] {
            assert_eq!(wrong(Format::ClockTime, good), None, "{good}");
        }
        for bad in [
            "", "8", "8am", "24:00", "13:00pm", "0:30am", "8:60", "8:0", "8:00  am", "8:00:00", "８:00",
            " 8:00", "am",
        ] {
            assert!(wrong(Format::ClockTime, bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn ids_and_slugs_cannot_leave_their_place_in_a_path() {
        assert_eq!(wrong(Format::NumericOrMe, "me"), None);
        assert_eq!(wrong(Format::NumericOrMe, "1782959"), None);
        for bad in ["", "Me", "12a", "../me", "-1", "٣"] {
            assert!(wrong(Format::NumericOrMe, bad).is_some(), "{bad}");
        }
        assert_eq!(wrong(Format::Slug, "jane-doe-1b2"), None);
        assert_eq!(wrong(Format::Slug, "josé"), None);
        for bad in ["", ".", "..", "a/b", "a b", "a\\b", "a?b", "a#b"] {
            assert!(wrong(Format::Slug, bad).is_some(), "{bad}");
        }
    }
}
