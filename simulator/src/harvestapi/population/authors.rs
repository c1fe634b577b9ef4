//! Whoever writes posts and comments.

use serde_json::{Value, json};

use super::companies::{self, Company};
use super::people::{self, Person};
use super::pictures::{expiring, picture_url};

/// A person or a company who writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Author {
    Person(Person),
    Company(Company),
}

/// Everybody who writes.
pub(crate) const COUNT: u64 = people::COUNT + companies::COUNT;

impl Author {
    pub(crate) fn at(a: u64) -> Self {
        let a = a % COUNT;
        if a < people::COUNT {
            Self::Person(Person::at(a))
        } else {
            Self::Company(Company::at(a - people::COUNT + 1))
        }
    }

    /// Finds one by URL; where it is no URL, a person goes first.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        Person::find(wanted).map(Self::Person).or_else(|| Company::find(wanted).map(Self::Company))
    }

    pub(crate) fn number(self) -> u64 {
        match self {
            Self::Person(person) => person.number(),
            Self::Company(company) => people::COUNT + company.number() - 1,
        }
    }

    pub(crate) fn id(self) -> String {
        match self {
            Self::Person(person) => person.id(),
            Self::Company(company) => company.id(),
        }
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::Person(person) => person.name(),
            Self::Company(company) => company.name(),
        }
    }

    pub(crate) fn url(self) -> String {
        match self {
            Self::Person(person) => person.url(),
            Self::Company(company) => format!("{}/", company.url()),
        }
    }

    /// As posts carry it.
    pub(crate) fn written(self) -> Value {
        let (person, company) = match self {
            Self::Person(person) => (Some(person), None),
            Self::Company(company) => (None, Some(company)),
        };
        let site = company.filter(|company| company.number() % 3 == 0);
        json!({
            "id": self.id(),
            "urn": self.id(),
            "publicIdentifier": person.map(Person::slug),
            "universalName": company.map(Company::slug),
            "name": self.name(),
            "linkedinUrl": self.url(),
            "type": self.kind(),
            "info": self.info(),
            "website": site.map(|company| format!("https://{}", company.domain())),
            "websiteLabel": site.map(|_| "Visit website"),
            "avatar": expiring(&self.picture_name(), 200),
        })
    }

    /// As comments carry it; `writer` tells that the post is by the same one.
    pub(crate) fn as_actor(self, writer: bool) -> Value {
        json!({
            "id": self.id(),
            "name": self.name(),
            "linkedinUrl": self.url(),
            "position": self.info(),
            "pictureUrl": picture_url(&self.picture_name(), 800),
            "picture": expiring(&self.picture_name(), 800),
            "type": self.kind(),
            "universalName": match self {
                Self::Person(_) => None,
                Self::Company(company) => Some(company.slug()),
            },
            "author": writer,
        })
    }

    fn kind(self) -> &'static str {
        match self {
            Self::Person(_) => "profile",
            Self::Company(_) => "company",
        }
    }

    fn info(self) -> String {
        match self {
            Self::Person(person) => person.position(),
            Self::Company(company) => company.followers_text(),
        }
    }

    fn picture_name(self) -> String {
        match self {
            Self::Person(person) => person.slug(),
            Self::Company(company) => company.logo(),
        }
    }
}
