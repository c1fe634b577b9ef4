//! The jobs of this LinkedIn.

use super::clock::Now;
use super::companies::Company;
use super::places::Place;
use super::seed::{mix, pick};

mod rows;

pub(crate) use rows::{element, row};

/// A job by its number, from 1, the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job {
    n: u64,
}

/// What one does there: the name, the id and the short name of its function, and the level (one of [`LEVELS`]).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Role {
    pub(crate) title: &'static str,
    pub(crate) function: &'static str,
    level: usize,
}

/// A word as searches use it, beside the one that answers use.
pub(crate) type Word = (&'static str, &'static str);

pub(crate) const COUNT: u64 = 6000;
const IDS: u64 = 4_390_000_000;
/// Minutes between two jobs.
const PACE: u64 = 29;
const ROLES: [Role; 16] = [
    role("Senior Rust Engineer", "eng", 3),
    role("Rust Engineer", "eng", 1),
    role("Product Manager", "prdm", 3),
    role("Account Executive", "sale", 2),
    role("Data Analyst", "anls", 1),
    role("UX Designer", "dsgn", 2),
    role("Director of Operations", "mgmt", 4),
    role("Software Engineering Intern", "eng", 0),
    role("Chief Financial Officer", "fin", 5),
    role("Recruiter", "hr", 2),
    role("Site Reliability Engineer", "eng", 3),
    role("Marketing Manager", "mrkt", 3),
    role("Customer Success Associate", "cust", 1),
    role("Train Driver", "othr", 2),
    role("VP of Engineering", "eng", 5),
    role("Accountant", "acct", 2),
];
pub(crate) const LEVELS: [Word; 6] = [
    ("internship", "internship"),
    ("entry", "entry_level"),
    ("associate", "associate"),
    ("mid-senior", "mid_senior_level"),
    ("director", "director"),
    ("executive", "executive"),
];
pub(crate) const WORKPLACES: [Word; 3] = [("office", "on_site"), ("hybrid", "hybrid"), ("remote", "remote")];
pub(crate) const EMPLOYMENTS: [Word; 5] = [
    ("full-time", "full_time"),
    ("part-time", "part_time"),
    ("contract", "contract"),
    ("temporary", "temporary"),
    ("internship", "internship"),
];

pub(crate) fn all() -> impl Iterator<Item = Job> {
    (1..=COUNT).map(|n| Job { n })
}

impl Job {
    /// The id in a URL, or the text itself: None where there are no digits alone.
    pub(crate) fn id_in(wanted: &str) -> Option<u64> {
        let wanted = wanted.trim();
        let places = ["/jobs/view/", "currentJobId=", "jobPosting:"];
        let id =
            places.iter().find_map(|part| Some(&wanted[wanted.find(part)? + part.len()..])).unwrap_or(wanted);
        // A title may hold "&"; in a query it begins the next parameter.
        let ends: &[char] =
            if wanted.contains("/jobs/view/") { &['/', '?', '#'] } else { &['/', '?', '#', '&'] };
        let id = id.split(ends).next().unwrap_or_default();
        // A slug may stand before the id.
        let id = if id.len() < wanted.len() { id.rsplit('-').next().unwrap_or_default() } else { id };
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_digit()) {
            return None;
        }
        id.parse().ok()
    }

    pub(crate) fn with_id(id: u64) -> Option<Self> {
        id.checked_sub(IDS).filter(|n| (1..=COUNT).contains(n)).map(|n| Self { n })
    }

    pub(crate) fn number(self) -> u64 {
        self.n
    }

    pub(crate) fn id(self) -> String {
        (IDS + self.n).to_string()
    }

    pub(crate) fn url(self) -> String {
        format!("https://www.linkedin.com/jobs/view/{}/", self.id())
    }

    pub(crate) fn role(self) -> Role {
        if self.n <= 2 { pick(&ROLES, self.n - 1) } else { pick(&ROLES, mix(140, self.n)) }
    }

    pub(crate) fn company(self) -> Company {
        if self.n <= 2 { Company::at(1) } else { Company::of(mix(141, self.n)) }
    }

    /// A third is not where the company is.
    pub(crate) fn place(self) -> Place {
        if self.n.is_multiple_of(3) { Place::of(mix(142, self.n)) } else { self.company().place() }
    }

    pub(crate) fn level(self) -> Word {
        LEVELS[self.role().level]
    }

    pub(crate) fn workplace(self) -> Word {
        if self.n <= 2 { WORKPLACES[1] } else { pick(&WORKPLACES, mix(143, self.n)) }
    }

    pub(crate) fn employment(self) -> Word {
        match self.role().level {
            0 => EMPLOYMENTS[4],
            _ if self.n <= 2 || mix(144, self.n).is_multiple_of(2) => EMPLOYMENTS[0],
            _ => pick(&EMPLOYMENTS[..4], mix(144, self.n) / 2),
        }
    }

    /// Yearly, least and most; not every job tells it.
    pub(crate) fn salary(self) -> Option<(u64, u64)> {
        if self.n == 1 {
            return Some((150_000, 190_000));
        }
        (self.n % 3 != 2).then(|| {
            let least = (30 + mix(145, self.n) % 200) * 1000;
            (least, least + 10_000 + mix(146, self.n) % 4 * 10_000)
        })
    }

    pub(crate) fn applicants(self) -> u64 {
        if self.n == 1 { 37 } else { mix(147, self.n) % 200 }
    }

    pub(crate) fn easy_apply(self) -> bool {
        self.n.is_multiple_of(2)
    }

    pub(crate) fn posted(self, now: Now) -> i64 {
        now.ago(5 + (self.n - 1) * PACE)
    }

    pub(crate) fn text(self) -> String {
        format!(
            "{} is looking for a {} to build things that are imaginary.",
            self.company().name(),
            self.role().title
        )
    }
}

const fn role(title: &'static str, function: &'static str, level: usize) -> Role {
    Role { title, function, level }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_out_of_every_form() {
        for form in [
            "4390000001",
            "https://www.linkedin.com/jobs/view/4390000001/",
            "https://www.linkedin.com/jobs/view/senior-rust-engineer-at-examplio-4390000001?x=1",
            "https://www.linkedin.com/jobs/search/?currentJobId=4390000001&f=2",
            "https://www.linkedin.com/jobs/view/r&d-engineer-at-examplio-4390000001",
        ] {
            assert_eq!(Job::id_in(form), Some(4_390_000_001), "{form}");
        }
        for wrong in ["", "not-a-number", "12x", "-1", "https://www.linkedin.com/jobs/view/"] {
            assert_eq!(Job::id_in(wrong), None, "{wrong}");
        }
        assert!(Job::with_id(4_390_000_000).is_none() && Job::with_id(4_390_006_001).is_none());
    }
}
