//! The actor that searches the leads of companies.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{EMPLOYEES, outcome};
use crate::support::World;

const HARBOUR: &str = "https://www.linkedin.com/company/paper-harbour-fx";

async fn run(world: &World, query: &str, extra: Value) -> (Value, Vec<Value>) {
    let mut input = json!({"companies": [HARBOUR]});
    input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    world.run(&format!("{EMPLOYEES}/runs{query}"), input).await
}

#[tokio::test]
async fn each_mode_has_its_rows_and_its_price() {
    let world = World::new().await;
    for (mode, plain, with_email) in [
        (json!("Short ($4 per 1k)"), ("short-profile", 4_000), 0),
        (json!("Full ($8 per 1k)"), ("full-profile", 8_000), 0),
        (Value::Null, ("full-profile", 8_000), 0),
        (json!("Full + email search ($12 per 1k)"), ("full-profile", 8_000), 12_000),
    ] {
        let (run, rows) = run(&world, "", json!({"profileScraperMode": mode, "maxItems": 20})).await;
        assert_eq!((outcome(&run), rows.len()), (("SUCCEEDED", "success"), 20), "{mode}");
        let found =
            rows.iter().filter(|row| row["emails"].as_array().is_some_and(|list| !list.is_empty())).count();
        assert_eq!((1..20).contains(&found), with_email > 0, "{found}");
        let charged = &run["chargedEventCounts"];
        assert_eq!((&charged["actor-start"], &charged[plain.0]), (&json!(1), &json!(20 - found)), "{mode}");
        assert_eq!(charged["full-profile-with-email"], found);
        let spent = 20_000 + (20 - found) * plain.1 + found * with_email;
        assert_eq!(run["usageTotalUsd"].to_string(), format!("0.{spent:06}").trim_end_matches('0'));
        for row in &rows {
            let short = row["currentPositions"].is_array();
            assert_eq!((short, row["experience"].is_array()), (mode == "Short ($4 per 1k)", !short));
            let work = if short { &row["currentPositions"] } else { &row["currentPosition"] };
            assert_eq!(work[0]["companyName"], "Paper Harbour");
            assert_eq!(row["_meta"]["query"]["currentCompanies"], json!([HARBOUR]));
            assert_eq!(row["_meta"]["pagination"]["pageNumber"], 1);
        }
    }
}

#[tokio::test]
async fn a_search_has_to_be_bounded() {
    let world = World::new().await;
    let (ended, rows) = run(&world, "", json!({})).await;
    assert_eq!((outcome(&ended), rows.len()), (("SUCCEEDED", "no limits"), 0));
    let (ended, _) = run(&world, "", json!({"companies": [], "maxItems": 3})).await;
    assert_eq!(outcome(&ended), ("SUCCEEDED", "no companies"));
    let (ended, rows) = run(&world, "?maxTotalChargeUsd=0.0299", json!({"maxItems": 3})).await;
    assert_eq!((outcome(&ended), rows.len()), (("SUCCEEDED", "max charge reached"), 0));
    let many: Vec<_> = (0..11).map(|n| format!("company-{n}-fx")).collect();
    let (ended, _) = run(&world, "", json!({"companies": many, "maxItems": 3})).await;
    assert_eq!(outcome(&ended), ("SUCCEEDED", "up to 10 companies"));
    assert_eq!(world.balance().await, "1000");

    let one_by_one = json!({"companies": many, "maxItems": 3, "companyBatchMode": "one_by_one"});
    let (ended, rows) = run(&world, "", one_by_one).await;
    assert_eq!((outcome(&ended), rows.len()), (("SUCCEEDED", "success"), 0));
    assert_eq!(ended["chargedEventCounts"]["actor-start"], 11);
}

#[tokio::test]
async fn pages_are_taken_from_where_they_are_asked_for() {
    let world = World::new().await;
    let short = |extra: Value| {
        let mut input = json!({"profileScraperMode": "1", "companies": [HARBOUR, "Imaginary Railways"]});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        input
    };
    let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].to_string()).collect::<HashSet<_>>();
    let (_, first) = run(&world, "", short(json!({"takePages": 1}))).await;
    let (_, second) = run(&world, "", short(json!({"takePages": 2, "startPage": 2}))).await;
    assert_eq!((first.len(), second.len()), (25, 50));
    assert!(ids(&first).is_disjoint(&ids(&second)));
    let pages: HashSet<_> =
        second.iter().map(|row| row["_meta"]["pagination"]["pageNumber"].to_string()).collect();
    assert_eq!(pages, HashSet::from(["2".to_owned(), "3".to_owned()]));
    assert!(first[0]["_meta"]["pagination"]["totalElements"].as_u64().unwrap() >= 75);
    let (ended, rows) = run(&world, "?maxItems=7", short(json!({"takePages": 1}))).await;
    assert_eq!((outcome(&ended), rows.len()), (("SUCCEEDED", "success"), 7));

    let two = json!({"companies": [HARBOUR, "Imaginary Railways"], "maxItems": 30, "maxItemsPerCompany": 4, "companyBatchMode": "one_by_one"});
    let (ended, rows) = run(&world, "", short(two)).await;
    assert_eq!((rows.len(), &ended["chargedEventCounts"]["actor-start"]), (8, &json!(2)));
}

#[tokio::test]
async fn a_cap_counts_the_start_too() {
    let world = World::new().await;
    let (ended, rows) =
        run(&world, "?maxTotalChargeUsd=0.03", json!({"profileScraperMode": "1", "maxItems": 9})).await;
    assert_eq!((outcome(&ended), rows.len()), (("SUCCEEDED", "max charge reached"), 2));
    assert_eq!(ended["usageTotalUsd"].to_string(), "0.028");
}

#[tokio::test]
async fn filters_and_free_plans_narrow_a_search() {
    let world = World::new().await;
    let short = async |extra: Value| {
        let mut input = json!({"profileScraperMode": "1", "maxItems": 500});
        input.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        run(&world, "", input).await.1
    };
    let title = |row: &Value| row["currentPositions"][0]["title"].as_str().unwrap().to_owned();
    let place = |row: &Value| row["location"]["linkedinText"].as_str().unwrap().to_owned();
    let all = short(json!({})).await;
    let (first, city) = (title(&all[0]), place(&all[0]).split(',').next().unwrap().to_owned());
    let with = |row: &Value| title(row) == first;
    let count = all.iter().filter(|row| with(row)).count();
    assert!((1..all.len()).contains(&count), "{count} of {}", all.len());
    let titled = short(json!({"jobTitles": [first.to_uppercase()]})).await;
    assert!(titled.iter().all(with) && titled.len() == count, "{}", titled.len());
    let others = short(json!({"excludeCurrentJobTitles": [first]})).await;
    assert!(!others.iter().any(with) && others.len() == all.len() - count, "{}", others.len());
    assert_eq!(short(json!({"searchQuery": first.to_lowercase()})).await.len(), count);
    let near = short(json!({"locations": [city]})).await;
    let far = short(json!({"excludeLocations": [city]})).await;
    assert!(near.iter().all(|row| place(row).contains(&city)) && !near.is_empty());
    assert!(far.iter().all(|row| !place(row).contains(&city)) && !far.is_empty());
    assert_eq!(near.len() + far.len(), all.len());
    world.tune(json!({"tier": "free"})).await;
    for (mode, most) in [("1", 25), ("2", 25), ("3", 10)] {
        let (_, rows) = run(&world, "", json!({"profileScraperMode": mode, "maxItems": 60})).await;
        assert_eq!(rows.len(), most, "{mode}");
    }
}
