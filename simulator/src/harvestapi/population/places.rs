//! The places of this LinkedIn.

use serde_json::{Value, json};

use super::seed::mix;

/// A city. The first four are invented, the next few are real so that familiar searches find somebody, the others are
/// made of two parts of invented names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    n: u64,
}

struct Region {
    state: &'static str,
    country: &'static str,
    full: &'static str,
    code: &'static str,
}

pub(crate) const COUNT: u64 = 1020;
/// Ids of cities; each is followed by that of the area around it.
const CITIES: u64 = 990_000_501;
const STATES: u64 = 990_100_001;
const COUNTRIES: u64 = 990_200_001;
const KNOWN: [(&str, u64); 20] = [
    ("Sampleville", 0),
    ("Mockton", 0),
    ("Stubford", 0),
    ("Fakenham Falls", 0),
    ("San Francisco", 0),
    ("Los Angeles", 0),
    ("Austin", 1),
    ("New York", 2),
    ("London", 3),
    ("Munich", 4),
    ("Berlin", 5),
    ("Amsterdam", 6),
    ("Paris", 7),
    ("Barcelona", 8),
    ("Bengaluru", 9),
    ("Toronto", 10),
    ("Sydney", 11),
    ("São Paulo", 12),
    ("Rome", 13),
    ("Warsaw", 14),
];
const STEMS: [&str; 40] = [
    "Amber", "Birch", "Clover", "Drift", "Elder", "Fern", "Glass", "Hazel", "Iron", "Juniper", "Kettle",
    "Lantern", "Marble", "Nettle", "Otter", "Pebble", "Quill", "Raven", "Silver", "Thistle", "Umber",
    "Velvet", "Willow", "Yarrow", "Zephyr", "Ash", "Bramble", "Copper", "Dusk", "Ember", "Flint", "Grove",
    "Heron", "Indigo", "Jasper", "Kestrel", "Linden", "Moss", "North", "Opal",
];
const ENDS: [&str; 25] = [
    "ton", "ville", "ford", "field", "haven", "port", "burg", "dale", "mouth", "bridge", "stead", "wick",
    "minster", "gate", "cliff", "brook", "moor", "shire", "ham", "bury", "by", "thorpe", "hurst", "worth",
    "combe",
];
const REGIONS: [Region; 15] = [
    region("California", "United States", "United States of America", "US"),
    region("Texas", "United States", "United States of America", "US"),
    region("New York", "United States", "United States of America", "US"),
    region("England", "United Kingdom", "United Kingdom of Great Britain and Northern Ireland", "GB"),
    region("Bavaria", "Germany", "Federal Republic of Germany", "DE"),
    region("Berlin", "Germany", "Federal Republic of Germany", "DE"),
    region("North Holland", "Netherlands", "Kingdom of the Netherlands", "NL"),
    region("Île-de-France", "France", "French Republic", "FR"),
    region("Catalonia", "Spain", "Kingdom of Spain", "ES"),
    region("Karnataka", "India", "Republic of India", "IN"),
    region("Ontario", "Canada", "Canada", "CA"),
    region("New South Wales", "Australia", "Commonwealth of Australia", "AU"),
    region("São Paulo", "Brazil", "Federative Republic of Brazil", "BR"),
    region("Lazio", "Italy", "Italian Republic", "IT"),
    region("Masovian", "Poland", "Republic of Poland", "PL"),
];

/// Ids and titles of everything that can be named as a place: countries, states, cities and the areas around them.
pub(crate) fn geo_rows() -> impl Iterator<Item = (String, String)> {
    let known = |at: usize| u64::try_from(at).unwrap_or(0);
    let first = |at: usize| REGIONS.iter().position(|other| other.country == REGIONS[at].country) == Some(at);
    let countries = REGIONS.iter().enumerate().filter(move |(at, _)| first(*at));
    let countries =
        countries.map(move |(at, region)| ((COUNTRIES + known(at)).to_string(), region.country.to_owned()));
    let states = REGIONS.iter().enumerate().map(move |(at, region)| {
        ((STATES + known(at)).to_string(), format!("{}, {}", region.state, region.country))
    });
    let cities = (0..COUNT).map(Place::at).flat_map(|place| {
        [(place.geo_id(), place.text()), (place.area_id(), format!("Greater {} Area", place.city()))]
    });
    cities.chain(states).chain(countries)
}

impl Place {
    pub(crate) fn at(n: u64) -> Self {
        Self { n: n % COUNT }
    }

    /// Half of what there is lies in the first places, so that a search for one of them finds several rows.
    pub(crate) fn of(hash: u64) -> Self {
        if hash.is_multiple_of(2) { Self::at(hash / 2 % 20) } else { Self::at(hash / 2) }
    }

    pub(crate) fn city(self) -> String {
        if let Some((name, _)) = usize::try_from(self.n).ok().and_then(|n| KNOWN.get(n)) {
            return (*name).to_owned();
        }
        let n = usize::try_from(self.n).unwrap_or(0) - KNOWN.len();
        format!("{}{}", STEMS[n % STEMS.len()], ENDS[n / STEMS.len() % ENDS.len()])
    }

    pub(crate) fn geo_id(self) -> String {
        (CITIES + 2 * self.n).to_string()
    }

    pub(crate) fn country_code(self) -> &'static str {
        self.region().code
    }

    pub(crate) fn country(self) -> &'static str {
        self.region().country
    }

    pub(crate) fn text(self) -> String {
        format!("{}, {}, {}", self.city(), self.region().state, self.region().country)
    }

    /// Whether a name of a city, state or country means this place: each of its words begins a word of ours.
    pub(crate) fn is_named(self, wanted: &str) -> bool {
        let ours = self.text().to_lowercase();
        let wanted = wanted.trim().to_lowercase();
        let code = self.region().code.eq_ignore_ascii_case(&wanted);
        let begins = |word: &str| ours.split([' ', ',', '-']).any(|known| known.starts_with(word));
        code || wanted.split_whitespace().filter(|word| !matches!(*word, "greater" | "area")).all(begins)
    }

    /// Whether a geo id means this city, its area, its state or its country.
    pub(crate) fn has_geo_id(self, wanted: &str) -> bool {
        let region = self.region_at();
        let country = REGIONS.iter().position(|other| other.country == REGIONS[region].country).unwrap_or(0);
        let id = |base: u64, at: usize| (base + u64::try_from(at).unwrap_or(0)).to_string();
        let wanted = wanted.trim();
        wanted == self.geo_id()
            || wanted == self.area_id()
            || wanted == id(STATES, region)
            || wanted == id(COUNTRIES, country)
    }

    pub(crate) fn parsed(self) -> Value {
        let region = self.region();
        json!({
            "text": self.text(),
            "countryCode": region.code,
            "regionCode": null,
            "country": region.country,
            "countryFull": region.full,
            "state": region.state,
            "city": self.city(),
        })
    }

    pub(crate) fn location(self) -> Value {
        json!({"linkedinText": self.text(), "countryCode": self.region().code, "parsed": self.parsed()})
    }

    pub(crate) fn state(self) -> &'static str {
        self.region().state
    }

    fn area_id(self) -> String {
        (CITIES + 2 * self.n + 1).to_string()
    }

    fn region(self) -> &'static Region {
        &REGIONS[self.region_at()]
    }

    fn region_at(self) -> usize {
        let known = usize::try_from(self.n).ok().and_then(|n| KNOWN.get(n));
        let at = known.map_or_else(|| mix(1, self.n), |(_, region)| *region);
        usize::try_from(at % 15).unwrap_or(0)
    }
}

const fn region(
    state: &'static str,
    country: &'static str,
    full: &'static str,
    code: &'static str,
) -> Region {
    Region { state, country, full, code }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_goes_by_its_names_and_ids() {
        let sampleville = Place::at(0);
        assert_eq!(sampleville.text(), "Sampleville, California, United States");
        for name in ["sampleville", "California", "united states", "US", "Sample", "Greater Sampleville Area"]
        {
            assert!(sampleville.is_named(name), "{name}");
        }
        assert!(!sampleville.is_named("Berlin") && !sampleville.is_named("ville"));
        for id in ["990000501", "990000502", "990100001", "990200001"] {
            assert!(sampleville.has_geo_id(id), "{id}");
        }
        assert!(!sampleville.has_geo_id("990000503"));
    }

    #[test]
    fn geo_ids_come_once_and_there_are_thousands() {
        let mut ids: Vec<_> = geo_rows().map(|(id, _)| id).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!((all, all > 2000), (ids.len(), true));
    }
}
