//! People as rows of lists.

use serde_json::{Value, json};

use super::Person;
use crate::harvestapi::population::clock::Now;
use crate::harvestapi::population::pictures::{expiring, picture_url};

/// A row of the profile search; LinkedIn hides people who are far from the one who asks.
pub(crate) fn row(person: Person, hidden: bool) -> Value {
    if hidden {
        return json!({
            "id": "",
            "publicIdentifier": "",
            "name": "LinkedIn Member",
            "position": person.role().title,
            "location": {"linkedinText": person.place().text()},
            "linkedinUrl": "",
            "photo": null,
            "hidden": true,
        });
    }
    json!({
        "id": person.id(),
        "publicIdentifier": person.slug(),
        "name": person.name(),
        "position": person.position(),
        "location": {"linkedinText": person.place().text()},
        "linkedinUrl": person.url(),
        "photo": picture_url(&person.slug(), 100),
        "hidden": false,
    })
}

/// A row of the lead search; its numbers are numbers.
pub(crate) fn lead_row(person: Person, now: Now) -> Value {
    let p = person.number();
    let (company, months) = (person.company(), person.months_at(0));
    let (year, month) = now.months_ago(months);
    let tenure = json!({"numYears": months / 12, "numMonths": months % 12});
    json!({
        "id": person.id(),
        "linkedinUrl": person.url(),
        "firstName": person.first(),
        "lastName": person.last(),
        "summary": (p % 3 == 2).then(|| format!("{} who does not exist.", person.role().title)),
        "openProfile": p % 4 == 3,
        "premium": person.is_premium(),
        "location": {"linkedinText": person.place().text()},
        "pictureUrl": (p % 9 != 8).then(|| picture_url(&person.slug(), 400)),
        "currentPositions": [{
            "companyName": company.name(),
            "title": person.role().title,
            "description": (p % 5 == 4).then_some("Leads work on a fictional product line."),
            "current": true,
            "startedOn": {"month": (p % 10 != 7).then_some(month), "year": year},
            "companyId": company.id(),
            "companyLinkedinUrl": company.url(),
            "tenureAtPosition": tenure,
            "tenureAtCompany": tenure,
        }],
    })
}

/// A row of the service search.
pub(crate) fn service_row(person: Person) -> Value {
    let p = person.number();
    json!({
        "id": person.id(),
        "name": person.name(),
        "position": format!("Freelance {}", person.role().title),
        "location": {"linkedinText": person.place().text()},
        "linkedinProfileUrl": person.url(),
        "serviceUrl": format!("https://www.linkedin.com/services/page/{}", person.slug()),
        "picture": (p % 2 == 1).then(|| picture_url(&person.slug(), 200)),
        "summary": (p % 7 != 6).then_some("Provides invented services."),
        "services": person.services().unwrap_or_default(),
        "objectUrn": person.object_urn(),
    })
}

/// Whoever reacted to something.
pub(crate) fn actor(person: Person) -> Value {
    let picture = expiring(&person.slug(), 800);
    let mut actor = json!({
        "id": person.id(),
        "name": person.name(),
        "linkedinUrl": person.url(),
        "position": person.position(),
        "pictureUrl": picture_url(&person.slug(), 800),
        "picture": picture,
    });
    if person.is_in_other_words() {
        actor["image"] = picture;
    }
    actor
}

/// The holder of a session, or somebody who sent an invitation.
pub(crate) fn member(person: Person) -> Value {
    json!({
        "firstName": person.first(),
        "lastName": person.last(),
        "id": person.id(),
        "publicIdentifier": person.slug(),
        "linkedinUrl": person.url(),
    })
}
