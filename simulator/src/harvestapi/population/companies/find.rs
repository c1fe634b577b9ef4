//! How companies and schools are found by what people write.

use super::names::{FIRST, FIRST_KNOWN, KNOWN, SCHOOL_NAMES};
use super::{COUNT, Company, FIRST_IDS, IDS, SCHOOL_IDS};

impl Company {
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
        if let Some((_, n)) = KNOWN.iter().zip(FIRST_KNOWN..).find(|(known, _)| known.slug == slug) {
            return Some(Self::at(n));
        }
        let (name, tail) = slug.rsplit_once("-fx")?;
        if tail.is_empty() {
            let place = |names: &[&str]| {
                names.iter().zip(1..).find(|(known, _)| is_dashed(known, name)).map(|(_, n)| n)
            };
            return place(&FIRST).or_else(|| Some(COUNT + place(&SCHOOL_NAMES)?)).map(Self::at);
        }
        let n: u64 = tail.parse().ok()?;
        Some(Self::at(n)).filter(|known| known.n == n && known.slug() == slug)
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

    fn with_id(id: u64) -> Option<Self> {
        let found = match id {
            n if n > IDS => Self::at(n - IDS),
            n if n >= SCHOOL_IDS => Self::school(n - SCHOOL_IDS),
            n if n > FIRST_IDS => Self::at(n - FIRST_IDS),
            _ => return None,
        };
        Some(found).filter(|found| found.id_number() == id)
    }
}

/// Whether that slug was made of that name; both are plain ASCII.
fn is_dashed(name: &str, slug: &str) -> bool {
    let letter = |byte: u8| if byte == b' ' { b'-' } else { byte.to_ascii_lowercase() };
    name.bytes().map(letter).eq(slug.bytes())
}

#[cfg(test)]
mod tests {
    use super::super::SCHOOLS;
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
        assert!(Company::find("Stripe").unwrap().is_named("stripe") && !Company::at(1).is_named("Stripe"));
        assert_eq!(Company::find("https://www.linkedin.com/company/acme-corp/").unwrap().name(), "Acme Corp");
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
}
