//! What profiles carry beside the career: most of it only here and there, so that empty lists occur as well.

use serde_json::{Value, json};

use super::Person;
use crate::harvestapi::population::clock::Now;
use crate::harvestapi::population::companies::Company;
use crate::harvestapi::population::pictures::picture_url;
use crate::harvestapi::population::seed::thousands;

/// Fields of a full profile, each under its name.
pub(super) fn extras(person: Person, now: Now) -> Value {
    let p = person.number();
    let near = |step: u64| Person::at(p + step);
    let company = person.company();
    let language = if person.is_in_other_words() { "language" } else { "name" };
    json!({
        "certifications": some(p % 5 != 4, || json!({
            "title": "Certified Example Architect",
            "issuedAt": "Issued Jun 2021",
            "link": p.is_multiple_of(2).then(|| format!("https://certificates.example.com/{p}")),
            "issuedBy": "Example Certification Board",
            "issuedByLink": p.is_multiple_of(2).then(|| company.url()),
            "issuedByLogo": p.is_multiple_of(2).then(|| picture_url("board", 100)),
        })),
        "projects": some(p.is_multiple_of(3), || json!({
            "title": "Open Sample Kit",
            "duration": "Jan 2020 - Dec 2020",
            "startDate": {"month": "Jan", "year": 2020, "text": "Jan 2020"},
            "endDate": {"month": "Dec", "year": 2020, "text": "Dec 2020"},
            "associatedWith": company.name(),
            "associatedWithLink": company.url(),
            "description": "Fictional side project.",
            "contributors": [{"linkedinUrl": near(1).url()}],
        })),
        "volunteering": some(p.is_multiple_of(4), || json!({
            "role": "Mentor",
            "organizationName": "Imaginary Code Club",
            "duration": "2 yrs",
            "startDate": now.date_part(48),
            "endDate": now.date_part(24),
        })),
        "receivedRecommendations": some(p.is_multiple_of(6), || json!({
            "givenBy": near(1).name(),
            "givenAt": format!("March 3, 2022, {} worked with {}", near(1).first(), person.first()),
            "givenByLink": near(1).url(),
            "description": "A pleasure to invent tests with.",
        })),
        "publications": some(p % 11 == 3, || json!({
            "title": "On Things That Are Not There",
            "publishedAt": "Journal of Invention · May 4, 2020",
            "description": "A fictional paper.",
            "link": format!("https://papers.example.com/{p}"),
        })),
        "courses": some(p % 11 == 4, || json!({
            "title": "Introduction to Placeholders",
            "associatedWith": company.name(),
            "associatedWithLink": company.url(),
        })),
        "patents": some(p % 11 == 5, || json!({
            "title": "Method for storing nothing",
            "number": format!("XX {}", 1_000_000 + p),
            "issuedAt": "Issued Apr 1, 2019",
            "description": "A fictional patent.",
            "url": format!("https://patents.example.com/{p}"),
        })),
        "honorsAndAwards": some(p % 11 == 6, || json!({
            "title": "Golden Fixture",
            "issuedBy": "Example Academy",
            "issuedAt": "Jan 2022",
            "description": "For an invention that was never made.",
            "associatedWith": company.name(),
            "associatedWithLink": company.url(),
        })),
        "languages": [
            {language: "English", "proficiency": "Native or bilingual proficiency"},
            {language: "Esperanto", "proficiency": "Elementary proficiency"},
        ],
        "organizations": some(p % 11 == 7, || json!({
            "name": "Guild of Test Data",
            "positionHeld": "Treasurer",
            "description": "Keeps the books of nothing.",
            "dates": "2018 - Present",
            "companyLinkedinUrl": company.url(),
            "logo": picture_url("guild", 100),
        })),
        "causes": some(p % 11 == 8, || json!("Education")),
        "featured": (p % 11 == 9).then(|| json!({
            "images": [picture_url("featured", 400)],
            "link": format!("https://{}.example.com/featured", person.slug()),
            "title": "A talk that was not given",
            "subtitle": "Video",
        })),
        "moreProfiles": (1..3).map(|step| more(near(step))).collect::<Vec<_>>(),
        "services": person.services().map(|services| json!({
            "description": "Provides invented services.",
            "media": [],
            "servicesList": services,
            "rating": p.is_multiple_of(2).then_some("5.0"),
            "requestUrl": format!("https://www.linkedin.com/services/page/{}", person.slug()),
        })),
        "interests": [{"interestName": "Companies", "elements": [interest(Company::at(p + 2))]}],
    })
}

fn some(there: bool, write: impl FnOnce() -> Value) -> Vec<Value> {
    there.then(write).into_iter().collect()
}

fn more(person: Person) -> Value {
    json!({
        "id": person.id(),
        "firstName": person.first(),
        "lastName": person.last(),
        "position": person.position(),
        "publicIdentifier": person.slug(),
        "linkedinUrl": person.url(),
    })
}

fn interest(company: Company) -> Value {
    json!({
        "title": company.name(),
        "subtitle": null,
        "link": company.url(),
        "caption": format!("{} followers", thousands(company.followers())),
        "image": {"url": picture_url(&company.logo(), 100)},
    })
}
