//! Jobs on the wire.

use serde_json::{Value, json};

use super::Job;
use crate::harvestapi::population::clock::{DAY, Now, written};
use crate::harvestapi::population::companies::{self, Company};
use crate::harvestapi::population::people::Person;
use crate::harvestapi::population::pictures::picture_url;
use crate::harvestapi::population::seed::{mix, thousands};

/// A job's page; with `whole_company` all that is known of the company comes along.
pub(crate) fn element(job: Job, whole_company: bool, now: Now) -> Value {
    let (n, company) = (job.number(), job.company());
    let posted = job.posted(now);
    let mut location = job.place().location();
    location["postalAddress"] = if n % 5 == 4 { json!(format!("{n} Example Way")) } else { Value::Null };
    location["geoId"] = json!(job.place().geo_id());
    let closed = n % 40 == 39;
    let mut element = json!({
        "id": job.id(),
        "title": job.role().title,
        "linkedinUrl": job.url(),
        "jobState": if closed { "CLOSED" } else { "LISTED" },
        "postedDate": written(posted),
        "descriptionText": job.text(),
        "descriptionHtml": format!("<p>{}</p>", job.text()),
        "location": location,
        "employmentType": job.employment().1,
        "workplaceType": job.workplace().1,
        "workRemoteAllowed": job.workplace().0 == "remote",
        "easyApplyUrl": if job.easy_apply() { format!("{}apply", job.url()) } else { String::new() },
        "applyMethod": {
            "companyApplyUrl": format!("https://{}/jobs/{n}", company.domain()),
            "type": if job.easy_apply() { "SimpleOnsiteApply" } else { "OffsiteApply" },
        },
        "applicants": job.applicants(),
        "hiringTeam": if n % 4 == 2 { vec![hirer(job)] } else { Vec::new() },
        "company": if whole_company { companies::element(company) } else { brief(company) },
        "salary": salary(job),
        "jobFunctions": [job.role().function],
        "industries": [company.industry().id],
        "experienceLevel": job.level().1,
        "benefits": if n % 3 == 2 { vec!["Medical insurance", "401(k)"] } else { Vec::new() },
        "views": job.applicants() * 11 + 3,
        "expireAt": written(posted + 31 * DAY),
        "new": n < 50,
        "closedAt": closed.then(|| written(posted + DAY)),
        "jobApplicationLimitReached": closed,
        "applicantTrackingSystem": (n % 2 == 1).then_some("Fictional ATS"),
    });
    // Names that one of the vendor's two descriptions has, and the other lacks.
    if n % 10 == 9 {
        element["url"] = json!(job.url());
        element["companyName"] = json!(company.name());
        element["companyLogo"] = json!(picture_url(&company.logo(), 100));
        element["companyLink"] = json!(company.url());
        element["companyUniversalName"] = json!(company.slug());
    }
    element
}

/// A row of the job search.
pub(crate) fn row(job: Job, now: Now) -> Value {
    let company = job.company();
    json!({
        "id": job.id(),
        "url": job.url(),
        "title": job.role().title,
        "postedDate": written(job.posted(now)),
        "company": {"name": company.name(), "universalName": company.slug(), "linkedinUrl": company.url()},
        "location": {"linkedinText": job.place().text()},
        "easyApply": job.easy_apply(),
    })
}

fn brief(company: Company) -> Value {
    json!({
        "id": company.id(),
        "universalName": company.slug(),
        "linkedinUrl": format!("{}/", company.url()),
        "name": company.name(),
        "logo": picture_url(&company.logo(), 200),
        "employeeCount": company.employees(),
        "followerCount": company.followers(),
    })
}

fn hirer(job: Job) -> Value {
    let person = Person::at(mix(148, job.number()));
    json!({"id": person.id(), "name": person.name(), "linkedinUrl": person.url(), "position": person.position()})
}

/// Where nothing is told, either null or an object of nulls.
fn salary(job: Job) -> Value {
    let Some((least, most)) = job.salary() else {
        return if job.number().is_multiple_of(2) {
            Value::Null
        } else {
            json!({"text": null, "min": null, "max": null, "currency": null, "payPeriod": null, "compensationType": null,
                "compensationSource": null, "providedByEmployer": false})
        };
    };
    json!({
        "text": format!("${}/yr - ${}/yr", thousands(least), thousands(most)),
        "min": least,
        "max": most,
        "currency": "USD",
        "payPeriod": "YEARLY",
        "compensationType": "BASE_SALARY",
        "compensationSource": "JOB_POSTER_PROVIDED",
        "providedByEmployer": true,
    })
}
