//! The companies and schools of this LinkedIn.

use super::industries::Industry;
use super::places::Place;
use super::seed::{dashed, mix, pick, thousands};

mod find;
mod names;
mod rows;
mod size;

use names::{ADJECTIVES, FIRST, FIRST_KNOWN, KNOWN, Known, NOUNS, SCHOOL_NAMES, TAILS};
pub(crate) use rows::{account_row, element, people_stats, row};
use size::SIZES;
pub(crate) use size::Size;

/// A company by its number, 1 to [`COUNT`]; the numbers after that are schools, which have company pages too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Company {
    n: u64,
}

pub(crate) const COUNT: u64 = 3000;
pub(crate) const SCHOOLS: u64 = 20;
/// The five that exist since the first version, then all the others; ids of schools lie between.
const FIRST_IDS: u64 = 90_000_000;
const SCHOOL_IDS: u64 = 90_000_101;
const IDS: u64 = 91_000_000;

/// All companies, schools left out.
pub(crate) fn all() -> impl Iterator<Item = Company> {
    (1..=COUNT).map(Company::at)
}

impl Company {
    pub(crate) fn at(n: u64) -> Self {
        Self { n: (n.max(1) - 1) % (COUNT + SCHOOLS) + 1 }
    }

    /// One of those that examples name.
    pub(crate) fn in_examples(at: u64) -> Self {
        Self::at(FIRST_KNOWN + at)
    }

    /// Someone's employer: one of the first forty for every second hash, so that these have many people.
    pub(crate) fn of(hash: u64) -> Self {
        if hash.is_multiple_of(2) { Self::at(hash / 2 % 40 + 1) } else { Self::at(hash / 2 % COUNT + 1) }
    }

    pub(crate) fn school(hash: u64) -> Self {
        Self { n: COUNT + 1 + hash % SCHOOLS }
    }

    pub(crate) fn number(self) -> u64 {
        self.n
    }

    pub(crate) fn is_school(self) -> bool {
        self.n > COUNT
    }

    pub(crate) fn id(self) -> String {
        self.id_number().to_string()
    }

    pub(crate) fn name(self) -> String {
        if let Some(known) = self.known() {
            return known.name.to_owned();
        }
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
        if let Some(known) = self.known() {
            return known.slug.to_owned();
        }
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
        match self.known() {
            Some(known) => Place::at(known.place),
            None if self.n <= 5 => Place::at(self.n - 1),
            None => Place::of(mix(21, self.n)),
        }
    }

    pub(crate) fn size(self) -> Size {
        let class = match self.n {
            1 => 4,
            _ if self.known().is_some() => 6,
            n => mix(22, n) % 9,
        };
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
            "{} is {} in {} from {}.",
            self.name(),
            if self.known().is_some() { "shown here as a company" } else { "an invented company" },
            self.industry().name,
            self.place().city()
        )
    }

    /// As authors of posts show it.
    pub(crate) fn followers_text(self) -> String {
        format!("{} followers", thousands(self.followers()))
    }

    fn known(self) -> Option<&'static Known> {
        KNOWN.get(usize::try_from(self.n.checked_sub(FIRST_KNOWN)?).ok()?)
    }

    fn id_number(self) -> u64 {
        match self.n {
            n @ 1..=5 => FIRST_IDS + n,
            n if n > COUNT => SCHOOL_IDS + n - COUNT - 1,
            n => IDS + n,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once() {
        let mut names: Vec<_> = (1..=COUNT + SCHOOLS).map(|n| Company::at(n).name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(u64::try_from(names.len()).unwrap(), COUNT + SCHOOLS);
    }
}
