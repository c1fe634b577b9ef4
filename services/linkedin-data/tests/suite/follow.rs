//! Lists that are followed: page by page, within bounds, and with the place where it stopped.
use std::time::Duration;

use granary_linkedin_data::Config;
use granary_rpc::metadata::MAX_COST;
use granary_rpc::{Reason, error::reason_of};
use serde_json::{Value, json};

use crate::stub::{Canned, SILENT, Stub};
use crate::wire::Service;
use crate::{KEY, key, path, service};

const LEADS: &str = "/linkedin/lead-search";
const POSTS: &str = "/linkedin/profile-posts";

fn leads(page: i32, of: i32, rows: usize, cost: &Value) -> Canned {
    let rows: Vec<Value> = (0..rows).map(|n| json!({"id": format!("{page}-{n}")})).collect();
    let place = json!({"totalPages": of, "totalElements": of * 2, "pageNumber": page, "pageSize": 2});
    let mut body = json!({"status": 200, "elements": rows, "pagination": place});
    if !cost.is_null() {
        body["cost"] = cost.clone();
    }
    Canned::json("GET", LEADS, 200, &body)
}

fn posts(token: Option<&str>) -> Canned {
    let body = json!({
        "status": 200, "cost": "0.004", "elements": [{"id": "1"}],
        "pagination": {"totalPages": 0, "totalElements": 0, "paginationToken": token}
    });
    Canned::json("GET", POSTS, 200, &body)
}

async fn follow(service: &Service, input: Value, cap: Option<&str>) -> (Vec<Value>, Option<tonic::Status>) {
    let headers: Vec<(&'static str, &str)> = cap.map(|cap| (MAX_COST, cap)).into_iter().collect();
    service.stream(&path("FollowPages"), &key(KEY), &input, &headers).await
}

fn people(bounds: Value) -> Value {
    let mut input = json!({"search_people": {"title": ["x"]}});
    if let (Value::Object(input), Value::Object(bounds)) = (&mut input, bounds) {
        input.extend(bounds);
    }
    input
}

fn end(messages: &[Value]) -> &Value {
    &messages.last().unwrap()["end"]
}

#[tokio::test]
async fn a_list_is_followed_to_its_end() {
    let pages = (1..=3).map(|page| leads(page, 3, 2, &json!(0.1)));
    let upstream = Stub::start(pages.collect()).await;
    let (messages, failed) = follow(&service(&upstream.url).await, people(json!({})), None).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!(messages.len(), 4);
    assert_eq!(messages[2]["search_people"]["elements"][0]["id"], "3-0");
    let end = end(&messages);
    assert_eq!(end["stop"], "END_OF_LIST");
    assert_eq!((&end["pages"], &end["items"], &end["cost_micros"]), (&json!(3), &json!(6), &json!(300_000)));
    assert!(end.get("next").is_none());
    let asked: Vec<String> = upstream.seen().into_iter().map(|seen| seen.query).collect();
    assert_eq!(asked, ["currentJobTitles=x", "currentJobTitles=x&page=2", "currentJobTitles=x&page=3"]);
}

#[tokio::test]
async fn tokens_are_sent_along_and_a_page_is_never_asked_for_twice() {
    let upstream = Stub::start(vec![posts(Some("t2")), posts(Some("t3")), posts(None)]).await;
    let input = json!({"get_profile_posts": {"public_identifier": "x"}});
    let (messages, failed) = follow(&service(&upstream.url).await, input.clone(), None).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!((messages.len(), &end(&messages)["stop"]), (4, &json!("UNKNOWN")));
    let seen = upstream.seen();
    assert_eq!(seen[1].query, "profile=x&page=2&paginationToken=t2");
    assert_eq!(seen[2].query, "profile=x&page=3&paginationToken=t3");
}

#[tokio::test]
async fn a_token_that_comes_back_ends_the_list() {
    let upstream = Stub::start(vec![posts(Some("t2")), posts(Some("t2")), posts(Some("t2"))]).await;
    let input = json!({"get_profile_posts": {"public_identifier": "x"}});
    let (messages, failed) = follow(&service(&upstream.url).await, input, None).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!((&end(&messages)["stop"], upstream.seen().len()), (&json!("LOOP"), 2));
}

#[tokio::test]
async fn bounds_of_rows_and_money_are_kept_and_the_next_page_is_told() {
    let endless = || (1..=80).map(|page| leads(page, 90, 2, &json!(0.1))).collect();
    for (bounds, cap, pages, stop) in [
        (json!({"max_items": 5}), None, 3, "MAX_ITEMS"),
        (json!({"max_cost_micros": 250_000}), None, 2, "MAX_COST"),
        (json!({"max_cost_micros": 900_000}), Some("0.15"), 1, "MAX_COST"),
        (json!({"max_items": 5}), Some("0.2"), 2, "MAX_COST"),
        (json!({}), None, 50, "MAX_ITEMS"),
    ] {
        let upstream = Stub::start(endless()).await;
        let (messages, failed) = follow(&service(&upstream.url).await, people(bounds.clone()), cap).await;
        assert!(failed.is_none(), "{failed:?}");
        let end = end(&messages);
        assert_eq!((&end["stop"], &end["pages"]), (&json!(stop), &json!(pages)), "{bounds} {cap:?}");
        assert_eq!(end["next"]["page"], pages + 1, "{bounds} {cap:?}");
        assert_eq!(upstream.seen().len(), usize::try_from(pages).unwrap());
    }
}

#[tokio::test]
async fn a_page_of_unknown_cost_counts_as_its_worst_case() {
    let upstream = Stub::start((1..=5).map(|page| leads(page, 9, 2, &Value::Null)).collect()).await;
    let (messages, _) =
        follow(&service(&upstream.url).await, people(json!({"max_cost_micros": 200_000})), None).await;
    let end = end(&messages);
    assert_eq!((&end["stop"], &end["pages"]), (&json!("MAX_COST"), &json!(2)));
    assert_eq!((&end["cost_micros"], &end["pages_of_unknown_cost"]), (&json!(0), &json!(2)));
}

#[tokio::test]
async fn a_bound_below_one_page_and_a_faulty_list_are_refused_at_once() {
    let upstream = Stub::start(vec![]).await;
    let service = service(&upstream.url).await;
    for (input, expected) in [
        (people(json!({"max_cost_micros": 99_999})), Reason::CostCapExceeded),
        (json!({}), Reason::InvalidInput),
        (json!({"search_people": {}}), Reason::InvalidInput),
        (json!({"search_people": {"industry": ["Lamps"]}}), Reason::InvalidInput),
        (json!({"get_profile_posts": {"public_identifier": "x", "page": 2}}), Reason::InvalidInput),
    ] {
        let (messages, failed) = follow(&service, input.clone(), None).await;
        assert!(messages.is_empty(), "{input}");
        assert_eq!(reason_of(&failed.unwrap()), Some(expected), "{input}");
    }
    assert!(upstream.seen().is_empty());
}

#[tokio::test]
async fn a_page_that_fails_ends_the_stream_with_the_place_to_go_on_from() {
    let throttled = Canned::new("GET", LEADS, 402, r#"{"error":"no credit"}"#);
    let upstream = Stub::start(vec![leads(1, 9, 2, &json!(0.1)), throttled]).await;
    let (messages, failed) = follow(&service(&upstream.url).await, people(json!({})), None).await;
    assert_eq!(messages.len(), 2);
    let end = end(&messages);
    assert_eq!((&end["stop"], &end["error_reason"]), (&json!("ERROR"), &json!("OUT_OF_CREDIT")));
    assert_eq!((&end["next"]["page"], &end["items"]), (&json!(2), &json!(2)));
    assert_eq!(reason_of(&failed.unwrap()), Some(Reason::OutOfCredit));

    // What was billed for the page that failed is counted, and so is that nobody tells.
    let denied = json!({"status": 200, "success": false, "elements": [], "cost": 0.1, "requestId": "r-2"});
    let denied = Canned::json("GET", LEADS, 200, &denied);
    let away = Canned::new("GET", LEADS, 503, "");
    for (second, cost, unknown) in [(denied, 200_000, 0), (away, 100_000, 1)] {
        let upstream = Stub::start(vec![leads(1, 9, 2, &json!(0.1)), second]).await;
        let (messages, _) = follow(&service(&upstream.url).await, people(json!({})), None).await;
        let told = self::end(&messages);
        assert_eq!(told["cost_micros"].to_string().trim_matches('"'), cost.to_string(), "{told}");
        assert_eq!(told["pages_of_unknown_cost"], json!(unknown), "{told}");
    }

    let refusal = r#"{"error":{"error":"Invalid API key"}}"#;
    let upstream = Stub::start(vec![Canned::new("GET", LEADS, 401, refusal)]).await;
    let (messages, failed) = follow(&service(&upstream.url).await, people(json!({})), None).await;
    let failed = failed.unwrap();
    assert!(messages.is_empty());
    assert_eq!(crate::wire::outcome(failed.metadata()).unwrap(), "harvestapi_key;3;rejected");
}

#[tokio::test]
async fn a_deadline_stops_between_pages_or_within_one() {
    let upstream =
        Stub::start(vec![leads(1, 9, 2, &json!(0.1)), Canned::new("GET", LEADS, SILENT, "")]).await;
    let mut config = Config::default();
    config.harvestapi.base_url.clone_from(&upstream.url);
    let open = |ring| granary_linkedin_data::routes(&config, ring);
    let service = Service::open_for(Duration::from_millis(3_500), open).await;
    let (messages, failed) = follow(&service, people(json!({})), None).await;
    assert!(failed.is_none(), "{failed:?}");
    assert_eq!((&end(&messages)["stop"], &end(&messages)["next"]["page"]), (&json!("DEADLINE"), &json!(2)));
}
