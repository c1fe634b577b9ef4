//! Inputs that cannot be right, for every tool: one error that names the field, and nothing goes upstream.
use granary_proto::granary::policy::v1::Format;
use granary_proto::options::field_rule;
use granary_rpc::Reason;
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};
use tonic_types::StatusExt;

use crate::service;
use crate::stub::Stub;
use crate::tools::{COMMENT, good, held, methods};
use crate::wire::reason;

const SECRETS: [&str; 8] =
    ["cookie", "li_at", "proxy", "api_key", "access_token", "apify_token", "Li-At", "X_API_KEY "];
const CANARY: &str = "must-not-be-repeated";

#[tokio::test]
async fn bad_input_names_its_field_and_never_reaches_upstream() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    let mut cases = 0;
    for method in methods() {
        let bad = bad_inputs(&good(&method.tool), &method.descriptor.input());
        assert!(bad.len() >= 20, "only {} cases for {}", bad.len(), method.tool);
        cases += bad.len();
        for (input, field) in bad {
            let outcome = service.call_as(&method.path, &held(method), &input).await;
            assert_eq!(reason(&outcome), Reason::InvalidInput, "{} {input}", method.tool);
            let status = outcome.unwrap_err();
            let faults = status.get_details_bad_request().unwrap().field_violations;
            let named = faults.iter().any(|f| f.field.split(['.', '[']).any(|part| part == field));
            assert!(named, "{} {input} names {field:?}: {faults:?}", method.tool);
            assert!(!format!("{status:?}").contains(CANARY), "{} {input}", method.tool);
        }
    }
    assert!(upstream.seen().is_empty(), "{:?}", upstream.seen().first());
    assert!(cases > 1_000, "{cases} cases");
}

#[tokio::test]
async fn a_search_without_a_filter_is_refused_before_it_is_billed() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    let nothing = [json!({}), json!({"page": 1})];
    let blanks = [
        json!({"keywords": " "}),
        json!({"title": []}),
        json!({"title": ["", " "]}),
        json!({"title": " , "}),
        json!({"title": [","], "location": ["", ", ,"]}),
    ];
    let table = granary_proto::policy_table().unwrap();
    for tool in [
        "search_people",
        "search_profiles",
        "search_companies",
        "search_jobs",
        "search_posts",
        "search_leads",
    ] {
        let method = table.tool(tool).unwrap();
        for input in &nothing {
            let outcome = service.call_as(&method.path, &held(method), input).await;
            assert_eq!(reason(&outcome), Reason::InvalidInput, "{tool} {input}");
        }
    }
    let ads = table.tool("search_linkedin_ads").unwrap();
    for input in [json!({}), json!({"pagination_token": "next"}), json!({"keyword": "  "})] {
        let outcome = service.call_as(&ads.path, &held(ads), &input).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{input}");
    }
    let people = table.tool("search_people").unwrap();
    for input in blanks {
        let outcome = service.call_as(&people.path, &held(people), &input).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{input}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn what_upstream_would_misread_is_refused() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    let person = json!({"public_identifier": "someone", "page": 2});
    let post = "https://www.linkedin.com/posts/x-activity-7";
    for (tool, input, field) in [
        ("get_profile_posts", person.clone(), "pagination_token"),
        ("get_profile_comments", person.clone(), "pagination_token"),
        ("get_profile_reactions", person, "pagination_token"),
        ("get_company_posts", json!({"universal_name": "x", "page": 3}), "pagination_token"),
        ("get_post_comments", json!({"post": post, "page": 2}), "pagination_token"),
        ("get_post_comments", json!({"post": post, "page": 2, "sort_by": "relevance"}), "pagination_token"),
        ("get_comment_replies", json!({"comment_url": COMMENT, "page": 2}), "pagination_token"),
        ("search_people", json!({"title": "x", "page": 101}), "page"),
        ("search_people", json!({"industry": "Sofware"}), "industry[0]"),
        (
            "search_companies",
            json!({"search": "x", "industry_id": ["Law Practice", "Lamps"]}),
            "industry_id[1]",
        ),
        ("search_jobs", json!({"employment_type": "volunteer"}), "employment_type[0]"),
        ("search_jobs", json!({"salary": "a lot"}), "salary[0]"),
        ("search_posts", json!({"search": "x", "posted_limit": "past-24h"}), "posted_limit"),
        ("search_linkedin_ads", json!({"date_option": "custom-date-range"}), "start_date"),
        (
            "search_linkedin_ads",
            json!({"keyword": "x", "start_date": "2026-01-01", "end_date": "2026-01-02"}),
            "start_date",
        ),
        (
            "search_linkedin_ads",
            json!({"date_option": "custom-date-range", "start_date": "2026-02-01", "end_date": "2026-01-02"}),
            "end_date",
        ),
        (
            "search_linkedin_ads",
            json!({"search_url": "https://www.linkedin.com/ad-library/search?keyword=x", "keyword": "y"}),
            "keyword",
        ),
        ("send_connection_request", json!({"profile": "x", "message": "ä".repeat(301)}), "message"),
        ("bulk_scrape_profiles", json!({"urls": []}), "urls"),
        ("bulk_scrape_company_employees", json!({"companies": "x", "max_items": 251}), "max_items"),
    ] {
        let method = granary_proto::policy_table().unwrap().tool(tool).unwrap();
        let outcome = service.call_as(&method.path, &held(method), &input).await;
        assert_eq!(reason(&outcome), Reason::InvalidInput, "{tool} {input}");
        let faults = outcome.unwrap_err().get_details_bad_request().unwrap().field_violations;
        assert!(faults.iter().any(|fault| fault.field == field), "{tool} {input}: {faults:?}");
    }
    let urls: Vec<String> = (0..51).map(|n| format!("https://www.linkedin.com/in/p{n}")).collect();
    let bulk = granary_proto::policy_table().unwrap().tool("bulk_scrape_profiles").unwrap();
    let outcome = service.call_as(&bulk.path, &held(bulk), &json!({"urls": urls})).await;
    assert_eq!(reason(&outcome), Reason::InvalidInput);
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_page_of_another_kind_is_refused_with_an_example_before_it_is_billed() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    let at = |path: &str| format!("https://www.linkedin.com/{path}");
    let (person, post, company) = (at("in/ann"), at("posts/ann_x-activity-1-y"), at("company/acme"));
    for (tool, field, wrong) in [
        ("get_linkedin_post", "post_url", vec![&person, &company, &at("jobs/view/1"), &at("feed/")]),
        ("get_post_comments", "post", vec![&person, &at("feed/hashtag/lamps")]),
        ("get_post_reactions", "post", vec![&person]),
        ("get_comment_replies", "comment_url", vec![&post, &person, &"x".to_owned()]),
        ("get_comment_reactions", "comment_url", vec![&post]),
        ("scrape_job", "job_url", vec![&at("jobs/search/?keywords=x"), &person, &at("jobs/")]),
        ("scrape_company", "company_url", vec![&person, &post]),
        ("get_linkedin_group", "group_url", vec![&person]),
        ("get_linkedin_ad_details", "ad_url", vec![&at("ad-library/search?keyword=x")]),
        ("search_linkedin_ads", "search_url", vec![&at("ad-library/detail/1")]),
        ("search_leads", "sales_nav_url", vec![&person]),
        ("search_people", "company", vec![&person]),
        ("send_linkedin_message", "recipient_profile", vec![&company]),
    ] {
        let method = granary_proto::policy_table().unwrap().tool(tool).unwrap();
        for wrong in wrong {
            let mut input = json!({field: wrong});
            if tool == "send_linkedin_message" {
                input["message"] = json!("x");
            }
            let outcome = service.call_as(&method.path, &held(method), &input).await;
            assert_eq!(reason(&outcome), Reason::InvalidInput, "{tool} {wrong}");
            let faults = outcome.unwrap_err().get_details_bad_request().unwrap().field_violations;
            let told = faults.iter().find(|fault| fault.field.starts_with(field)).unwrap();
            assert!(told.description.contains("such as \"https://www.linkedin.com/"), "{}", told.description);
        }
    }
    assert!(upstream.seen().is_empty());
}

/// Inputs that cannot be right, each with the field that the error must name.
fn bad_inputs(good: &Value, descriptor: &MessageDescriptor) -> Vec<(Value, String)> {
    let good: Map<String, Value> = good.as_object().unwrap().clone();
    let with = |key: &str, value: Value| {
        let mut input = good.clone();
        input.insert(key.to_owned(), value);
        (Value::Object(input), key.to_owned())
    };
    let mut bad: Vec<(Value, String)> = SECRETS.iter().map(|secret| with(secret, json!(CANARY))).collect();
    for unknown in
        ["unknown_key", "ключ", "identifier", "tool_input", "url_", "PAGE", "q", "account", "__proto__"]
    {
        bad.push(with(unknown, json!(1)));
    }
    bad.push(with("extra", json!({"a": "1"})));
    bad.push(with("nested", json!({"deep": [{"apiKey": CANARY}]})));
    bad.push(with("list", json!([{"cookie": CANARY}])));
    for field in descriptor.fields() {
        bad.extend(of_field(&field).into_iter().map(|value| with(field.name(), value)));
        if field_rule(&field).required {
            let mut input = good.clone();
            input.remove(field.name());
            bad.push((Value::Object(input), field.name().to_owned()));
        }
    }
    bad
}

fn of_field(field: &FieldDescriptor) -> Vec<Value> {
    let rule = field_rule(field);
    let long = "x".repeat(40_000);
    let mut bad = vec![json!({"x": 1}), json!([[1]]), json!([{"x": 1}]), json!([null])];
    let texts = match field.kind() {
        Kind::Int32 | Kind::Int64 => {
            vec![json!(0), json!(-1), json!(1.5), json!("x"), json!(true), json!("9223372036854775808")]
        }
        Kind::Bool => vec![json!("maybe"), json!(1), json!("")],
        Kind::Enum(_) => vec![json!("nonsense"), json!(1), json!("\u{0}")],
        Kind::Message(_) => vec![json!("2026-02-30"), json!("yesterday"), json!(20_260_101)],
        _ => {
            let mut texts = vec![json!("a\u{0}b"), json!("a\u{7}"), json!(long), json!(true)];
            if ![Format::Unspecified, Format::CompanyOrName].contains(&rule.format()) {
                texts.extend([json!("a b"), json!("https://elsewhere.example/in/x"), json!("/")]);
            }
            texts
        }
    };
    // A list names its items, and takes a lone value for a list of one.
    let lone = |value: Value| if field.is_list() && !value.is_string() { json!([value]) } else { value };
    bad.extend(texts.into_iter().map(lone));
    if field.is_list() {
        bad.retain(|value| *value != json!([1]) && *value != json!([20_260_101]));
    } else {
        bad.retain(|value| *value != json!([null]) || !field.is_list());
    }
    bad
}
