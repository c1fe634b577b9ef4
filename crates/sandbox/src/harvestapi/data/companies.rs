use super::industries::Industry;
use super::places::Place;
use super::seed::{dashed, mix, pick, thousands};

mod rows;

pub(crate) use rows::{account_row, element, people_stats, row};

/// A company by its number, 1 to [`COUNT`]; the numbers after that are schools, which have company pages too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Company {
    n: u64,
}

/// How many people work there: the text that filters use, and the least and the most of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) text: &'static str,
    pub(crate) least: u64,
    pub(crate) most: Option<u64>,
}

pub(crate) const COUNT: u64 = 3000;
pub(crate) const SCHOOLS: u64 = 20;
/// The five that exist since the first version, then all the others; ids of schools lie between.
const FIRST_IDS: u64 = 90_000_000;
const SCHOOL_IDS: u64 = 90_000_101;
const IDS: u64 = 91_000_000;
const FIRST: [&str; 5] = [
    "Examplio Robotics",
    "Placeholder Analytics",
    "Imaginary Railways",
    "Paper Harbour",
    "Quiet Drum Records",
];
const ADJECTIVES: [&str; 24] = [
    "Amber", "Brisk", "Calm", "Distant", "Early", "Fabled", "Gentle", "Hollow", "Inner", "Jolly", "Keen",
    "Lunar", "Mellow", "Noble", "Oblique", "Polite", "Quaint", "Rustic", "Silent", "Tidy", "Upper", "Vivid",
    "Winter", "Yonder",
];
const NOUNS: [&str; 20] = [
    "Analytics",
    "Bakery",
    "Cargo",
    "Dynamics",
    "Energy",
    "Foundry",
    "Gardens",
    "Harvesters",
    "Instruments",
    "Journals",
    "Kites",
    "Logistics",
    "Machines",
    "Networks",
    "Optics",
    "Pharma",
    "Quarries",
    "Robotics",
    "Software",
    "Textiles",
];
const TAILS: [&str; 7] = ["Works", "Labs", "Group", "Partners", "Systems", "Studio", "Holdings"];
const SCHOOL_NAMES: [&str; 20] = [
    "Institute of Invented Studies",
    "Sampleville University",
    "Mockton Polytechnic",
    "Stubford College",
    "Academy of Placeholder Arts",
    "Fakenham School of Design",
    "University of Nowhere",
    "Northern Sample Institute",
    "College of Imaginary Law",
    "Paper Harbour Business School",
    "Institute of Quiet Music",
    "Ambermouth University",
    "Clover School of Engineering",
    "Drift College of Science",
    "Glasshaven University",
    "Ironford Technical Institute",
    "Lanternbridge College",
    "Marblegate University",
    "Otterbrook Academy",
    "Willowminster University",
];
const SIZES: [Size; 9] = [
    size("self-employed", 0, Some(1)),
    size("1-10", 2, Some(10)),
    size("11-50", 11, Some(50)),
    size("51-200", 51, Some(200)),
    size("201-500", 201, Some(500)),
    size("501-1000", 501, Some(1000)),
    size("1001-5000", 1001, Some(5000)),
    size("5001-10000", 5001, Some(10_000)),
    size("10001+", 10_001, None),
];

/// All companies, schools left out.
pub(crate) fn all() -> impl Iterator<Item = Company> {
    (1..=COUNT).map(Company::at)
}

// === impl Company ===

impl Company {
    pub(crate) fn at(n: u64) -> Self {
        Self { n: (n.max(1) - 1) % (COUNT + SCHOOLS) + 1 }
    }

    /// Someone's employer: one of the first forty for every second hash, so that these have many people.
    pub(crate) fn of(hash: u64) -> Self {
        if hash.is_multiple_of(2) { Self::at(hash / 2 % 40 + 1) } else { Self::at(hash / 2 % COUNT + 1) }
    }

    pub(crate) fn school(hash: u64) -> Self {
        Self { n: COUNT + 1 + hash % SCHOOLS }
    }

    /// Finds one by id, URL or slug.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        let wanted = wanted.trim();
        let in_url = ["/company/", "/school/", "/showcase/"];
        let slug = in_url.iter().find_map(|part| Some(&wanted[wanted.find(part)? + part.len()..]));
        let slug = slug.unwrap_or(wanted).split(['/', '?', '#']).next()?;
        let slug = slug.strip_prefix("urn:li:fsd_company:").unwrap_or(slug);
        if let Ok(id) = slug.parse::<u64>() {
            return Self::with_id(id);
        }
        let slug = slug.to_lowercase();
        let tail: u64 = match slug.rsplit_once("-fx") {
            Some((_, "")) => {
                return (1..=5)
                    .chain(COUNT + 1..=COUNT + SCHOOLS)
                    .map(Self::at)
                    .find(|known| known.slug() == slug);
            }
            Some((_, tail)) => tail.parse().ok()?,
            None => return None,
        };
        Some(Self::at(tail)).filter(|known| known.n == tail && known.slug() == slug)
    }

    /// Whether an id, URL, slug or part of its name means this one.
    pub(crate) fn is_named(self, wanted: &str) -> bool {
        match Self::find(wanted) {
            Some(found) => found == self,
            None => {
                !wanted.contains('/') && self.name().to_lowercase().contains(&wanted.trim().to_lowercase())
            }
        }
    }

    pub(crate) fn number(self) -> u64 {
        self.n
    }

    pub(crate) fn is_school(self) -> bool {
        self.n > COUNT
    }

    pub(crate) fn id(self) -> String {
        let id = match self.n {
            n @ 1..=5 => FIRST_IDS + n,
            n if n > COUNT => SCHOOL_IDS + n - COUNT - 1,
            n => IDS + n,
        };
        id.to_string()
    }

    pub(crate) fn name(self) -> String {
        match self.n {
            n @ 1..=5 => pick(&FIRST, n - 1).to_owned(),
            n if n > COUNT => pick(&SCHOOL_NAMES, n - COUNT - 1).to_owned(),
            n => {
                let (adjective, rest) = (n % 24, n / 24);
                format!(
                    "{} {} {}",
                    pick(&ADJECTIVES, adjective),
                    pick(&NOUNS, rest % 20),
                    pick(&TAILS, rest / 20)
                )
            }
        }
    }

    pub(crate) fn slug(self) -> String {
        match self.n {
            1..=5 => format!("{}-fx", dashed(&self.name())),
            n if n > COUNT => format!("{}-fx", dashed(&self.name())),
            n => format!("{}-fx{n:04}", dashed(&self.name())),
        }
    }

    pub(crate) fn url(self) -> String {
        let kind = if self.is_school() { "school" } else { "company" };
        format!("https://www.linkedin.com/{kind}/{}", self.slug())
    }

    pub(crate) fn domain(self) -> String {
        format!("{}.example.com", dashed(&self.name()))
    }

    pub(crate) fn logo(self) -> String {
        format!("logo-{}", self.slug())
    }

    pub(crate) fn industry(self) -> Industry {
        match self.n {
            1 => Industry::of(0),
            n if n > COUNT => Industry::EDUCATION,
            n => Industry::of(mix(20, n)),
        }
    }

    /// Where its head office is.
    pub(crate) fn place(self) -> Place {
        if self.n <= 5 { Place::at(self.n - 1) } else { Place::of(mix(21, self.n)) }
    }

    pub(crate) fn size(self) -> Size {
        let class = if self.n == 1 { 4 } else { mix(22, self.n) % 9 };
        pick(&SIZES, class)
    }

    pub(crate) fn employees(self) -> u64 {
        if self.n == 1 {
            return 214;
        }
        let size = self.size();
        let most = size.most.unwrap_or(60_000);
        size.least + mix(23, self.n) % (most - size.least + 1)
    }

    pub(crate) fn followers(self) -> u64 {
        if self.n == 1 { 10_432 } else { 40 + self.employees() * (3 + mix(24, self.n) % 40) }
    }

    pub(crate) fn summary(self) -> String {
        format!(
            "{} is an invented company in {} from {}.",
            self.name(),
            self.industry().name,
            self.place().city()
        )
    }

    /// As authors of posts show it.
    pub(crate) fn followers_text(self) -> String {
        format!("{} followers", thousands(self.followers()))
    }

    fn with_id(id: u64) -> Option<Self> {
        let found = match id {
            n if n > IDS => Self::at(n - IDS),
            n if n >= SCHOOL_IDS => Self::school(n - SCHOOL_IDS),
            n if n > FIRST_IDS => Self::at(n - FIRST_IDS),
            _ => return None,
        };
        Some(found).filter(|found| found.id() == id.to_string())
    }
}

// === impl Size ===

impl Size {
    /// Whether a filter's text means it; a plus may have turned into a space on its way.
    pub(crate) fn is_named(self, wanted: &str) -> bool {
        self.text.trim_end_matches('+') == wanted.trim_end_matches(['+', ' '])
    }
}

const fn size(text: &'static str, least: u64, most: Option<u64>) -> Size {
    Size { text, least, most }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_finds_the_same_company() {
        for company in (1..=COUNT + SCHOOLS).map(Company::at) {
            for form in [company.id(), company.slug(), company.url(), format!("{}/about/?x=1", company.url())]
            {
                assert_eq!(Company::find(&form), Some(company), "{form}");
            }
        }
        assert_eq!(Company::find("90000001").unwrap().slug(), "examplio-robotics-fx");
        for wrong in [
            "",
            "no-such-company-fx",
            "no-such-company",
            "90000006",
            "91000005",
            "99999999",
            "examplio-fx0009",
        ] {
            assert_eq!(Company::find(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn names_come_once() {
        let mut names: Vec<_> = (1..=COUNT + SCHOOLS).map(|n| Company::at(n).name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(u64::try_from(names.len()).unwrap(), COUNT + SCHOOLS);
    }
}
