/// Who lives in this LinkedIn. Nobody here exists; even the one slug that looks known holds invented data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    Avery,
    Quinn,
    Jeff,
    /// A profile whose answer has about 60 KB.
    Large,
    /// One of [`COUNT`].
    Person(u32),
}

const COUNT: u32 = 2000;
const AVERY: &str = "avery-sampleton-fx0001";
const QUINN: &str = "quinn-testwell-fx0002";
const JEFF: &str = "jeffweiner08";
const LARGE: &str = "sixty-kilobytes";

/// Finds somebody by URL, LinkedIn id or public identifier.
pub(super) fn find(wanted: &str) -> Option<Subject> {
    let wanted = wanted.trim();
    let slug = match wanted.find("/in/") {
        Some(at) => wanted[at + 4..].split(['/', '?', '#']).next().unwrap_or_default(),
        None => wanted,
    };
    if Subject::is_profile_id(slug) {
        return [Subject::Avery, Subject::Quinn, Subject::Jeff, Subject::Large]
            .into_iter()
            .find(|subject| subject.id() == slug)
            .or_else(|| slug.strip_prefix("ACoAASBXPerson")?.parse().ok().and_then(person))
            .filter(|subject| subject.id() == slug);
    }
    match slug.to_ascii_lowercase().as_str() {
        AVERY => Some(Subject::Avery),
        QUINN => Some(Subject::Quinn),
        JEFF => Some(Subject::Jeff),
        LARGE => Some(Subject::Large),
        slug => {
            let digits = slug.strip_prefix("person-")?;
            digits.parse().ok().and_then(person).filter(|subject| subject.slug() == slug)
        }
    }
}

/// All of them, always in the same order.
pub(super) fn everyone() -> impl Iterator<Item = Subject> {
    let named = [Subject::Avery, Subject::Quinn, Subject::Jeff, Subject::Large];
    named.into_iter().chain((1..=COUNT).map(Subject::Person))
}

// === impl Subject ===

impl Subject {
    pub(super) fn is_profile_id(text: &str) -> bool {
        text.starts_with("ACoAA")
    }

    pub(super) fn slug(&self) -> String {
        match self {
            Self::Avery => AVERY.to_owned(),
            Self::Quinn => QUINN.to_owned(),
            Self::Jeff => JEFF.to_owned(),
            Self::Large => LARGE.to_owned(),
            Self::Person(n) => format!("person-{n:04}"),
        }
    }

    pub(super) fn id(&self) -> String {
        match self {
            Self::Avery => "ACoAAFX0000AverySampleton000000000000001".to_owned(),
            Self::Quinn => "ACoAAFX0000QuinnTestwell0000000000000002".to_owned(),
            Self::Jeff => "ACoAASBXJeff0000000000000000000000000008".to_owned(),
            Self::Large => "ACoAASBXLarge000000000000000000000000060".to_owned(),
            Self::Person(n) => format!("ACoAASBXPerson{n:026}"),
        }
    }

    /// Whether a search for an address succeeds.
    pub(super) fn has_address(&self) -> bool {
        match self {
            Self::Avery | Self::Jeff => true,
            Self::Quinn | Self::Large => false,
            Self::Person(n) => n % 2 == 0,
        }
    }
}

fn person(n: u32) -> Option<Subject> {
    (1..=COUNT).contains(&n).then_some(Subject::Person(n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_finds_the_same_person() {
        for wanted in [
            "person-0007",
            "Person-0007",
            "https://www.linkedin.com/in/person-0007",
            "linkedin.com/in/person-0007/?locale=en",
            "ACoAASBXPerson00000000000000000000000007",
        ] {
            assert_eq!(find(wanted), Some(Subject::Person(7)), "{wanted}");
        }
        assert_eq!(find("person-2000"), Some(Subject::Person(2000)));
        for wanted in [
            "person-2001",
            "person-0000",
            "person-7",
            "nobody-fx9999",
            "",
            "https://www.linkedin.com/company/x",
        ] {
            assert_eq!(find(wanted), None, "{wanted}");
        }
    }
}
