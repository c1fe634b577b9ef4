//! A profile on the wire.

use serde_json::{Value, json};

use super::Person;
use super::career::{education, experience, skill};
use super::extras::extras;
use crate::harvestapi::population::clock::Now;
use crate::harvestapi::population::pictures::{picture, picture_url};

/// Which form of a profile is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Detail {
    /// At most five positions, two educations and two skills; the rest is null.
    pub(crate) main: bool,
    /// An address was asked for and found.
    pub(crate) email: bool,
    /// Addresses are tried against their mail server.
    pub(crate) smtp: bool,
    pub(crate) about: bool,
}

/// Characters of the large profile's description; with the rest of the answer it makes about 61,000.
const PADDING: usize = 38_000;
/// What a main profile leaves out.
const FULL_ONLY: [&str; 19] = [
    "creator",
    "emails",
    "websites",
    "companyWebsites",
    "primaryLocale",
    "certifications",
    "projects",
    "volunteering",
    "receivedRecommendations",
    "publications",
    "courses",
    "patents",
    "honorsAndAwards",
    "languages",
    "organizations",
    "causes",
    "moreProfiles",
    "interests",
    "profileActions",
];

/// Writes the element of a profile answer.
pub(crate) fn write(person: Person, detail: Detail, now: Now) -> Vec<u8> {
    let mut profile = profile(person, detail, now);
    if let (Some(profile), Value::Object(extras)) = (profile.as_object_mut(), extras(person, now)) {
        profile.extend(extras);
    }
    if detail.about {
        profile["aboutProfile"] =
            json!({"joined": "May 2012", "contactInformationUpdated": "over 1 year ago"});
    }
    if detail.main {
        for name in FULL_ONLY {
            profile[name] = Value::Null;
        }
        for (name, most) in [("experience", 5), ("education", 2), ("skills", 2)] {
            if let Some(list) = profile[name].as_array_mut() {
                list.truncate(most);
            }
        }
    }
    serde_json::to_vec(&profile).unwrap_or_default()
}

/// What a search for somebody's address finds.
pub(crate) fn address(person: Person, smtp: bool) -> Value {
    json!({
        "email": person.mailbox(),
        "deliverable": smtp,
        "disposable": false,
        "catchAllDomain": false,
        "validEmailServer": true,
        "free": false,
        "foundInGoogleSearch": false,
        "status": if smtp { "valid" } else { "risky" },
        "qualityScore": if smtp { 95 } else { 60 },
    })
}

fn profile(person: Person, detail: Detail, now: Now) -> Value {
    let (p, slug) = (person.number(), person.slug());
    let jobs = experience(person, now);
    let schools = education(person);
    let skills: Vec<_> = (0..4)
        .map(|at| {
            let positions = if at == 0 { vec![person.position()] } else { Vec::new() };
            json!({"name": skill(person, at), "positions": positions, "endorsements": (at == 0).then_some("12 endorsements")})
        })
        .collect();
    let emails = match (detail.email, person.is_in_other_words()) {
        (false, _) => json!([]),
        (true, false) => json!([address(person, detail.smtp)]),
        (true, true) => json!([person.mailbox()]),
    };
    let top_skills = match person.is_in_other_words() {
        true => json!(format!("{} • {}", skill(person, 0), skill(person, 1))),
        false => json!([skill(person, 0), skill(person, 1)]),
    };
    let about = if person.is_large() {
        "An invented person with much to say. ".repeat(PADDING / 37)
    } else {
        "Invented person used in tests; any likeness is chance.".to_owned()
    };
    let company = person.company();
    json!({
        "id": person.id(),
        "publicIdentifier": slug,
        "linkedinUrl": person.url(),
        "firstName": person.first(),
        "lastName": person.last(),
        "headline": format!("{} (fictional)", person.position()),
        "about": about,
        "openToWork": p % 3 == 1,
        "hiring": p % 3 == 0,
        "premium": person.is_premium(),
        "influencer": p % 50 == 10,
        "memorialized": false,
        "creator": p % 10 == 3,
        "verified": p.is_multiple_of(2),
        "photo": picture_url(&slug, 800),
        "emails": emails,
        "websites": [format!("https://{slug}.example.com")],
        "companyWebsites": [{
            "url": format!("https://{}", company.domain()),
            "domain": company.domain(),
            "validEmailServer": true,
        }],
        "registeredAt": "2012-05-01T00:00:00.000Z",
        "topSkills": top_skills,
        "connectionsCount": 100 + p * 7 % 900,
        "followerCount": 500 + p * 13 % 4000,
        "location": person.place().location(),
        "objectUrn": person.object_urn(),
        "currentPosition": jobs.iter().take(1).collect::<Vec<_>>(),
        "profileTopEducation": schools.iter().take(1).collect::<Vec<_>>(),
        "profilePicture": picture(&slug),
        "coverPicture": picture(&format!("{slug}-cover")),
        "primaryLocale": {"country": person.place().country_code(), "language": person.language()},
        "composeOptionType": if p.is_multiple_of(2) { "PREMIUM_INMAIL" } else { "CONNECTION_MESSAGE" },
        "profileActions": ["CONNECT", "FOLLOW"],
        "experience": jobs,
        "education": schools,
        "skills": skills,
    })
}
