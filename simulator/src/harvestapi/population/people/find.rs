//! How people are found by what callers write.

use super::special::SPECIAL;
use super::{COUNT, Person};

impl Person {
    /// Finds somebody by URL, LinkedIn id or public identifier.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        let wanted = wanted.trim();
        let slug = match wanted.find("/in/") {
            Some(at) => wanted[at + 4..].split(['/', '?', '#']).next().unwrap_or_default(),
            None => wanted.rsplit_once("fsd_profile:").map_or(wanted, |(_, id)| id),
        };
        if Self::is_id(slug) {
            let special = SPECIAL.iter().zip(0..).find(|(special, _)| special.id == slug).map(|(_, p)| p);
            let numbered =
                || slug.strip_prefix("ACoAASBXPerson")?.parse::<u64>().ok().map(|n| n.saturating_add(4));
            return special
                .or_else(numbered)
                .filter(|p| *p < COUNT)
                .map(Self::at)
                .filter(|found| found.id() == slug);
        }
        let slug = slug.to_ascii_lowercase();
        let special = SPECIAL.iter().zip(0..).find(|(special, _)| special.slug == slug).map(|(_, p)| p);
        let numbered = || slug.strip_prefix("person-")?.parse::<u64>().ok().map(|n| n.saturating_add(4));
        special.or_else(numbered).filter(|p| *p < COUNT).map(Self::at).filter(|found| found.slug() == slug)
    }

    pub(crate) fn is_id(text: &str) -> bool {
        text.starts_with("ACoAA")
    }
}

#[cfg(test)]
mod tests {
    use super::super::all;
    use super::*;

    #[test]
    fn every_form_finds_the_same_person() {
        for person in all() {
            for form in [person.slug(), person.id(), person.url(), format!("{}/?locale=en", person.url())] {
                assert_eq!(Person::find(&form), Some(person), "{form}");
            }
        }
        assert_eq!(Person::find("Person-0007").unwrap().slug(), "person-0007");
        for wanted in [
            "person-5001",
            "person-0000",
            "person-7",
            "nobody-fx9999",
            "",
            "https://www.linkedin.com/company/x",
        ] {
            assert_eq!(Person::find(wanted), None, "{wanted}");
        }
    }
}
