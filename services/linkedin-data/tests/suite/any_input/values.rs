//! Values for a field: what is right for it, in many spellings, and what is right for none.
use granary_proto::granary::policy::v1::Format;
use granary_proto::options::field_rule;
use proptest::prelude::*;
use prost_reflect::{FieldDescriptor, Kind};
use serde_json::{Number, Value, json};

/// Values of every kind, half of them near to what the field takes.
pub(super) fn of(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    let near = near(field);
    prop_oneof![
        4 => near.clone(),
        1 => prop::collection::vec(near.clone(), 0..4).prop_map(Value::Array),
        1 => prop::collection::vec(near.clone(), 0..4).prop_map(|items| json!(Value::Array(items).to_string())),
        1 => near.prop_map(|value| json!([json!([value]).to_string()])),
        2 => odd(),
        1 => prop::collection::vec(odd(), 0..3).prop_map(Value::Array),
    ]
    .boxed()
}

/// What is written in places where it does not belong.
fn odd() -> BoxedStrategy<Value> {
    let texts = [
        "",
        " ",
        "null",
        "undefined",
        "None",
        "true",
        "1e3",
        "[",
        "{}",
        "[\"A\", \"B",
        "['A', 'B']",
        "{\"a\": 1}",
        "a\u{200b}b",
        "\u{202e}x",
        "a,b",
        ",",
        "San Francisco, CA",
        "\u{0}",
        "a\nb",
        "100%",
        "%FF",
        "\"quoted\"",
        "https://elsewhere.example/in/ann",
        "../x",
        "-1",
        "9223372036854775808",
    ];
    let numbers = ["7.44e18", "7440000000000000001", "9007199254740993", "0", "-1", "1.5", "2.0", "1e400"];
    prop_oneof![
        3 => prop::sample::select(texts.to_vec()).prop_map(Value::from),
        2 => prop::sample::select(numbers.to_vec()).prop_map(|n| Value::Number(n.parse::<Number>().unwrap())),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => Just(json!({"a": 1})),
        1 => Just(json!([[["x"]]])),
        2 => "\\PC{1,12}".prop_map(Value::from),
    ]
    .boxed()
}

fn near(field: &FieldDescriptor) -> BoxedStrategy<Value> {
    match field.kind() {
        Kind::Bool => prop_oneof![select(&["true", "FALSE"]), any::<bool>().prop_map(Value::Bool)].boxed(),
        Kind::Int32 | Kind::Int64 => (1_i64..200)
            .prop_flat_map(|n| select_owned(vec![json!(n), json!(n.to_string()), json!(format!("{n}.0"))]))
            .boxed(),
        Kind::Enum(choices) => {
            let texts = granary_proto::options::texts(choices.full_name());
            let all: Vec<Value> =
                texts.iter().flat_map(|text| [json!(text), json!(text.to_uppercase())]).collect();
            select_owned(all)
        }
        Kind::Message(_) => {
            (1_u32..=12, 1_u32..=31).prop_map(|(m, d)| json!(format!("2026-{m:02}-{d:02}"))).boxed()
        }
        _ => text(field_rule(field).format()),
    }
}

fn text(format: Format) -> BoxedStrategy<Value> {
    let slug = || {
        prop_oneof![
            "[a-z]{3,8}(-[a-z0-9]{1,5})?",
            Just("jürgen-x".to_owned()),
            Just("j%C3%BCrgen-x".to_owned())
        ]
    };
    let ids = || (1_u64..9_000_000_000_000_000_000).prop_map(|n| n.to_string());
    let page = |pages: &'static [&'static str], slug: BoxedStrategy<String>| {
        let dress = (prop::sample::select(BEFORE.to_vec()), prop::sample::select(AFTER.to_vec()));
        (dress, prop::sample::select(pages.to_vec()), slug)
            .prop_map(|((before, after), page, slug)| {
                json!(format!("{before}linkedin.com/{page}{slug}{after}"))
            })
            .boxed()
    };
    const PAGES: &[&str] = &["in/", "company/", "jobs/view/", "jobs/search?q=", "posts/", "feed/", "groups/"];
    let any_page = || page(PAGES, slug().boxed());
    match format {
        Format::ProfileUrl => prop_oneof![4 => page(&["in/"], slug().boxed()), 1 => any_page()].boxed(),
        Format::CompanyUrl => prop_oneof![4 => page(&["company/", "school/"], slug().boxed()), 1 => any_page()].boxed(),
        Format::JobUrl => prop_oneof![4 => page(&["jobs/view/", "jobs/search?currentJobId="], ids().boxed()), 1 => any_page()].boxed(),
        Format::GroupUrl => prop_oneof![4 => page(&["groups/"], ids().boxed()), 1 => any_page()].boxed(),
        Format::PostUrl => {
            const POSTS: &[&str] = &["posts/", "feed/update/urn:li:activity:", "feed/update/urn%3Ali%3Ashare%3A"];
            prop_oneof![4 => page(POSTS, ids().boxed()), 1 => any_page()].boxed()
        }
        Format::Comment => {
            const COMMENTS: &[&str] = &["feed/update/urn:li:activity:1?commentUrn=urn%3Ali%3Acomment%3A%28a%2C", "posts/x?dashCommentUrn="];
            let id = ids().prop_map(Value::from).boxed();
            prop_oneof![3 => page(COMMENTS, ids().boxed()), 1 => any_page(), 2 => id].boxed()
        }
        Format::AdUrl => prop_oneof![4 => page(&["ad-library/detail/"], ids().boxed()), 1 => any_page()].boxed(),
        Format::AdSearchUrl => page(&["ad-library/search?keyword="], slug().boxed()),
        Format::SalesNavUrl => page(&["sales/search/people?query="], slug().boxed()),
        Format::Profile => prop_oneof![page(&["in/"], slug().boxed()), slug().prop_map(Value::from)].boxed(),
        Format::Company => prop_oneof![page(&["company/"], slug().boxed()), slug().prop_map(Value::from)].boxed(),
        Format::CompanyOrName => {
            prop_oneof![page(&["company/"], slug().boxed()), any_page(), "[A-Z][a-z]{1,9}( [A-Z][a-z]{1,9})?".prop_map(Value::from)].boxed()
        }
        Format::Slug => slug().prop_map(Value::from).boxed(),
        Format::Digits => {
            let number = |text: String| Value::Number(text.parse::<Number>().unwrap());
            prop_oneof![ids().prop_map(Value::from), ids().prop_map(number)].boxed()
        }
        Format::Country => select(&["US", "de", "ALL"]),
        _ => prop_oneof![
            "[A-Za-z]{1,9}( [a-z]{1,9})?",
            "[A-Z][a-z]{1,9}, [A-Z]{2}",
            "[a-zA-Zäöüß漢 ,.&+%-]{1,20}"
        ]
        .prop_map(Value::from)
        .boxed(),
    }
}

/// What stands before and after an address where it was copied.
const BEFORE: [&str; 8] =
    ["https://www.", "https://", "http://de.", "", "www.", " https://www.", "(https://", "HTTPS://WWW."];
const AFTER: [&str; 8] = ["", "", "#about", ")", ",", ".\n", "\u{200b}", "…"];

fn select(texts: &[&str]) -> BoxedStrategy<Value> {
    select_owned(texts.iter().map(|text| json!(text)).collect())
}

fn select_owned(values: Vec<Value>) -> BoxedStrategy<Value> {
    prop::sample::select(values).boxed()
}
