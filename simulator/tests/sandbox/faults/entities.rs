//! A success that is none, and errors in the vendors' own words.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

async fn post(world: &World, path: &str) -> Value {
    let request = world.client.post(format!("{}{path}", world.sandbox.harvestapi_url()));
    let answer = request.header("X-API-Key", &world.key).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    serde_json::from_str(&answer.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn an_error_stands_in_the_place_of_the_entity() {
    let world = World::new().await;
    world.fault(json!({"api": "harvest", "method": "POST", "error": "Spent date is locked"})).await;
    let entry =
        json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1});
    let answer = world.harvest(Method::POST, "/v2/time_entries", Some(entry)).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"message": "Spent date is locked"})));
    assert_eq!(world.get("/v2/time_entries").await["total_entries"], 200, "nothing was done");
    world.fault(json!({"api": "harvestapi", "error": "Something is off"})).await;
    let answer = world.linkedin("/linkedin/profile?query=person-0001").await;
    assert_eq!((answer.status, answer.json()), (200, json!({"error": {"error": "Something is off"}})));
    world.fault(json!({"api": "apify", "status": 201, "error": "Something is off"})).await;
    let url = format!("{}/v2/users/me", world.sandbox.apify_url());
    let answer = world.client.get(url).bearer_auth(&world.apify).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(body["error"]["message"], "Something is off");
}

#[tokio::test]
async fn fields_are_missing_where_a_path_says_so() {
    let world = World::new().await;
    let whole = world.get("/v2/users/me").await;
    world.fault(json!({"api": "harvest", "without": ["id", "email", "nothing.at.all"]})).await;
    let bare = world.get("/v2/users/me").await;
    assert!(bare.get("id").is_none() && bare.get("email").is_none());
    assert_eq!(bare.as_object().unwrap().len() + 2, whole.as_object().unwrap().len());
    world.fault(json!({"api": "harvest", "without": ["users.id", "links"]})).await;
    let page = world.get("/v2/users?per_page=3").await;
    assert!(page.get("links").is_none() && page["per_page"] == 3);
    assert!(
        page["users"]
            .as_array()
            .unwrap()
            .iter()
            .all(|user| user.get("id").is_none() && user["email"].is_string())
    );
    world.fault(json!({"api": "harvestapi", "without": ["element.id", "cost"]})).await;
    let body = world.linkedin("/linkedin/profile?query=person-0001").await.json();
    assert!(
        body.get("cost").is_none()
            && body["element"].get("id").is_none()
            && body["element"]["about"].is_string()
    );
}

#[tokio::test]
async fn an_element_says_that_nothing_came_of_it() {
    let world = World::new().await;
    let cookie = world.control(Method::GET, "/credentials", None).await.json()["li_at"][0].clone();
    let path = format!("/linkedin/send-connection?cookie={}&profile=person-0042", cookie.as_str().unwrap());
    let sent = async || {
        let path = format!("/connections?li_at={}", cookie.as_str().unwrap());
        world.control(Method::GET, &path, None).await.json()["sent"].as_array().unwrap().len()
    };
    world.fault(json!({"api": "harvestapi", "element": {"success": false}})).await;
    let body = post(&world, &path).await;
    assert_eq!(
        (&body["status"], &body["error"], &body["element"]),
        (&json!(200), &Value::Null, &json!({"success": false}))
    );
    assert!(body.get("cost").is_none());
    assert_eq!(sent().await, 2, "nothing was sent");
    world.fault(json!({"api": "harvestapi", "element": null, "cost": "0.004"})).await;
    let body = post(&world, &path).await;
    assert_eq!(
        (&body["status"], &body["element"], body["cost"].to_string().as_str()),
        (&json!(200), &Value::Null, "0.004")
    );
    // A limit of the member: in the envelope, or as the status of HTTP beside it.
    let limit = json!({"api": "harvestapi", "path": "/linkedin/send-connection", "body_status": 429, "error": "CUSTOM_INVITE_LIMIT_REACHED"});
    world.fault(limit.clone()).await;
    let body = post(&world, &path).await;
    assert_eq!((&body["status"], &body["error"]), (&json!(429), &json!("CUSTOM_INVITE_LIMIT_REACHED")));
    let mut both = limit;
    both["status"] = json!(429);
    both["path"] = json!("/linkedin/sent-connections");
    world.fault(both).await;
    let answer =
        world.linkedin(&format!("/linkedin/sent-connections?cookie={}", cookie.as_str().unwrap())).await;
    assert_eq!((answer.status, &answer.json()["status"]), (429, &json!(429)));
    assert_eq!(sent().await, 2);
}

#[tokio::test]
async fn a_change_may_be_answered_and_not_made() {
    let world = World::new().await;
    let entry = world.log(json!({"hours": 1.5, "notes": "old"})).await;
    let path = format!("/v2/time_entries/{}", entry["id"]);
    world.fault(json!({"api": "harvest", "unchanged": true, "count": 2})).await;
    // A look is no change, and leaves the fault as it is.
    assert_eq!(world.get(&path).await, entry);
    let change = Some(json!({"hours": 3.25, "notes": "new"}));
    let answer = world.harvest(Method::PATCH, &path, change.clone()).await;
    assert_eq!((answer.status, answer.json()), (200, entry.clone()));
    let answer = world.harvest(Method::PATCH, &format!("{path}/restart"), None).await;
    assert_eq!((answer.status, answer.json()), (200, entry));
    let answer = world.harvest(Method::PATCH, &path, change).await;
    assert_eq!((answer.status, &answer.json()["notes"]), (200, &json!("new")));
}

#[tokio::test]
async fn apify_tells_any_type_with_any_status() {
    let world = World::new().await;
    for (status, kind) in [
        (402, "actor-memory-limit-exceeded"),
        (402, "concurrent-runs-limit-exceeded"),
        (402, "x402-payment-required"),
        (403, "platform-feature-disabled"),
        (500, "internal-server-error"),
    ] {
        world.fault(json!({"api": "apify", "method": "POST", "path": "/v2/acts/*", "status": status, "error_type": kind, "error": "Told so"})).await;
        let url = format!("{}/v2/acts/harvestapi~linkedin-profile-scraper/runs", world.sandbox.apify_url());
        let answer = world.client.post(url).bearer_auth(&world.apify).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), status);
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body, json!({"error": {"type": kind, "message": "Told so"}}));
    }
}
