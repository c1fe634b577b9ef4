//! The forms that a text must have.
use std::borrow::Cow;

use granary_proto::granary::policy::v1::Format;

use crate::escapes::{Fault, decoded, visible};
use crate::linkedin::page::{Page, Shows, is_address, is_comment};
use crate::url;

/// What is wrong with a text, and what would be right. It is told of the form in which the text is sent on.
pub fn wrong(format: Format, text: &str) -> Option<String> {
    if format == Format::Unspecified {
        return None;
    }
    settled(format, text).err().map(|fault| fault.told(wanted(format)))
}

/// The one form in which a text is sent on, where it may be written in several.
///
/// # Errors
/// Why the text has not this form.
pub fn settled(format: Format, text: &str) -> Result<Cow<'_, str>, Fault> {
    let as_it_is = |right: bool| {
        visible(text)?;
        if right { Ok(Cow::Borrowed(text)) } else { Err(Fault::Other) }
    };
    match format {
        Format::Unspecified => Ok(Cow::Borrowed(text)),
        Format::ClockTime => {
            visible(text)?;
            clock(text).ok_or(Fault::Other)
        }
        Format::NumericOrMe => as_it_is(text == "me" || digits(text)),
        Format::Url => as_it_is(url::is_absolute(text)),
        Format::Digits => as_it_is(digits(text) && text.bytes().any(|b| b != b'0')),
        Format::Country => as_it_is(country(text)),
        Format::Id => as_it_is(told_before(text)),
        Format::Slug => one(text, name),
        Format::Profile if !is_address(text) => one(text, |text| name(text) && text != "me"),
        Format::Company if !is_address(text) => one(text, name),
        Format::CompanyOrName if !is_address(text) => as_it_is(true),
        Format::Comment if !is_address(text) => one(text, is_comment),
        Format::LinkedinUrlOrId if !is_address(text) => one(text, slug),
        Format::ProfileUrl | Format::Profile => address(text, Shows::Person),
        Format::CompanyUrl | Format::Company | Format::CompanyOrName => address(text, Shows::Company),
        Format::JobUrl => address(text, Shows::Job),
        Format::GroupUrl => address(text, Shows::Group),
        Format::PostUrl => address(text, Shows::Post),
        Format::Comment => address(text, Shows::Comment),
        Format::AdUrl => address(text, Shows::Ad),
        Format::AdSearchUrl => address(text, Shows::AdSearch),
        Format::SalesNavUrl => address(text, Shows::SalesSearch),
        Format::LinkedinUrl | Format::LinkedinUrlOrId => address(text, Shows::Anything),
    }
}

fn address(text: &str, shows: Shows) -> Result<Cow<'_, str>, Fault> {
    let page = Page::read(text)?;
    if page.shows(shows) { Ok(Cow::Owned(page.written())) } else { Err(Fault::Other) }
}

/// One word with its escapes taken apart.
fn one(text: &str, fits: impl Fn(&str) -> bool) -> Result<Cow<'_, str>, Fault> {
    let word = decoded(text)?;
    if fits(&word) { Ok(word) } else { Err(Fault::Other) }
}

/// What would be right.
fn wanted(format: Format) -> &'static str {
    match format {
        Format::Unspecified => "must be text",
        Format::ClockTime => "must be a time of day such as \"8:00am\" or \"14:59\"",
        Format::NumericOrMe => "must be an id in digits, or \"me\"",
        Format::Url => "must be an absolute http or https URL without user and password",
        Format::ProfileUrl => "must be the URL of a person, such as \"https://www.linkedin.com/in/jane-doe\"",
        Format::Slug => "must be the part of the URL after the last slash: no slash, no space, no bracket",
        Format::Digits => "must be an id in digits",
        Format::LinkedinUrl => "must be a LinkedIn URL, such as \"https://www.linkedin.com/in/jane-doe\"",
        Format::CompanyUrl => {
            "must be the URL of a company, such as \"https://www.linkedin.com/company/acme\""
        }
        Format::JobUrl => {
            "must be the URL of a job, such as \"https://www.linkedin.com/jobs/view/4390000001\""
        }
        Format::GroupUrl => {
            "must be the URL of a group, such as \"https://www.linkedin.com/groups/99000001\""
        }
        Format::PostUrl => {
            "must be the URL of a post, such as \"https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001\""
        }
        Format::Comment => {
            "must be the URL of a comment, such as \"https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A7440000000000000001%2C7440000000000000101%29\", or its URN"
        }
        Format::AdUrl => {
            "must be the URL of an ad, such as \"https://www.linkedin.com/ad-library/detail/990000901\""
        }
        Format::AdSearchUrl => {
            "must be the URL of a search of the Ad Library, such as \"https://www.linkedin.com/ad-library/search?keyword=lamps\""
        }
        Format::SalesNavUrl => {
            "must be the URL of a search in Sales Navigator, such as \"https://www.linkedin.com/sales/search/people?query=(keywords:lamps)\""
        }
        Format::Profile => {
            "must be the URL of a person, such as \"https://www.linkedin.com/in/jane-doe\", or what stands in it after \"/in/\""
        }
        Format::Company => {
            "must be the URL of a company, such as \"https://www.linkedin.com/company/acme\", or what stands in it after \"/company/\""
        }
        Format::CompanyOrName => {
            "must be the URL of a company, such as \"https://www.linkedin.com/company/acme\", or its id or name"
        }
        Format::LinkedinUrlOrId => "must be a LinkedIn URL, or an id without spaces and slashes",
        Format::Country => "must be two letters of ISO 3166, such as \"US\", or \"ALL\"",
        Format::Id => "must be an id as an earlier answer told it: no space, and no URL",
    }
}

/// A slug that cannot have been meant as an address.
fn name(text: &str) -> bool {
    slug(text) && !text.contains([':', ',', '@'])
}

/// One segment of a path. One that ends in dots was cut short.
pub(crate) fn slug(text: &str) -> bool {
    let forbidden = |c: char| c.is_whitespace() || c.is_control() || "/\\?#…[]{}<>\"".contains(c);
    !matches!(text, "" | "." | "..") && !text.contains(forbidden) && !text.ends_with("...")
}

/// An id, a token or the like.
fn told_before(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control();
    !text.contains(odd) && !text.contains("://") && (text.is_empty() || text.contains(char::is_alphanumeric))
}

pub(crate) fn digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn country(text: &str) -> bool {
    text == "ALL" || (text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic()))
}

/// A time of day. Spaces of other widths, which some locales put before "AM", are meant as the ordinary one.
fn clock(text: &str) -> Option<Cow<'_, str>> {
    let wide = |c: char| c.is_whitespace() && c != ' ' && !c.is_control();
    let text = if text.contains(wide) { Cow::Owned(text.replace(wide, " ")) } else { Cow::Borrowed(text) };
    clock_time(&text).then_some(text)
}

fn clock_time(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let (clock, half) = match lower.strip_suffix("am").or_else(|| lower.strip_suffix("pm")) {
        Some(clock) => (clock.strip_suffix(' ').unwrap_or(clock), true),
        None => (lower.as_str(), false),
    };
    let Some((hours, minutes)) = clock.split_once(':') else { return false };
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 || !digits(hours) || !digits(minutes) {
        return false;
    }
    let hours_right = hours.parse::<u8>().is_ok_and(|h| if half { (1..=12).contains(&h) } else { h <= 23 });
    hours_right && minutes.parse::<u8>().is_ok_and(|m| m <= 59)
}

#[cfg(test)]
mod tests;
