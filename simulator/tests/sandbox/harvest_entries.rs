//! Time entries of Harvest, from their start to their end.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

#[tokio::test]
async fn an_entry_lives_from_post_to_delete() {
    let world = World::new().await;
    let body = json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1.5,
        "notes": "Reviewed \"it\" – ünïcode", "external_reference": {"id": "FX-1", "permalink": "https://tracker.example.com/FX-1"}});
    let answer = world.harvest(Method::POST, "/v2/time_entries", Some(body)).await;
    assert_eq!(answer.status, 201);
    let made = answer.json();
    assert_eq!(made["id"], 2_800_000_001_u64);
    assert!(answer.header("location").unwrap().ends_with("/api/v2/time_entries/2800000001"));
    assert_eq!(made["user"], json!({"id": 1_900_001, "name": "Avery Sampleton"}));
    assert_eq!(made["task_assignment"]["id"], 220_710_201);
    assert_eq!(made["user_assignment"]["id"], 190_550_101);
    assert_eq!(made["external_reference"]["service"], "tracker.example.com");
    assert_eq!(
        (&made["hours"].to_string(), &made["cost_rate"].to_string()),
        (&"1.5".to_owned(), &"60.0".to_owned())
    );
    assert_eq!(
        (&made["is_running"], &made["billable"], &made["notes"]),
        (&json!(false), &json!(true), &json!("Reviewed \"it\" – ünïcode"))
    );

    let location = answer.header("location").unwrap();
    assert_eq!(world.get(location).await, made);
    let path = "/v2/time_entries/2800000001";
    let patched = world
        .harvest(
            Method::PATCH,
            path,
            Some(json!({"hours": "0.30", "notes": null, "external_reference": null})),
        )
        .await;
    assert_eq!(patched.status, 200);
    let patched = patched.json();
    assert_eq!(patched["hours"].to_string(), "0.3");
    assert!(patched["notes"].is_null() && patched["external_reference"].is_null());
    assert_eq!(world.get("/v2/time_entries").await["total_entries"], 201);
    let deleted = world.harvest(Method::DELETE, path, None).await;
    assert_eq!((deleted.status, &deleted.json()["id"]), (200, &patched["id"]));
    assert_eq!(world.harvest(Method::GET, path, None).await.status, 404);
    assert_eq!(world.harvest(Method::DELETE, path, None).await.status, 404);
}

#[tokio::test]
async fn a_form_body_is_taken_as_well() {
    let world = World::new().await;
    let request = world
        .client
        .post(format!("{}/v2/time_entries", world.sandbox.harvest_url()))
        .bearer_auth(&world.token);
    let request = request
        .header("Harvest-Account-Id", "910001")
        .header("content-type", "application/x-www-form-urlencoded");
    let form = "project_id=12345678&task_id=87654321&spent_date=2026-03-30&hours=0.25&external_reference%5Bid%5D=F+1";
    let answer = request.body(form).send().await.unwrap();
    assert_eq!(answer.status(), 201);
    let made: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    assert_eq!(
        (&made["hours"].to_string(), &made["external_reference"]["id"]),
        (&"0.25".to_owned(), &json!("F 1"))
    );
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let world = World::new().await;
    let whole =
        json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1});
    let with = |changes: Value| {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    for (body, message) in [
        (json!({"spent_date": "2026-03-31"}), "Project can't be blank, Task can't be blank"),
        (json!({}), "Project can't be blank, Task can't be blank, Spent date can't be blank"),
        (with(json!({"spent_date": "31.03.2026"})), "Spent date is invalid"),
        (with(json!({"hours": "much"})), "Hours is invalid"),
        (with(json!({"hours": -1})), "Hours is invalid"),
        (with(json!({"project_id": 1})), "Project is invalid"),
        (with(json!({"project_id": 12_345_683})), "Project is archived"),
        (with(json!({"task_id": 87_654_325})), "Task isn't assigned to this project"),
        (with(json!({"task_id": 87_654_323})), "Task isn't active on this project"),
        (with(json!({"user_id": 5})), "User is invalid"),
        (
            with(json!({"project_id": 12_345_679, "user_id": 1_900_002})),
            "User isn't assigned to this project",
        ),
    ] {
        let answer = world.harvest(Method::POST, "/v2/time_entries", Some(body.clone())).await;
        assert_eq!((answer.status, answer.json()), (422, json!({"message": message})), "{body}");
    }
    let broken = world
        .client
        .post(format!("{}/v2/time_entries", world.sandbox.harvest_url()))
        .bearer_auth(&world.token);
    let broken = broken.header("Harvest-Account-Id", "910001").body("{").send().await.unwrap();
    assert_eq!(broken.status(), 400);
    let billed =
        world.get("/v2/time_entries?is_billed=true&per_page=1").await["time_entries"][0]["id"].clone();
    let answer = world
        .harvest(Method::PATCH, &format!("/v2/time_entries/{billed}"), Some(json!({"notes": "x"})))
        .await;
    assert_eq!(answer.status, 422);
    assert_eq!(world.get("/v2/time_entries").await["total_entries"], 200);
}

#[tokio::test]
async fn the_duration_account_refuses_clock_times() {
    let world = World::new().await;
    let body = json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "started_time": "8:00am", "ended_time": "9:30am"});
    let answer = world.harvest(Method::POST, "/v2/time_entries", Some(body)).await;
    assert_eq!(answer.status, 422);
    assert!(answer.json()["message"].as_str().unwrap().starts_with("Started time can't be set"));
}

#[tokio::test]
async fn an_edit_in_the_other_mode_leaves_the_entry_as_it_was() {
    let world = World::new().await;
    let entry = world.log(json!({"hours": 1.5})).await;
    let path = format!("/v2/time_entries/{}", entry["id"]);
    let times = json!({"started_time": "8:00am", "ended_time": "12:00pm"});
    let answer = world.harvest(Method::PATCH, &path, Some(times.clone())).await;
    assert_eq!((answer.status, answer.json()), (200, entry));
    // What belongs to both modes is changed.
    let mut with_notes = times;
    with_notes["notes"] = json!("new");
    let answer = world.harvest(Method::PATCH, &path, Some(with_notes)).await.json();
    assert_eq!((&answer["notes"], answer["hours"].to_string().as_str()), (&json!("new"), "1.5"));
    world.set(json!({"access_token": world.token, "timer_mode": "timestamp"})).await;
    let entry = world.log(json!({"started_time": "8:00am", "ended_time": "9:00am"})).await;
    let path = format!("/v2/time_entries/{}", entry["id"]);
    let answer = world.harvest(Method::PATCH, &path, Some(json!({"hours": 7}))).await;
    assert_eq!((answer.status, answer.json()), (200, entry));
}

#[tokio::test]
async fn the_timestamp_account_counts_from_start_to_end() {
    let world = World::new().await;
    world.set(json!({"access_token": world.token, "timer_mode": "timestamp"})).await;
    assert_eq!(world.get("/v2/company").await["wants_timestamp_timers"], true);
    let made = world.log(json!({"started_time": "8:00am", "ended_time": "9:40"})).await;
    assert_eq!((&made["started_time"], &made["ended_time"]), (&json!("8:00am"), &json!("9:40am")));
    assert_eq!((made["hours"].to_string().as_str(), &made["is_running"]), ("1.67", &json!(false)));
    let body =
        json!({"project_id": 12_345_678, "task_id": 87_654_321, "spent_date": "2026-03-31", "hours": 1});
    let answer = world.harvest(Method::POST, "/v2/time_entries", Some(body)).await;
    assert_eq!(answer.status, 422);
    assert!(answer.json()["message"].as_str().unwrap().starts_with("Hours can't be set"));
    let running = world.log(json!({"started_time": "8:00am"})).await;
    assert_eq!((&running["is_running"], &running["ended_time"]), (&json!(true), &Value::Null));
    let stopped =
        world.harvest(Method::PATCH, &format!("/v2/time_entries/{}/stop", running["id"]), None).await.json();
    assert!(stopped["ended_time"].is_string() && stopped["is_running"] == false);
    world.set(json!({"access_token": world.token, "wants_timestamp_timers": false})).await;
    assert_eq!(world.get("/v2/company").await["wants_timestamp_timers"], false);
}

#[tokio::test]
async fn one_timer_runs_at_a_time() {
    let world = World::new().await;
    let first = world.log(json!({})).await;
    assert_eq!((&first["is_running"], first["hours"].to_string().as_str()), (&json!(true), "0.0"));
    assert!(first["timer_started_at"].is_string());
    let path = |entry: &Value, action: &str| format!("/v2/time_entries/{}{action}", entry["id"]);
    let second = world.log(json!({})).await;
    assert_eq!(world.get(&path(&first, "")).await["is_running"], false);
    let running = world.get("/v2/time_entries?is_running=true").await;
    assert_eq!((&running["total_entries"], &running["time_entries"][0]["id"]), (&json!(1), &second["id"]));
    let restarted = world.harvest(Method::PATCH, &path(&first, "/restart"), None).await;
    assert_eq!((restarted.status, &restarted.json()["is_running"]), (200, &json!(true)));
    assert_eq!(world.get(&path(&second, "")).await["is_running"], false);
    assert_eq!(world.harvest(Method::PATCH, &path(&first, "/restart"), None).await.status, 422);
    assert_eq!(world.harvest(Method::PATCH, &path(&second, "/stop"), None).await.status, 422);
    let stopped = world.harvest(Method::PATCH, &path(&first, "/stop"), None).await.json();
    assert!(stopped["timer_started_at"].is_null() && stopped["is_running"] == false);
}

#[tokio::test]
async fn entries_and_settings_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::kept_in(folder.path()).await;
    let kept = world.log(json!({"hours": 0.1, "notes": "kept"})).await;
    let seeded = world.get("/v2/time_entries?is_billed=false").await["time_entries"][1]["id"].clone();
    let path = format!("/v2/time_entries/{seeded}");
    assert_eq!(world.harvest(Method::DELETE, &path, None).await.status, 200);
    world.set(json!({"access_token": world.token, "timer_mode": "timestamp", "role": "administrator"})).await;
    world.set(json!({"access_token": "canary-kept", "account_id": 777, "state": "revoked"})).await;
    world.linkedin("/linkedin/profile?query=person-0001").await;
    world.sandbox.shutdown().await;

    let world = World::kept_in(folder.path()).await;
    assert_eq!(world.get(&format!("/v2/time_entries/{}", kept["id"])).await, kept);
    assert_eq!(world.harvest(Method::GET, &path, None).await.status, 404);
    assert_eq!(world.get("/v2/company").await["wants_timestamp_timers"], true);
    assert_eq!(world.harvest_as("canary-kept", 777, Method::GET, "/v2/users/me", None).await.status, 401);
    let next = world.log(json!({"started_time": "8am", "ended_time": "9am"})).await;
    assert_eq!(next["id"].as_u64(), kept["id"].as_u64().map(|id| id + 1));
    assert_eq!(world.linkedin("/users/my-api-user").await.json()["usage"]["balance"].to_string(), "999.9936");
    world.control(Method::POST, "/reset", None).await;
    assert_eq!(world.get("/v2/time_entries").await["total_entries"], 200);
    world.sandbox.shutdown().await;

    let world = World::kept_in(folder.path()).await;
    assert_eq!(world.get("/v2/time_entries").await["total_entries"], 200);
    assert_eq!(world.linkedin("/users/my-api-user").await.json()["usage"]["balance"].to_string(), "1000");
}
