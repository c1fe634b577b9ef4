//! A list that was written as one text, taken apart.
use granary_proto::granary::policy::v1::{FieldRule, Format, List};

use crate::linkedin::{has, places};

/// What the items of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Items {
    /// Words, which a comma parts.
    Words,
    /// Names of companies, whose legal form may stand behind a comma.
    Companies,
    /// Places, whose state and country may stand behind commas.
    Places,
}

impl Items {
    /// Of the field with this rule.
    pub fn of(rule: &FieldRule) -> Self {
        let companies = [Format::Company, Format::CompanyOrName, Format::CompanyUrl];
        match rule.list() {
            List::Places => Self::Places,
            List::Unspecified | List::Comma if companies.contains(&rule.format()) => Self::Companies,
            List::Unspecified | List::Comma => Self::Words,
        }
    }
}

/// The items of a text with commas, or with one of them, or several, on each line.
pub fn split(items: Items, text: &str) -> Vec<String> {
    text.lines().flat_map(|line| line_of(items, line)).collect()
}

/// Whether a text that was read as one item could be two, as places are written.
pub fn could_be_two(text: &str) -> bool {
    places::could_be_two(text)
}

fn line_of(items: Items, text: &str) -> Vec<String> {
    let pieces: Vec<&str> = text.split(',').map(str::trim).filter(|piece| !piece.is_empty()).collect();
    match items {
        Items::Words => pieces.into_iter().map(str::to_owned).collect(),
        Items::Companies => companies(&pieces),
        Items::Places => places::join(&pieces),
    }
}

/// What stands behind a company's name and is none by itself, in small letters and without full stops.
const LEGAL_FORMS: &str = "\
    ag|aps|asa|bhd|bv|co|company|corp|corporation|doo|eireli|gmbh|gmbh & co kg|inc|incorporated|jsc|kgaa|kk|\
    limited|llc|llp|lp|ltd|ltda|nv|ohg|ooo|oy|oyj|pjsc|plc|pte ltd|private limited|pty ltd|pvt ltd|sa|sa de cv|\
    sab de cv|sarl|sdn bhd|se|slu|s de rl de cv|sp z oo|srl|tbk";
/// Those that are words, too, and are meant where they are written as forms are: "AB", "S.p.A.".
const SHORT_FORMS: &str = "a/s|ab|as|cv|ev|kg|lda|sl|spa|ug";
/// And one that is a company, too, where it has no full stops.
const DOTTED_FORM: &str = "sas";

/// The pieces, with a legal form put back behind its company: "Acme, Inc." is one name.
fn companies(pieces: &[&str]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for piece in pieces {
        match names.last_mut() {
            Some(name) if is_legal_form(piece) => {
                name.push_str(", ");
                name.push_str(piece);
            }
            _ => names.push((*piece).to_owned()),
        }
    }
    names
}

fn is_legal_form(piece: &str) -> bool {
    let form = piece.replace('.', "").to_lowercase();
    let is_written_so = piece.contains(['.', '/']) || piece.chars().all(char::is_uppercase);
    let is_dotted = piece.contains('.') && form == DOTTED_FORM;
    has(LEGAL_FORMS, &form) || is_dotted || is_written_so && has(SHORT_FORMS, &form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_part_items_and_empty_ones_are_dropped() {
        assert_eq!(
            split(Items::Words, " VP of Engineering,Head of Engineering ,, "),
            ["VP of Engineering", "Head of Engineering"]
        );
        assert!(split(Items::Words, " , ").is_empty());
        assert_eq!(
            split(Items::Words, "SQL Developer, SAS, Director, Inc."),
            ["SQL Developer", "SAS", "Director", "Inc."]
        );
    }

    #[test]
    fn a_legal_form_belongs_to_the_company_before_it() {
        for (text, expected) in [
            ("Acme, Inc.", &["Acme, Inc."][..]),
            ("Salesforce, Inc., Stripe", &["Salesforce, Inc.", "Stripe"]),
            ("Stripe, Acme Co., Ltd.,Airbnb, LLC", &["Stripe", "Acme Co., Ltd.", "Airbnb, LLC"]),
            ("Inc., Time", &["Inc.", "Time"]),
            ("Incorporation, Incubators", &["Incorporation", "Incubators"]),
            (
                "Grupo Bimbo, S.A.B. de C.V., Grab, Pte. Ltd.",
                &["Grupo Bimbo, S.A.B. de C.V.", "Grab, Pte. Ltd."],
            ),
            ("Acme, B.V., Acme, GmbH & Co. KG", &["Acme, B.V.", "Acme, GmbH & Co. KG"]),
            ("Volvo, AB, Campari, S.p.A.", &["Volvo, AB", "Campari, S.p.A."]),
            ("Hotel, Spa, ab", &["Hotel", "Spa", "ab"]),
            ("Oracle, SAS, Danone, S.A.S.", &["Oracle", "SAS", "Danone, S.A.S."]),
        ] {
            assert_eq!(split(Items::Companies, text), expected, "{text}");
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
            ("Shenzhen, Guangdong, China", &["Shenzhen, Guangdong, China"]),
            ("Cape Town, Western Cape, South Africa", &["Cape Town, Western Cape, South Africa"]),
            ("Lausanne, Vaud, Switzerland", &["Lausanne, Vaud, Switzerland"]),
            ("Cork, County Cork, Ireland", &["Cork, County Cork, Ireland"]),
            ("Stockholm, Stockholm County, Sweden", &["Stockholm, Stockholm County, Sweden"]),
            ("Kyiv, Kyiv City, Ukraine", &["Kyiv, Kyiv City, Ukraine"]),
            (
                "Copenhagen, Capital Region of Denmark, Denmark",
                &["Copenhagen, Capital Region of Denmark, Denmark"],
            ),
            (
                "Kuala Lumpur, Federal Territory of Kuala Lumpur, Malaysia",
                &["Kuala Lumpur, Federal Territory of Kuala Lumpur, Malaysia"],
            ),
            ("Sydney, Tokyo, Japan", &["Sydney", "Tokyo, Japan"]),
            ("Berlin, Texas, Canada", &["Berlin, Texas", "Canada"]),
            ("Leeds, England, UK", &["Leeds, England, UK"]),
            ("Tokyo, Japan, Osaka, Japan", &["Tokyo, Japan", "Osaka, Japan"]),
            ("Berlin, Munich, Germany", &["Berlin", "Munich, Germany"]),
            ("Hong Kong, Hong Kong SAR", &["Hong Kong, Hong Kong SAR"]),
            ("Hong Kong, China", &["Hong Kong, China"]),
            ("Singapore, Malaysia", &["Singapore", "Malaysia"]),
            ("Luxembourg, Belgium", &["Luxembourg", "Belgium"]),
            ("EMEA, India", &["EMEA", "India"]),
            ("Europe, United States", &["Europe", "United States"]),
            ("Cayman Islands, Bahamas", &["Cayman Islands", "Bahamas"]),
            ("New York, Mexico City", &["New York", "Mexico City"]),
            ("Orange County, California", &["Orange County, California"]),
            ("Remote, Worldwide", &["Remote", "Worldwide"]),
        ] {
            assert_eq!(split(Items::Places, text), expected, "{text}");
        }
    }
}
