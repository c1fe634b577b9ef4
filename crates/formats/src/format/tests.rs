//! Each form with what it takes, what it refuses, and what it says.
use super::*;

fn right(format: Format, text: &str) -> bool {
    wrong(format, text).is_none()
}

fn at(path: &str) -> String {
    format!("https://www.linkedin.com/{path}")
}

#[test]
fn clocks_have_twelve_or_twenty_four_hours() {
    for good in ["8:00am", "8:00 AM", "08:00", "14:59", "12:00pm", "0:00", "23:59"] {
        assert_eq!(wrong(Format::ClockTime, good), None, "{good}");
    }
    for bad in [
        "", "8", "8am", "24:00", "13:00pm", "0:30am", "8:60", "8:0", "8:00  am", "8:00:00", "８:00", " 8:00",
        "am",
    ] {
        assert!(wrong(Format::ClockTime, bad).is_some(), "{bad}");
    }
    for space in ['\u{202f}', '\u{a0}', '\u{2009}'] {
        let text = format!("8:00{space}AM");
        assert_eq!(settled(Format::ClockTime, &text), Ok("8:00 AM".into()), "{space:?}");
    }
    assert!(wrong(Format::ClockTime, "8:00\u{200e} AM").unwrap().contains("U+200E"));
}

#[test]
fn ids_and_slugs_cannot_leave_their_place_in_a_path() {
    assert_eq!(wrong(Format::NumericOrMe, "me"), None);
    assert_eq!(wrong(Format::NumericOrMe, "1782959"), None);
    for bad in ["", "Me", "12a", "../me", "-1", "٣"] {
        assert!(wrong(Format::NumericOrMe, bad).is_some(), "{bad}");
    }
    assert_eq!(wrong(Format::Slug, "jane-doe-1b2"), None);
    assert_eq!(wrong(Format::Slug, "josé"), None);
    for bad in
        ["", ".", "..", "a/b", "a b", "a\\b", "a?b", "a#b", "%2e%2e", "a%2Fb", "a%20b", "ann…", "ann..."]
    {
        assert!(wrong(Format::Slug, bad).is_some(), "{bad}");
    }
    assert!(right(Format::Id, "AbC+/=.-_~") && right(Format::Id, "urn:li:x:(1,2)"));
    for bad in ["a b", "/", "https://elsewhere.example/x", "a\u{feff}"] {
        assert!(!right(Format::Id, bad), "{bad}");
    }
}

#[test]
fn escapes_of_a_slug_are_taken_apart_and_what_cannot_be_seen_is_named() {
    assert_eq!(settled(Format::Slug, "r%C3%A9da-x"), Ok("réda-x".into()));
    assert_eq!(settled(Format::Profile, "r%C3%A9da-x"), Ok("réda-x".into()));
    for format in [Format::Slug, Format::Profile, Format::Company, Format::Comment, Format::Digits] {
        for (hidden, name) in [("1\u{200b}", "U+200B"), ("1\u{202e}", "U+202E"), ("\u{feff}1", "U+FEFF")] {
            let told = wrong(format, hidden).unwrap();
            assert!(told.contains(name) && !told.contains(hidden), "{format:?} {told}");
        }
    }
    assert!(wrong(Format::Slug, "r%25C3%25A9da").unwrap().contains("twice"));
    assert!(wrong(Format::Slug, "100%").unwrap().contains("percent"));
}

#[test]
fn linkedin_forms_take_their_own_pages_and_nothing_else() {
    let comment = "feed/update/urn:li:activity:1?commentUrn=urn%3Ali%3Acomment%3A%28a%2C2%29";
    let own = [
        (Format::ProfileUrl, "in/ann"),
        (Format::CompanyUrl, "company/acme"),
        (Format::CompanyUrl, "school/mit/"),
        (Format::JobUrl, "jobs/view/1"),
        (Format::GroupUrl, "groups/99"),
        (Format::AdUrl, "ad-library/detail/1"),
        (Format::AdSearchUrl, "ad-library/search?keyword=x"),
        (Format::SalesNavUrl, "sales/search/people?query=(a:b)"),
        (Format::PostUrl, "posts/jane_a-activity-1-x"),
        (Format::Comment, comment),
    ];
    for (format, path) in own {
        assert!(right(format, &at(path)), "{path}");
        assert!(right(format, &at(path).replace("https", "http")), "{path}");
        assert!(right(format, &at(path).replace("https://www.", "")), "{path}");
        assert!(!right(format, &at(path).replace("www.linkedin.com", "linkedin.com.evil.example")), "{path}");
        assert!(!right(format, "https://www.linkedin.com"), "{path}");
        for (other, path) in own {
            let kin = |format| if format == Format::Comment { Format::PostUrl } else { format };
            if other != format && (kin(other) != format || path != comment) {
                let told = wrong(format, &at(path)).unwrap_or_else(|| panic!("{format:?} took {path}"));
                assert!(told.contains("such as \"https://www.linkedin.com/"), "{told}");
            }
        }
        for page in ["feed/", "jobs/search/?keywords=x", "search/results/people/?keywords=x", "mynetwork/"] {
            assert!(!right(format, &at(page)), "{format:?} {page}");
        }
    }
}

#[test]
fn a_name_or_an_id_stands_for_its_address_where_that_is_taken() {
    for good in ["jane-doe", "ACoAAA_x", "https://www.linkedin.com/in/jane-doe", "linkedin.com/in/jane-doe"] {
        assert!(right(Format::Profile, good), "{good}");
    }
    for bad in ["", "jane doe", "www.linkedin.com", "https://elsewhere.example/in/jane", "a,b", "https:x"] {
        assert!(!right(Format::Profile, bad) && !right(Format::Company, bad), "{bad}");
    }
    for good in ["Acme, Inc.", "1441", "linkedin.com/company/acme", "Booking.com", ""] {
        assert!(right(Format::CompanyOrName, good), "{good}");
    }
    for bad in ["https://www.linkedin.com/in/ann", "https://acme.example", "www.acme.example"] {
        assert!(!right(Format::CompanyOrName, bad), "{bad}");
    }
    assert!(right(Format::Comment, "urn:li:comment:(activity:1,2)") && !right(Format::Comment, "x"));
    assert!(right(Format::LinkedinUrlOrId, "urn:li:comment:(activity:1,2)"));
    assert!(!right(Format::LinkedinUrlOrId, "https://evil.example"));
    assert!(right(Format::Digits, "01") && !right(Format::Digits, "1a") && !right(Format::Digits, "-1"));
    assert!(right(Format::Country, "de") && right(Format::Country, "ALL") && !right(Format::Country, "all"));
}
