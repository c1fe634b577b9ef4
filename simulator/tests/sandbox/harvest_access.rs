//! Who may call Harvest, and what each role sees.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

#[tokio::test]
async fn a_call_without_user_agent_is_a_bad_request() {
    let world = World::new().await;
    let bare = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = bare.get(format!("{}/v2/users/me", world.sandbox.harvest_url())).bearer_auth(&world.token);
    let answer = Answer::of(request.header("Harvest-Account-Id", "910001").send().await.unwrap()).await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["message"].is_string());
}

#[tokio::test]
async fn tokens_are_refused_in_the_shape_of_their_state() {
    let world = World::new().await;
    let unknown = world.harvest_as("no-such-token", 910_001, Method::GET, "/v2/users/me", None).await;
    assert_eq!(unknown.status, 401);
    assert_eq!(unknown.json()["error"], "invalid_token");
    assert!(unknown.json()["error_description"].is_string());
    assert!(unknown.header("www-authenticate").unwrap().starts_with("Bearer error=\"invalid_token\""));
    for (state, status) in [("expired", 401), ("revoked", 401), ("forbidden", 403), ("active", 200)] {
        world.set(json!({"access_token": world.token, "state": state})).await;
        let answer = world.harvest(Method::GET, "/v2/users/me", None).await;
        assert_eq!(answer.status, status, "{state}");
        if status == 403 {
            assert_eq!(answer.json(), json!({"message": "Not authorized!"}));
        }
    }
    let foreign = world.harvest_as(&world.token, 910_002, Method::GET, "/v2/users/me", None).await;
    assert_eq!((foreign.status, &foreign.json()["error"]), (401, &json!("invalid_token")));
    let url = format!("{}/v2/users/me", world.sandbox.harvest_url());
    let none = Answer::of(world.client.get(url).bearer_auth(&world.token).send().await.unwrap()).await;
    assert_eq!((none.status, &none.json()["error"]), (401, &json!("invalid_token")));
}

#[tokio::test]
async fn query_credentials_are_taken_too() {
    let world = World::new().await;
    let url =
        format!("{}/v2/users/me?access_token={}&account_id=910001", world.sandbox.harvest_url(), world.token);
    let answer = Answer::of(world.client.get(url).send().await.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["id"], 1_900_001);
}

#[tokio::test]
async fn a_throttled_answer_has_no_body_and_says_when() {
    let world = World::new().await;
    world.set(json!({"access_token": world.token, "rate": {"requests": 2, "seconds": 15}})).await;
    assert_eq!(world.harvest(Method::GET, "/v2/company", None).await.status, 200);
    assert_eq!(world.harvest(Method::GET, "/v2/company", None).await.status, 200);
    let third = world.harvest(Method::GET, "/v2/company", None).await;
    assert_eq!((third.status, third.text.as_str()), (429, ""));
    assert_eq!(third.header("content-type"), Some("text/html"));
    assert!((1..=15).contains(&third.header("retry-after").unwrap().parse::<u32>().unwrap()));
    world.set(json!({"access_token": world.token, "rate": null})).await;
    assert_eq!(world.harvest(Method::GET, "/v2/company", None).await.status, 200);
}

#[tokio::test]
async fn members_see_their_own_and_nothing_else() {
    let world = World::new().await;
    world.set(json!({"access_token": "canary-member", "account_id": 910_001, "role": "member"})).await;
    let member = async |path: &str| world.harvest_as("canary-member", 910_001, Method::GET, path, None).await;
    for path in [
        "/v2/projects",
        "/v2/projects/12345678",
        "/v2/users",
        "/v2/users/1900001",
        "/v2/company",
        "/v2/tasks",
    ] {
        let answer = member(path).await;
        assert_eq!((answer.status, answer.json()), (403, json!({"message": "Not authorized!"})), "{path}");
    }
    for path in ["/v2/task_assignments", "/v2/clients", "/v2/users/1900003/project_assignments"] {
        assert_eq!(member(path).await.status, 403, "{path}");
    }
    let me = member("/v2/users/me").await.json();
    assert_eq!((&me["id"], &me["access_roles"]), (&json!(1_900_002), &json!(["member"])));
    let assignments = member("/v2/users/me/project_assignments").await.json();
    assert!(assignments["total_entries"].as_u64().unwrap() > 1);
    assert_eq!(assignments["project_assignments"][0]["task_assignments"][0]["task"]["id"], 87_654_321);
    let entries = member("/v2/time_entries").await.json();
    let rows = entries["time_entries"].as_array().unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row["user"]["id"] == 1_900_002));
    assert!(rows.iter().all(|row| row["billable_rate"].is_null() && row["cost_rate"].is_null()));

    let other = world.log(json!({"hours": 1})).await;
    let path = format!("/v2/time_entries/{}", other["id"]);
    assert_eq!(member(&path).await.json(), json!({"status": 404, "error": "Not Found"}));
    let body = json!({"user_id": 1_900_001, "project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1});
    let answer =
        world.harvest_as("canary-member", 910_001, Method::POST, "/v2/time_entries", Some(body)).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn managers_see_their_projects_and_teammates() {
    let world = World::new().await;
    world.set(json!({"access_token": "canary-manager", "account_id": 910_001, "role": "manager"})).await;
    let manager =
        async |path: &str| world.harvest_as("canary-manager", 910_001, Method::GET, path, None).await;
    let projects = manager("/v2/projects").await.json();
    let ids: Vec<_> =
        projects["projects"].as_array().unwrap().iter().map(|p| p["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, [12_345_678, 12_345_681, 12_345_684, 12_345_687]);
    assert_eq!(manager("/v2/projects/12345679").await.status, 404);
    assert_eq!(manager("/v2/company").await.status, 403);
    assert_eq!(manager("/v2/tasks").await.status, 403);
    let users = manager("/v2/users").await.json();
    assert_eq!(users["total_entries"], 5);
    assert_eq!(manager("/v2/users/1900002").await.status, 200);
    assert_eq!(manager("/v2/users/1900001").await.status, 404);
    let all = world.get("/v2/time_entries").await["total_entries"].as_u64().unwrap();
    let seen = manager("/v2/time_entries").await.json();
    assert!(seen["total_entries"].as_u64().unwrap() < all);
    let allowed = |row: &Value| {
        let user = row["user"]["id"].as_u64().unwrap();
        [1_900_002, 1_900_003, 1_900_004, 1_900_005, 1_900_006].contains(&user)
            || ids.contains(&row["project"]["id"].as_u64().unwrap())
    };
    assert!(seen["time_entries"].as_array().unwrap().iter().all(allowed));
}

#[tokio::test]
async fn a_role_can_be_changed_without_changing_the_person() {
    let world = World::new().await;
    world.set(json!({"access_token": world.token, "role": "member"})).await;
    let me = world.get("/v2/users/me").await;
    assert_eq!((&me["id"], &me["access_roles"]), (&json!(1_900_001), &json!(["member"])));
    assert_eq!(world.harvest(Method::GET, "/v2/projects", None).await.status, 403);
    world.set(json!({"access_token": world.token, "role": "administrator"})).await;
    assert_eq!(world.harvest(Method::GET, "/v2/projects", None).await.status, 200);
}

#[tokio::test]
async fn a_manager_with_the_right_logs_time_for_teammates() {
    let world = World::new().await;
    world.set(json!({"access_token": "canary-lead", "account_id": 910_002, "role": "manager"})).await;
    let post = async |user: u64| {
        let body = json!({"user_id": user, "project_id": 910_002_011, "task_id": 910_002_031, "spent_date": "2026-03-31", "hours": 1});
        world.harvest_as("canary-lead", 910_002, Method::POST, "/v2/time_entries", Some(body)).await
    };
    assert_eq!(post(910_002_054).await.status, 201);
    assert_eq!(post(910_002_051).await.status, 403);
    let entry = post(910_002_054).await.json();
    let path = format!("/v2/time_entries/{}", entry["id"]);
    assert_eq!(world.harvest_as("canary-lead", 910_002, Method::DELETE, &path, None).await.status, 200);
}
