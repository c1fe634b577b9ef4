use serde_json::{Value, json};

use super::population::Subject;
use super::scrape::Colleague;

mod parts;

use parts::{dashed, location, picture, school};

/// Which form of a profile is asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    /// At most five positions, two educations and two skills; the rest is null.
    pub(super) main: bool,
    /// An address was asked for and found.
    pub(super) email: bool,
    /// Addresses are tried against their mail server.
    pub(super) smtp: bool,
    pub(super) about: bool,
}

/// What tells one invented person from another.
struct Facts {
    number: u64,
    first: &'static str,
    last: String,
    title: &'static str,
    company: &'static str,
    city: &'static str,
    jobs: usize,
}

/// Bytes of the large profile's description; with the rest of the answer it makes about 61,000.
const PADDING: usize = 40_150;
const FIRST: [&str; 12] =
    ["Ada", "Bela", "Cleo", "Dario", "Edda", "Faye", "Gita", "Hugo", "Ilse", "Jona", "Kira", "Lino"];
const TITLES: [&str; 7] = [
    "VP of Engineering",
    "Product Lead",
    "Staff Engineer",
    "Head of Sales",
    "Data Analyst",
    "Founder",
    "Recruiter",
];
const COMPANIES: [&str; 5] = [
    "Examplio Robotics",
    "Placeholder Analytics",
    "Imaginary Railways",
    "Paper Harbour",
    "Quiet Drum Records",
];
const CITIES: [&str; 4] = ["Sampleville", "Mockton", "Stubford", "Fakenham Falls"];
/// What a main profile leaves out.
const FULL_ONLY: [&str; 18] = [
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
];

/// Writes the element of a profile answer.
pub(super) fn write(subject: &Subject, detail: Detail) -> Vec<u8> {
    let facts = Facts::of(*subject);
    let mut profile = profile(subject, &facts, detail);
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

/// Slug and name of every employer.
pub(super) fn companies() -> impl Iterator<Item = (String, &'static str)> {
    COMPANIES.into_iter().map(|name| (format!("{}-fx", dashed(name)), name))
}

pub(super) fn colleague(subject: Subject) -> Colleague {
    let facts = Facts::of(subject);
    Colleague {
        slug: subject.slug(),
        company: format!("{}-fx", dashed(facts.company)),
        title: facts.title,
        place: facts.place(),
        has_address: subject.has_address(),
    }
}

// === impl Facts ===

impl Facts {
    fn of(subject: Subject) -> Self {
        let (number, first, last, jobs) = match subject {
            Subject::Avery => (1, "Avery", "Sampleton".to_owned(), 2),
            Subject::Quinn => (2, "Quinn", "Testwell".to_owned(), 2),
            Subject::Jeff => (8, "Geoffrey", "Vinerson (fictional)".to_owned(), 7),
            Subject::Large => (60, "Grandine", "Sixtykay".to_owned(), 12),
            Subject::Person(n) => {
                let first = FIRST[n as usize % FIRST.len()];
                (u64::from(n) + 1000, first, format!("Personsson {n:04}"), 1 + n as usize % 7)
            }
        };
        let pick = usize::try_from(number).unwrap_or(0);
        Self {
            number,
            first,
            last,
            title: TITLES[(pick - 1) % TITLES.len()],
            company: COMPANIES[(pick - 1) % COMPANIES.len()],
            city: CITIES[(pick - 1) % CITIES.len()],
            jobs,
        }
    }

    fn place(&self) -> String {
        format!("{}, California, United States", self.city)
    }
}

fn profile(subject: &Subject, facts: &Facts, detail: Detail) -> Value {
    let slug = subject.slug();
    let jobs: Vec<_> = (0..facts.jobs).map(|n| job(facts, n)).collect();
    let schools: Vec<_> = (0..1 + facts.jobs / 3).map(school).collect();
    let skills: Vec<_> = ["Rust", "Distributed Systems", "gRPC", "Invention"]
        .into_iter()
        .enumerate()
        .map(|(n, name)| json!({"name": name, "positions": [], "endorsements": (n == 0).then_some("12 endorsements")}))
        .collect();
    let about = match subject {
        Subject::Large => "An invented person with much to say. ".repeat(PADDING / 37),
        _ => "Invented person used in tests; any likeness is chance.".to_owned(),
    };
    let mut profile = json!({
        "id": subject.id(),
        "publicIdentifier": slug,
        "linkedinUrl": format!("https://www.linkedin.com/in/{slug}"),
        "firstName": facts.first,
        "lastName": facts.last,
        "headline": format!("{} at {} (fictional)", facts.title, facts.company),
        "about": about,
        "openToWork": facts.number.is_multiple_of(3),
        "hiring": facts.number % 3 == 1,
        "premium": facts.number % 2 == 1,
        "influencer": false,
        "memorialized": false,
        "creator": false,
        "verified": facts.number % 2 == 1,
        "photo": format!("https://media.example.com/{slug}_800.jpg"),
        "emails": addresses(facts, detail),
        "websites": [format!("https://{slug}.example.com")],
        "companyWebsites": [{
            "url": format!("https://{}.example.com", dashed(facts.company)),
            "domain": format!("{}.example.com", dashed(facts.company)),
            "validEmailServer": true,
        }],
        "registeredAt": "2012-05-01T00:00:00.000Z",
        "topSkills": ["Rust", "Distributed Systems"],
        "connectionsCount": 100 + facts.number * 7 % 900,
        "followerCount": 500 + facts.number * 13 % 4000,
        "location": location(facts.city, &facts.place()),
        "objectUrn": (990_000_000 + facts.number).to_string(),
        "currentPosition": [job(facts, 0)],
        "profileTopEducation": [school(0)],
        "profilePicture": picture(&slug),
        "coverPicture": picture(&format!("{slug}-cover")),
        "primaryLocale": {"country": "US", "language": "en"},
    });
    let career = json!({
        "experience": jobs,
        "education": schools,
        "certifications": [{
            "title": "Certified Example Architect",
            "issuedAt": "Issued Jun 2021",
            "link": null,
            "issuedBy": "Example Certification Board",
            "issuedByLink": null,
            "issuedByLogo": null,
        }],
        "projects": [],
        "volunteering": [],
        "receivedRecommendations": [],
        "skills": skills,
        "publications": [],
        "courses": [],
        "patents": [],
        "honorsAndAwards": [],
        "languages": [{"name": "English", "proficiency": "Native or bilingual proficiency"}],
        "organizations": [],
        "causes": [],
        "featured": null,
        "moreProfiles": [],
        "services": null,
        "interests": [],
    });
    if let (Some(profile), Value::Object(career)) = (profile.as_object_mut(), career) {
        profile.extend(career);
    }
    if detail.about {
        profile["aboutProfile"] =
            json!({"joined": "May 2012", "contactInformationUpdated": "over 1 year ago"});
    }
    profile
}

fn addresses(facts: &Facts, detail: Detail) -> Value {
    if !detail.email {
        return json!([]);
    }
    let name = dashed(&format!("{} {}", facts.first, facts.last.replace(['(', ')'], ""))).replace('-', ".");
    json!([{
        "email": format!("{name}@{}.example.com", dashed(facts.company)),
        "deliverable": detail.smtp,
        "disposable": false,
        "catchAllDomain": false,
        "validEmailServer": true,
        "free": false,
        "foundInGoogleSearch": false,
        "status": if detail.smtp { "valid" } else { "risky" },
        "qualityScore": if detail.smtp { 95 } else { 60 },
    }])
}

fn job(facts: &Facts, n: usize) -> Value {
    let company = COMPANIES[(usize::try_from(facts.number).unwrap_or(0) - 1 + n) % COMPANIES.len()];
    let slug = format!("{}-fx", dashed(company));
    let (from, until) = (2023 - 2 * n, 2025 - 2 * n);
    let end = if n == 0 {
        json!({"month": null, "year": null, "text": "Present"})
    } else {
        json!({"month": "Dec", "year": until, "text": format!("Dec {until}")})
    };
    json!({
        "position": TITLES[(usize::try_from(facts.number).unwrap_or(0) - 1 + n) % TITLES.len()],
        "location": facts.place(),
        "employmentType": "Full-time",
        "workplaceType": if n.is_multiple_of(2) { "Hybrid" } else { "On-site" },
        "companyName": company,
        "companyLinkedinUrl": format!("https://www.linkedin.com/company/{slug}"),
        "companyId": (90_000_001 + n % 5).to_string(),
        "companyUniversalName": slug,
        "duration": "3 yrs",
        "description": (n.is_multiple_of(2)).then_some("Leads work on a fictional product line."),
        "skills": ["Rust", "gRPC"],
        "experienceGroupId": null,
        "startDate": {"month": "Jan", "year": from, "text": format!("Jan {from}")},
        "endDate": end,
        "companyLogo": picture(&format!("logo-{slug}")),
    })
}
