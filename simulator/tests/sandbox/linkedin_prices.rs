//! What each call costs, and what failures look like.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

#[tokio::test]
async fn every_endpoint_has_its_price_and_code() {
    let world = World::new().await;
    let mut spent = 0_i64;
    for (path, micros, code) in [
        ("profile-search?search=a", 4_000, "linkedinProfileSearch"),
        ("lead-search?search=a", 100_000, "linkedinLeadSearch"),
        ("company?universalName=examplio-robotics-fx", 4_000, "linkedinCompany"),
        ("company-search?search=a", 4_000, "linkedinCompanySearch"),
        ("job?jobId=4390000001", 1_000, "linkedinJob"),
        ("job-search?search=a", 1_000, "linkedinJobSearch"),
        ("post?url=7440000000000000001", 4_000, "linkedinPost"),
        ("post-search?search=a", 4_000, "linkedinPostSearch"),
        ("profile-posts?profile=person-0001", 4_000, "linkedinProfilePosts"),
        ("company-posts?company=90000001", 4_000, "linkedinCompanyPosts"),
        ("post-comments?post=7440000000000000001", 4_000, "linkedinPostComments"),
        ("post-comment-replies?url=7450000000000000000", 4_000, "linkedinPostCommentReplies"),
        ("post-reactions?post=7440000000000000001", 4_000, "linkedinPostReactions"),
        ("comment-reactions?url=7450000000000000000", 4_000, "linkedinPostReactions"),
        ("profile-comments?profile=person-0001", 4_000, "linkedinProfileComments"),
        ("profile-reactions?profile=person-0001", 4_000, "linkedinProfileReactions"),
        ("group?groupId=99000001", 2_000, "linkedinGroup"),
        ("group-search?search=a", 2_000, "linkedinGroup"),
        ("service-search", 4_000, "linkedinServiceSearch"),
        ("ad?adId=990000901", 1_600, "linkedinAd"),
        ("ad-search?keyword=a", 1_600, "linkedinAdSearch"),
        // A search that finds nothing costs as much.
        ("profile-search?search=nobody-has-this", 4_000, "linkedinProfileSearch"),
        ("ad-search?keyword=nobody-has-this", 1_600, "linkedinAdSearch"),
    ] {
        let body = world.linkedin(&format!("/linkedin/{path}")).await.json();
        assert_eq!(
            (&body["status"], &body["error"], &body["payments"]),
            (&json!(200), &Value::Null, &json!([code])),
            "{path}"
        );
        assert_eq!(body["cost"].to_string(), dollars(micros), "{path}");
        spent += micros;
    }
    let geo = world.linkedin("/linkedin/geo-id-search?search=a").await.json();
    assert_eq!((&geo["cost"], &geo["payments"]), (&json!(0), &json!([])));
    let user = world.linkedin("/users/my-api-user").await.json();
    assert_eq!(user["usage"]["balance"].to_string(), dollars(1_000_000_000 - spent));
}

#[tokio::test]
async fn what_is_missing_is_charged_and_what_is_wrong_is_not() {
    let world = World::new().await;
    for (path, status, cost, nothing) in [
        ("company?universalName=no-such-company-fx", 200, "0.004", "element"),
        ("company?search=nobody-has-this", 200, "0.004", "element"),
        ("company", 400, "0", "element"),
        ("job?jobId=not-a-number", 400, "0", "element"),
        ("job", 400, "0", "element"),
        ("job?jobId=1", 404, "0.001", "element"),
        ("post", 400, "0", "element"),
        ("post?url=https%3A%2F%2Fwww.linkedin.com%2Fposts%2Fnothing", 404, "0.004", "element"),
        ("group?groupId=1", 404, "0.002", "element"),
        ("post-comments", 400, "0", "elements"),
        ("post-comments?post=7449999999999999999", 404, "0.004", "elements"),
        ("post-reactions", 400, "0", "elements"),
        ("comment-reactions", 400, "0", "elements"),
        ("post-comment-replies", 400, "0", "elements"),
        ("profile-posts", 400, "0", "elements"),
        ("profile-posts?profile=nobody-fx9999", 404, "0.004", "elements"),
        ("profile-comments", 400, "0", "elements"),
        ("profile-reactions?profile=nobody-fx9999", 404, "0.004", "elements"),
        ("geo-id-search", 400, "0", "elements"),
    ] {
        let answer = world.linkedin(&format!("/linkedin/{path}")).await;
        let body = answer.json();
        assert_eq!(
            (answer.status, &body["status"], body["cost"].to_string().as_str()),
            (200, &json!(status), cost),
            "{path}"
        );
        assert_eq!(body["error"].is_string(), status != 200, "{path}");
        let empty = if nothing == "element" { Value::Null } else { json!([]) };
        assert_eq!((body.get(nothing), &body["payments"]), (Some(&empty), &json!([])), "{path}");
    }
    let ad = world.linkedin("/linkedin/ad?adId=1").await;
    assert_eq!((ad.status, ad.json()), (404, json!({"error": 404, "message": "Ad not found"})));
}

#[tokio::test]
async fn an_empty_wallet_stops_all_that_costs() {
    let world = World::new().await;
    world.set(json!({"harvestapi_key": world.key, "balance": "0.0015"})).await;
    for path in
        ["lead-search", "company?companyId=90000001", "group?groupId=99000001", "ad-search", "post-search"]
    {
        let answer = world.linkedin(&format!("/linkedin/{path}")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (402, json!({"error": {"error": "Payment required"}})),
            "{path}"
        );
    }
    for path in
        ["/linkedin/job-search", "/linkedin/geo-id-search?search=a", "/users/my-private-account-pools"]
    {
        assert_eq!(world.linkedin(path).await.status, 200, "{path}");
    }
}

#[tokio::test]
async fn a_body_that_fails_by_order_keeps_the_shape_of_its_endpoint() {
    let world = World::new().await;
    world.fault(json!({"api": "harvestapi", "path": "/linkedin/*", "body_status": 404, "count": 0})).await;
    let list = world.linkedin("/linkedin/lead-search").await.json();
    assert_eq!((&list["elements"], list["cost"].to_string()), (&json!([]), "0.1".to_owned()));
    let item = world.linkedin("/linkedin/job?jobId=1").await.json();
    assert_eq!((item.get("element"), item["cost"].to_string()), (Some(&Value::Null), "0.001".to_owned()));
    let free = world.linkedin("/linkedin/sent-connections?cookie=x").await.json();
    assert!(free.get("cost").is_none() && free["status"] == 404);
}

#[tokio::test]
async fn pools_and_the_clients_own_paths_answer() {
    let world = World::new().await;
    let pools = world.linkedin("/users/my-private-account-pools").await.json();
    assert_eq!(pools.as_array().unwrap().len(), 2);
    assert_eq!((&pools[0]["status"], &pools[1]["accounts_count"]), (&json!("active"), &json!(0)));
    let id = world.linkedin("/linkedin/profile-id?publicIdentifier=jeffweiner08").await.json();
    assert_eq!(id["element"], json!({"id": "ACoAASBXJeff0000000000000000000000000008"}));
    let stats = world.linkedin("/linkedin/company-people-stats?query=examplio-robotics-fx").await.json();
    assert_eq!(stats["element"]["totalEmployees"], 214);
    let post = async |profile: Value| {
        let request =
            world.client.post(format!("{}/linkedin/email-search-by-profile", world.sandbox.harvestapi_url()));
        let request = request.header("X-API-Key", &world.key).body(json!({"profile": profile}).to_string());
        Answer::of(request.send().await.unwrap()).await.json()
    };
    let found = post(json!({"publicIdentifier": "jeffweiner08"})).await;
    assert!(found["element"]["email"].as_str().unwrap().contains('@'));
    assert_eq!(found["cost"].to_string(), "0.0136");
    let missed = post(json!({"publicIdentifier": "person-0001"})).await;
    assert_eq!((&missed["element"], &missed["cost"]), (&Value::Null, &json!(0)));
    assert_eq!(post(json!({})).await["status"], 400);
    // Reads are not posted, and nothing is done by a read.
    let wrong = world.linkedin("/linkedin/send-connection?cookie=x&profile=person-0001").await;
    assert_eq!(wrong.status, 404);
    assert_eq!(world.control(Method::GET, "/health", None).await.status, 200);
}

fn dollars(micros: i64) -> String {
    let text = format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
