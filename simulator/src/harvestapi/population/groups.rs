//! The groups of this LinkedIn.

use serde_json::{Value, json};

use super::people::Person;
use super::pictures::{expiring, picture_url};
use super::seed::{mix, pick, thousands};

/// A group by its number, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Group {
    n: u64,
}

pub(crate) const COUNT: u64 = 2000;
const IDS: u64 = 99_000_001;
const SUBJECTS: [&str; 10] = [
    "Robotics",
    "Railways",
    "Analytics",
    "Typography",
    "Baking",
    "Hiring",
    "Beekeeping",
    "Cartography",
    "Accounting",
    "Rust",
];
const ADJECTIVES: [&str; 8] =
    ["Imaginary", "Friends of", "Unlikely", "International", "Early", "Quiet", "Practical", "Global"];
const TAILS: [&str; 5] = ["Guild", "Circle", "Network", "Forum", "Society"];

pub(crate) fn all() -> impl Iterator<Item = Group> {
    (0..COUNT).map(Group::at)
}

/// A group's page.
pub(crate) fn element(group: Group) -> Value {
    let n = group.n;
    let admins: Vec<_> = (0..1 + n % 3).map(|step| group.admin(step)).collect();
    let profiles: Vec<_> = admins.iter().map(|person| admin(*person)).collect();
    let founded = 1_454_284_800_000 + i64::try_from(n).unwrap_or(0) * 86_400_000;
    json!({
        "id": group.id(),
        "linkedinUrl": group.url(),
        "name": group.name(),
        "memberCount": group.members(),
        "logo": expiring(&format!("group-{n}"), 200),
        "heroImage": (n % 3 == 1).then(|| expiring(&format!("group-{n}-hero"), 1128)),
        "description": group.summary(),
        "rules": (n % 4 != 3).then_some("Be kind to test data."),
        "createdAt": {"date": super::clock::written(founded), "timestamp": founded},
        "groupPlusStatusActive": n % 10 == 9,
        "postApprovalEnabled": n.is_multiple_of(2),
        "invitationLevel": "MEMBER",
        "welcomeNote": (n % 5 == 2).then_some("Welcome to nowhere."),
        "automatedWelcomeNoteEnabled": n % 5 == 2,
        "publicVisibility": n % 7 != 6,
        "admins": {"totalCount": admins.len(), "text": admins.first().map(|person| person.name()), "profiles": profiles},
    })
}

/// A row of the group search.
pub(crate) fn row(group: Group) -> Value {
    json!({
        "id": group.id(),
        "linkedinUrl": group.url(),
        "name": group.name(),
        "members": format!("{} members", thousands(group.members())),
        "summary": group.summary(),
        "picture": (group.n % 3 == 1).then(|| picture_url(&format!("group-{}", group.n), 100)),
        "primaryActions": [{"label": "Join", "value": (group.n % 4 == 1).then_some("JOIN")}],
    })
}

impl Group {
    pub(crate) fn at(n: u64) -> Self {
        Self { n: n % COUNT }
    }

    /// Finds one by URL or id.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        let wanted = wanted.trim();
        let id = wanted.find("/groups/").map_or(wanted, |at| &wanted[at + 8..]);
        let id: u64 = id.split(['/', '?', '#']).next()?.parse().ok()?;
        id.checked_sub(IDS).filter(|n| *n < COUNT).map(Self::at)
    }

    pub(crate) fn id(self) -> String {
        (IDS + self.n).to_string()
    }

    pub(crate) fn name(self) -> String {
        let (subject, rest) = (pick(&SUBJECTS, self.n), self.n / 10);
        format!("{} {subject} {}", pick(&ADJECTIVES, rest), pick(&TAILS, rest / 8))
    }

    pub(crate) fn summary(self) -> String {
        format!("A group on {} that does not exist.", pick(&SUBJECTS, self.n).to_lowercase())
    }

    fn url(self) -> String {
        format!("https://www.linkedin.com/groups/{}", self.id())
    }

    fn members(self) -> u64 {
        if self.n == 0 { 12_840 } else { 20 + mix(130, self.n) % 50_000 }
    }

    fn admin(self, step: u64) -> Person {
        if self.n == 0 { Person::at(2 + step) } else { Person::at(mix(131, self.n) + step) }
    }
}

fn admin(person: Person) -> Value {
    json!({
        "id": person.id(),
        "linkedinUrl": person.url(),
        "firstName": person.first(),
        "lastName": person.last(),
        "headline": person.role().title,
        "picture": (person.number() % 2 == 1).then(|| expiring(&person.slug(), 100)),
    })
}
