//! Page sizes, page numbers and tokens.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::World;

/// Follows tokens to the end; every row must come once.
async fn walk(world: &World, path: &str) -> (usize, usize) {
    let (mut ids, mut pages, mut token) = (HashSet::new(), 0, String::new());
    loop {
        let body = world.linkedin(&format!("{path}{token}")).await.json();
        pages += 1;
        for row in body["elements"].as_array().unwrap() {
            assert!(ids.insert(row["id"].as_str().unwrap().to_owned()), "{path}: {} came twice", row["id"]);
        }
        match body["pagination"]["paginationToken"].as_str() {
            Some(next) => token = format!("&paginationToken={next}&page={}", pages + 1),
            None => return (pages, ids.len()),
        }
        assert!(pages < 100, "{path} never ends");
    }
}

fn ids(body: &Value) -> Vec<&str> {
    body["elements"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn pages_with_numbers_share_no_row() {
    let world = World::new().await;
    for (list, size) in [
        ("profile-search?title=engineer", 10),
        ("lead-search?currentJobTitles=engineer", 25),
        ("company-search?search=robotics", 50),
        ("job-search?search=rust", 25),
        ("post-search?search=robots", 50),
        ("group-search?search=robotics", 10),
        ("service-search?search=training", 10),
        ("post-reactions?post=7440000000000000001", 100),
        ("comment-reactions?url=7450000000000000000", 100),
        ("post-comments?post=7440000000000000001&sortBy=date", 100),
    ] {
        let page =
            async |number: u64| world.linkedin(&format!("/linkedin/{list}&page={number}")).await.json();
        let (one, two) = (page(1).await, page(2).await);
        let (one_ids, two_ids): (HashSet<_>, HashSet<_>) =
            (ids(&one).into_iter().collect(), ids(&two).into_iter().collect());
        let shared: Vec<_> = one_ids.intersection(&two_ids).filter(|id| !id.is_empty()).collect();
        assert!(shared.is_empty(), "{list}: {shared:?}");
        assert_eq!(one["elements"].as_array().unwrap().len(), size, "{list}");
        assert_eq!(
            (&two["pagination"]["pageNumber"], &two["pagination"]["previousElements"]),
            (&json!(2), &json!(size)),
            "{list}"
        );
        assert!(!two["elements"].as_array().unwrap().is_empty());
        let beyond = page(5000).await;
        assert!(beyond["pagination"]["totalPages"].as_u64().unwrap() >= 2, "{list}");
        if !list.starts_with("lead") && !list.starts_with("service") {
            assert_eq!(
                (&beyond["elements"], &beyond["pagination"]["pageNumber"]),
                (&json!([]), &json!(5000)),
                "{list}"
            );
        }
        assert_eq!(ids(&page(0).await), ids(&one), "{list}");
    }
}

#[tokio::test]
async fn leads_end_at_page_100() {
    let world = World::new().await;
    let last = world.linkedin("/linkedin/lead-search?page=100").await.json();
    let beyond = world.linkedin("/linkedin-sales-nav/lead-search?page=101").await.json();
    assert_eq!(last["pagination"], beyond["pagination"]);
    assert_eq!(ids(&last), ids(&beyond));
    assert_eq!(
        last["pagination"],
        json!({"totalPages": 100, "totalElements": 5005, "pageNumber": 100, "previousElements": 2475, "pageSize": 25, "totalResultCount": 5005})
    );
    let services = world.linkedin("/linkedin/service-search?page=101").await.json();
    assert_eq!(
        (&services["pagination"]["pageNumber"], &services["pagination"]["totalPages"]),
        (&json!(100), &json!(100))
    );
}

#[tokio::test]
async fn without_its_token_page_two_is_page_one_again_and_charged() {
    let world = World::new().await;
    for (list, totals) in [
        ("profile-posts?profile=avery-sampleton-fx0001", false),
        ("company-posts?company=examplio-robotics-fx", true),
        ("profile-comments?profile=avery-sampleton-fx0001", false),
        ("profile-reactions?profile=avery-sampleton-fx0001", false),
        ("post-comments?post=7440000000000000001", true),
        ("post-comment-replies?url=7450000000000000000", true),
        ("ad-search?keyword=a", true),
    ] {
        let get = async |more: &str| world.linkedin(&format!("/linkedin/{list}{more}")).await.json();
        let one = get("").await;
        let again = get("&page=2").await;
        assert_eq!(ids(&one), ids(&again), "{list}");
        assert_eq!((&one["pagination"], &one["cost"]), (&again["pagination"], &again["cost"]), "{list}");
        assert!(again["payments"].as_array().unwrap().len() == 1 && again["cost"] != json!(0));
        let token = one["pagination"]["paginationToken"].as_str().unwrap();
        let two = get(&format!("&page=2&paginationToken={token}")).await;
        assert!(ids(&two).iter().all(|id| !ids(&one).contains(id)) && !ids(&two).is_empty(), "{list}");
        // The token alone does it, and one that is bent, or was given for something else, does not.
        assert_eq!(ids(&get(&format!("&paginationToken={token}")).await), ids(&two), "{list}");
        assert_eq!(ids(&get(&format!("&paginationToken={token}x")).await), ids(&one), "{list}");
        let page = &one["pagination"];
        let shown = (page["totalElements"].as_u64().unwrap() > 0, page["totalPages"].as_u64().unwrap() > 0);
        assert_eq!(shown, (totals, totals), "{list}: {page}");
        if list.starts_with("ad-search") {
            assert_eq!((&page["pageNumber"], &two["pagination"]["pageNumber"]), (&Value::Null, &Value::Null));
        }
    }
    let avery = world.linkedin("/linkedin/profile-posts?profile=avery-sampleton-fx0001").await.json();
    let token = avery["pagination"]["paginationToken"].as_str().unwrap();
    let other = world
        .linkedin(&format!("/linkedin/profile-posts?profile=person-0001&paginationToken={token}"))
        .await
        .json();
    assert_eq!(other["pagination"]["pageNumber"], 1);
}

#[tokio::test]
async fn tokens_lead_to_the_end() {
    let world = World::new().await;
    for (path, pages, rows) in [
        (
            "/linkedin/profile-posts?profile=https%3A%2F%2Fwww.linkedin.com%2Fin%2Favery-sampleton-fx0001",
            3,
            131,
        ),
        ("/linkedin/company-posts?companyId=90000001", 3, 131),
        ("/linkedin/post-search?group=99000001", 14, 661),
        ("/linkedin/post-comments?post=7440000000000000001", 3, 230),
        ("/linkedin/post-comment-replies?url=7450000000000000000", 2, 130),
    ] {
        assert_eq!(walk(&world, path).await, (pages, rows), "{path}");
    }
    let (pages, rows) = walk(&world, "/linkedin/profile-comments?profile=avery-sampleton-fx0001").await;
    assert!(pages >= 2 && rows > 100);
    let (pages, rows) =
        walk(&world, "/linkedin/profile-reactions?profileId=ACoAAFX0000AverySampleton000000000000001").await;
    assert!(pages >= 2 && rows > 100);
    let (pages, _) = walk(&world, "/linkedin/ad-search?countries=US").await;
    assert!(pages > 20);
}

#[tokio::test]
async fn a_limit_of_time_shortens_pages_but_not_lists() {
    let world = World::new().await;
    for list in ["profile-posts?profile=avery-sampleton-fx0001", "company-posts?company=examplio-robotics-fx"]
    {
        let all = world.linkedin(&format!("/linkedin/{list}")).await.json();
        for limit in ["postedLimit", "scrapePostedLimit"] {
            let body = world.linkedin(&format!("/linkedin/{list}&{limit}=week")).await.json();
            let kept = ids(&body).len();
            assert!(0 < kept && kept < 10, "{list} {limit}: {kept}");
            assert_eq!(body["pagination"], all["pagination"]);
        }
    }
}
