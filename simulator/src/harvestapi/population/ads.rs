//! The ads of this LinkedIn.

use super::clock::{DAY, Now};
use super::companies::Company;
use super::places::Place;
use super::seed::{mix, pick};

mod rows;

pub(crate) use rows::{element, row};

/// An advertisement by its number, from 0, the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ad {
    n: u64,
}

pub(crate) const COUNT: u64 = 3000;
const IDS: u64 = 990_000_901;
const PRODUCTS: [&str; 6] = ["robot", "timetable", "spreadsheet", "harbour", "drum", "notebook"];

pub(crate) fn all() -> impl Iterator<Item = Ad> {
    (0..COUNT).map(|n| Ad { n })
}

impl Ad {
    /// Finds one by URL or id.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        let wanted = wanted.trim();
        let id = wanted.find("/detail/").map_or(wanted, |at| &wanted[at + 8..]);
        let id: u64 = id.split(['/', '?', '#']).next()?.parse().ok()?;
        id.checked_sub(IDS).filter(|n| *n < COUNT).map(|n| Self { n })
    }

    pub(crate) fn number(self) -> u64 {
        self.n
    }

    pub(crate) fn id(self) -> String {
        (IDS + self.n).to_string()
    }

    pub(crate) fn url(self) -> String {
        format!("https://www.linkedin.com/ad-library/detail/{}", self.id())
    }

    pub(crate) fn advertiser(self) -> Company {
        if self.n == 0 { Company::at(1) } else { Company::of(mix(150, self.n)) }
    }

    /// Where it is shown most.
    pub(crate) fn place(self) -> Place {
        if self.n == 0 { Place::at(0) } else { Place::of(mix(151, self.n)) }
    }

    pub(crate) fn headline(self) -> String {
        let product = if self.n == 0 { PRODUCTS[0] } else { pick(&PRODUCTS, mix(152, self.n)) };
        format!("Meet the {product} that is not there")
    }

    pub(crate) fn text(self) -> String {
        format!("{}: a fictional ad.", self.advertiser().name())
    }

    /// First and last moment at which it ran. Later ads end eight hours apart, so that they reach back over two years.
    pub(crate) fn ran(self, now: Now) -> (i64, i64) {
        let until = now.ago(self.n * 480);
        let days = 5 + i64::try_from(mix(153, self.n) % 30).unwrap_or(0);
        (until - days * DAY, until)
    }
}
