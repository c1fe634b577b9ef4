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
        Format::Digits => (digits(text), "must be an id in digits"),
        Format::LinkedinUrl => (
            url::is_linkedin(text, &["/"]),
            "must be a LinkedIn URL, such as \"https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001\"",
        ),
        Format::CompanyUrl => (url::is_linkedin(text, COMPANIES), COMPANY),
        Format::JobUrl => (
            url::is_linkedin(text, &["/jobs/"]),
            "must be the URL of a job, such as \"https://www.linkedin.com/jobs/view/4390000001\"",
        ),
        Format::GroupUrl => (
            url::is_linkedin(text, &["/groups/"]),
            "must be the URL of a group, such as \"https://www.linkedin.com/groups/99000001\"",
        ),
        Format::AdUrl => (
            url::is_linkedin(text, &["/ad-library/"]),
            "must be a URL of the Ad Library, such as \"https://www.linkedin.com/ad-library/detail/990000901\"",
        ),
        Format::Profile => (
            url::is_profile(text) || name(text),
            "must be the URL of a person, such as \"https://www.linkedin.com/in/jane-doe\", or what stands in it after \"/in/\"",
        ),
        Format::Company => (
            url::is_linkedin(text, COMPANIES) || name(text),
            "must be the URL of a company, such as \"https://www.linkedin.com/company/acme\", or what stands in it after \"/company/\"",
        ),
        Format::LinkedinUrlOrId => (
            url::is_linkedin(text, &["/"]) || id(text),
            "must be a LinkedIn URL, or an id without spaces and slashes",
        ),
        Format::Country => (country(text), "must be two letters of ISO 3166, such as \"US\", or \"ALL\""),
    };
    (!right).then_some(wanted)
}

const COMPANIES: &[&str] = &["/company/", "/school/", "/showcase/"];
const COMPANY: &str = "must be the URL of a company, such as \"https://www.linkedin.com/company/acme\"";

/// A slug that cannot have been meant as a URL.
fn name(text: &str) -> bool {
    slug(text) && !text.contains([':', ',']) && !text.to_ascii_lowercase().starts_with("www.")
}

/// An id or a URN.
fn id(text: &str) -> bool {
    slug(text) && !text.contains("://")
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn country(text: &str) -> bool {
    text == "ALL" || (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// One segment of a path.
pub(super) fn slug(text: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\' | '?' | '#');
    !matches!(text, "" | "." | "..") && !text.contains(forbidden)
}

fn numeric_or_me(text: &str) -> bool {
    text == "me" || digits(text)
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

    #[test]
    fn linkedin_forms_take_their_own_pages_and_ids_and_nothing_else() {
        let right = |format, text: &str| wrong(format, text).is_none();
        let at = |path: &str| format!("https://www.linkedin.com/{path}");
        for (format, path) in [
            (Format::CompanyUrl, "company/acme"),
            (Format::CompanyUrl, "school/mit/"),
            (Format::JobUrl, "jobs/view/1"),
            (Format::GroupUrl, "groups/99"),
            (Format::AdUrl, "ad-library/search?keyword=x"),
            (Format::LinkedinUrl, "posts/jane_a-activity-1-x"),
            (
                Format::LinkedinUrlOrId,
                "feed/update/urn:li:activity:1?commentUrn=urn%3Ali%3Acomment%3A%28a%2C2%29",
            ),
        ] {
            assert!(right(format, &at(path)), "{path}");
            assert!(!right(format, &at(path).replace("https", "http")), "{path}");
            assert!(
                !right(format, &at(path).replace("www.linkedin.com", "linkedin.com.evil.example")),
                "{path}"
            );
            assert!(!right(format, "https://www.linkedin.com"), "{path}");
        }
        for (format, path) in
            [(Format::CompanyUrl, "in/jane"), (Format::JobUrl, "company/acme"), (Format::AdUrl, "jobs/")]
        {
            assert!(!right(format, &at(path)), "{path}");
        }
        for good in ["jane-doe", "ACoAAA_x", "https://www.linkedin.com/in/jane-doe"] {
            assert!(right(Format::Profile, good), "{good}");
        }
        for bad in ["", "jane doe", "www.linkedin.com", "https://elsewhere.example/in/jane", "a,b", "https:x"]
        {
            assert!(!right(Format::Profile, bad) && !right(Format::Company, bad), "{bad}");
        }
        assert!(right(Format::LinkedinUrlOrId, "urn:li:comment:(activity:1,2)"));
        assert!(!right(Format::LinkedinUrlOrId, "https://evil.example"));
        assert!(right(Format::Digits, "01") && !right(Format::Digits, "1a") && !right(Format::Digits, "-1"));
        assert!(
            right(Format::Country, "de") && right(Format::Country, "ALL") && !right(Format::Country, "all")
        );
    }
}
