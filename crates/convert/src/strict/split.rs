//! A list that was written as one text, taken apart.
use granary_proto::granary::policy::v1::List;

use super::places;

/// The items of a text with commas, or with one of them, or several, on each line.
pub(super) fn split(list: List, text: &str) -> Vec<String> {
    text.lines().flat_map(|line| line_of(list, line)).collect()
}

fn line_of(list: List, text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text.split(',').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    match list {
        List::Unspecified | List::Comma => names(&pieces),
        List::Places => places::join(&pieces),
    }
}

/// What stands behind a company's name and is none by itself, in small letters and without full stops.
const LEGAL_FORMS: [&str; 16] = [
    "ag",
    "co",
    "corp",
    "gmbh",
    "inc",
    "incorporated",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "nv",
    "plc",
    "pty ltd",
    "sa",
    "se",
];

/// The pieces, with a legal form put back behind its company: "Acme, Inc." is one name.
fn names(pieces: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces {
        let form = piece.replace('.', "").to_lowercase();
        match names.last_mut() {
            Some(name) if LEGAL_FORMS.contains(&form.as_str()) => {
                name.push_str(", ");
                name.push_str(piece);
            }
            _ => names.push((*piece).to_owned()),
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_part_items_and_empty_ones_are_dropped() {
        assert_eq!(
            split(List::Comma, " VP of Engineering,Head of Engineering ,, "),
            ["VP of Engineering", "Head of Engineering"]
        );
        assert!(split(List::Comma, " , ").is_empty());
    }

    #[test]
    fn a_legal_form_belongs_to_the_company_before_it() {
        for (text, expected) in [
            ("Acme, Inc.", &["Acme, Inc."][..]),
            ("Salesforce, Inc., Stripe", &["Salesforce, Inc.", "Stripe"]),
            ("Stripe, Acme Co., Ltd.,Airbnb, LLC", &["Stripe", "Acme Co., Ltd.", "Airbnb, LLC"]),
            ("Inc., Time", &["Inc.", "Time"]),
            ("Incorporation, Incubators", &["Incorporation", "Incubators"]),
        ] {
            assert_eq!(split(List::Comma, text), expected, "{text}");
        }
    }

    #[test]
    fn a_state_or_a_country_belongs_to_the_place_before_it() {
        for (text, expected) in [
            ("San Francisco, CA", &["San Francisco, CA"][..]),
            ("San Francisco, CA, New York, NY", &["San Francisco, CA", "New York, NY"]),
            ("Berlin, Germany", &["Berlin, Germany"]),
            ("Berlin, Germany, Paris, France", &["Berlin, Germany", "Paris, France"]),
            ("San Francisco, California, United States", &["San Francisco, California, United States"]),
            ("Bengaluru, Karnataka, India,London", &["Bengaluru, Karnataka, India", "London"]),
            ("New York, NY, US, Boston, MA", &["New York, NY, US", "Boston, MA"]),
            ("New York, New York", &["New York, New York"]),
            ("London, New York, Paris", &["London", "New York", "Paris"]),
            ("Albany, New York, USA", &["Albany, New York, USA"]),
            (
                "Washington, DC, Seattle, Washington, United States",
                &["Washington, DC", "Seattle, Washington, United States"],
            ),
            ("Germany, France", &["Germany", "France"]),
            ("California, Texas", &["California", "Texas"]),
            ("CA, NY", &["CA", "NY"]),
            ("California, United States, Germany", &["California, United States", "Germany"]),
            ("Texas, Germany", &["Texas", "Germany"]),
            ("Atlanta, Georgia", &["Atlanta, Georgia"]),
            ("London, Singapore", &["London", "Singapore"]),
            ("São Paulo, São Paulo, Brazil, Rio", &["São Paulo, São Paulo, Brazil", "Rio"]),
            ("Singapore, Singapore", &["Singapore, Singapore"]),
            ("london, uk, munich, bavaria, germany", &["london, uk", "munich, bavaria, germany"]),
            ("San Francisco Bay Area, Greater Boston", &["San Francisco Bay Area", "Greater Boston"]),
            ("Remote", &["Remote"]),
        ] {
            assert_eq!(split(List::Places, text), expected, "{text}");
        }
    }
}
