//! Where somebody worked and learnt.

use serde_json::{Value, json};

use super::Person;
use crate::harvestapi::population::clock::Now;
use crate::harvestapi::population::pictures::picture;
use crate::harvestapi::population::seed::{mix, pick};

const DEGREES: [&str; 3] = ["Bachelor of Science", "Master of Arts", "Master of Science"];
const FIELDS: [&str; 4] = ["Computer Science", "Economics", "Design", "Mechanical Engineering"];
pub(super) const SKILLS: [&str; 10] = [
    "Rust",
    "Distributed Systems",
    "gRPC",
    "Invention",
    "Negotiation",
    "Accounting",
    "Public Speaking",
    "Data Modelling",
    "Typography",
    "Leadership",
];

/// Positions from the current one back.
pub(super) fn experience(person: Person, now: Now) -> Vec<Value> {
    let mut until = 0;
    (0..person.jobs())
        .map(|job| {
            let months = person.months_at(job);
            let position = position(person, now, job, until, until + months);
            until += months;
            position
        })
        .collect()
}

pub(super) fn education(person: Person) -> Vec<Value> {
    person
        .schools()
        .zip(0..)
        .map(|(school, at)| {
            let until = 2014 - 4 * at - person.number() % 8;
            let mut written = json!({
                "schoolName": school.name(),
                "schoolLinkedinUrl": format!("{}/", school.url()),
                "schoolId": school.id(),
                "degree": (person.number() % 9 != 8).then(|| pick(&DEGREES, person.number() + at)),
                "fieldOfStudy": (person.number() % 7 != 6).then(|| pick(&FIELDS, person.number() + at)),
                "skills": [],
                "startDate": {"month": null, "year": until - 4, "text": (until - 4).to_string()},
                "endDate": {"month": null, "year": until, "text": until.to_string()},
                "period": format!("{} - {until}", until - 4),
                "schoolLogo": picture(&school.logo()),
            });
            if person.is_in_other_words() {
                written["title"] = json!(school.name());
                written["link"] = json!(format!("{}/", school.url()));
            }
            written
        })
        .collect()
}

pub(super) fn skill(person: Person, at: u64) -> &'static str {
    if person.number() < 5 { pick(&SKILLS, at) } else { pick(&SKILLS, person.number() + at) }
}

/// `3 yrs 3 mos`.
fn duration(months: u64) -> String {
    let part = |count: u64, name: &str| match count {
        0 => None,
        1 => Some(format!("1 {name}")),
        n => Some(format!("{n} {name}s")),
    };
    let parts: Vec<_> = [part(months / 12, "yr"), part(months % 12, "mo")].into_iter().flatten().collect();
    if parts.is_empty() { "Less than a month".to_owned() } else { parts.join(" ") }
}

/// A position that ended `from` and began `to` months ago.
fn position(person: Person, now: Now, job: u64, from: u64, to: u64) -> Value {
    let company = person.company_at(job);
    let hash = mix(90 + job, person.number());
    let end =
        if job == 0 { json!({"month": null, "year": null, "text": "Present"}) } else { now.date_part(from) };
    let mut written = json!({
        "position": person.role_at(job).title,
        "location": (job % 4 != 3).then(|| person.place().text()),
        "employmentType": (job % 5 != 4).then_some("Full-time"),
        "workplaceType": (job % 5 != 4).then_some(if job.is_multiple_of(2) { "Hybrid" } else { "On-site" }),
        "companyName": company.name(),
        "companyLinkedinUrl": company.url(),
        "companyId": company.id(),
        "companyUniversalName": company.slug(),
        "duration": duration(to - from),
        "description": job.is_multiple_of(2).then_some("Leads work on a fictional product line."),
        "skills": [skill(person, 0), skill(person, 2)],
        "experienceGroupId": hash.is_multiple_of(6).then(|| format!("group-{}", hash % 1000)),
        "startDate": now.date_part(to),
        "endDate": end,
        "companyLogo": picture(&company.logo()),
    });
    if person.is_in_other_words() {
        written["companyLink"] = json!(company.url());
    }
    written
}
