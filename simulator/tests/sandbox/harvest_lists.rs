//! Lists of Harvest: pages, cursors and filters.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

type Fits = Box<dyn Fn(&Value) -> bool>;

#[tokio::test]
async fn the_first_account_is_as_documented() {
    let world = World::new().await;
    let page = world.get("/v2/projects?per_page=2").await;
    assert_eq!(page["projects"][0]["name"], "Acme Corp Website");
    assert_eq!(
        page["projects"][0]["client"],
        json!({"id": 7_300_001, "name": "Acme Corp", "currency": "USD"})
    );
    assert_eq!(page["projects"][0]["hourly_rate"].to_string(), "120.0");
    assert_eq!(page["projects"][0]["created_at"], "2026-01-05T09:00:00Z");
    assert_eq!(
        (&page["page"], &page["next_page"], &page["previous_page"]),
        (&json!(1), &json!(2), &Value::Null)
    );
    let first = format!("{}/v2/projects?page=1&per_page=2&ref=first", world.sandbox.harvest_url());
    assert_eq!(page["links"]["first"], first);

    let tasks = world.get("/v2/projects/12345678/task_assignments").await;
    let rows = tasks["task_assignments"].as_array().unwrap();
    let tasks: Vec<_> =
        rows.iter().map(|r| (r["task"]["id"].as_u64().unwrap(), r["is_active"].as_bool().unwrap())).collect();
    assert_eq!(tasks, [(87_654_321, true), (87_654_322, true), (87_654_323, false)]);
    assert_eq!(rows[2]["hourly_rate"].to_string(), "90.5");

    let company = world.get("/v2/company").await;
    assert_eq!(
        (&company["name"], &company["wants_timestamp_timers"]),
        (&json!("Example Studio"), &json!(false))
    );
    assert_eq!(company["weekly_capacity"], 126_000);
    let me = world.get("/v2/users/me").await;
    assert_eq!(me["email"], "avery.sampleton@example.com");
    assert_eq!(world.get("/v2/users/1900002").await["last_name"], "Testwell");
    assert_eq!(
        world.harvest(Method::GET, "/v2/users/999", None).await.json(),
        json!({"status": 404, "error": "Not Found"})
    );
    assert_eq!(world.harvest(Method::GET, "/v2/nothing", None).await.status, 404);
}

#[tokio::test]
async fn every_list_gives_every_row_once() {
    let world = World::new().await;
    for (path, key) in [
        ("/v2/projects", "projects"),
        ("/v2/users", "users"),
        ("/v2/tasks", "tasks"),
        ("/v2/clients", "clients"),
        ("/v2/task_assignments", "task_assignments"),
        ("/v2/projects/12345678/task_assignments", "task_assignments"),
        ("/v2/users/me/project_assignments", "project_assignments"),
        ("/v2/users/1900002/project_assignments", "project_assignments"),
        ("/v2/time_entries", "time_entries"),
    ] {
        let whole = world.get(path).await;
        assert_eq!(whole["per_page"], 2000, "{path}");
        assert!(whole["links"]["next"].is_null());
        for per_page in [1, 2, 7] {
            if key == "time_entries" && per_page == 1 {
                continue;
            }
            let rows = world.walk(&format!("{path}?per_page={per_page}"), key).await;
            assert_eq!(Some(&rows), whole[key].as_array(), "{path} by {per_page}");
            assert_eq!(rows.len(), usize::try_from(whole["total_entries"].as_u64().unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn cursors_hide_the_page_in_the_middle() {
    let world = World::new().await;
    let first = world.get("/v2/projects?per_page=5&is_active=true").await;
    assert!(first["links"]["next"].as_str().unwrap().contains("cursor="));
    assert!(first["links"]["next"].as_str().unwrap().contains("is_active=true"));
    let all = world.get("/v2/projects?per_page=4").await;
    let middle = world.get(all["links"]["next"].as_str().unwrap()).await;
    assert_eq!(
        (&middle["page"], &middle["next_page"], &middle["previous_page"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let last = world.get(middle["links"]["next"].as_str().unwrap()).await;
    assert_eq!(
        (&last["page"], &last["next_page"], &last["previous_page"]),
        (&json!(3), &Value::Null, &json!(2))
    );
    let back = world.get(last["links"]["previous"].as_str().unwrap()).await;
    assert_eq!(back["projects"], middle["projects"]);
    // A cursor wins over a page, where there are cursors.
    let both = format!("{}&page=1", all["links"]["next"].as_str().unwrap());
    assert_eq!(world.get(&both).await["projects"], middle["projects"]);
    let entries = world.get("/v2/time_entries?per_page=50&from=2026-01-01").await;
    assert!(
        entries["links"]["next"]
            .as_str()
            .unwrap()
            .ends_with("/v2/time_entries?from=2026-01-01&page=2&per_page=50&ref=next")
    );
}

#[tokio::test]
async fn page_sizes_have_bounds() {
    let world = World::new().await;
    for query in ["per_page=2001", "per_page=0", "per_page=x", "page=0", "cursor=nonsense"] {
        let answer = world.harvest(Method::GET, &format!("/v2/projects?{query}"), None).await;
        assert_eq!(answer.status, 422, "{query}");
        assert!(answer.json()["message"].is_string());
    }
    assert_eq!(world.get("/v2/projects?per_page=2000").await["per_page"], 2000);
    let beyond = world.get("/v2/time_entries?page=99&per_page=100").await;
    assert_eq!(beyond["time_entries"], json!([]));
    let empty = world.get("/v2/time_entries?from=2031-01-01&per_page=100").await;
    assert_eq!((&empty["total_pages"], &empty["total_entries"]), (&json!(1), &json!(0)));
}

#[tokio::test]
async fn filters_are_real() {
    let world = World::new().await;
    let all = world.get("/v2/time_entries").await["time_entries"].as_array().unwrap().clone();
    assert_eq!(all.len(), 200);
    let days: Vec<_> = all.iter().map(|row| row["spent_date"].as_str().unwrap()).collect();
    assert!(days.is_sorted_by(|a, b| a >= b));
    let text = |row: &Value, path: &str| row.pointer(path).unwrap().to_string();
    let checks: [(&str, Fits); 9] = [
        ("user_id=1900002", Box::new(move |r| text(r, "/user/id") == "1900002")),
        ("client_id=7300001", Box::new(move |r| text(r, "/client/id") == "7300001")),
        ("project_id=12345678", Box::new(move |r| text(r, "/project/id") == "12345678")),
        ("task_id=87654322", Box::new(move |r| text(r, "/task/id") == "87654322")),
        ("is_billed=true", Box::new(|r| r["is_billed"] == true && r["invoice"].is_object())),
        ("is_billed=false", Box::new(|r| r["is_billed"] == false)),
        (
            "from=2026-03-01&to=2026-03-15",
            Box::new(|r| ("2026-03-01"..="2026-03-15").contains(&r["spent_date"].as_str().unwrap())),
        ),
        (
            "updated_since=2026-03-20T00:00:00Z",
            Box::new(|r| r["updated_at"].as_str().unwrap() >= "2026-03-20T00:00:00Z"),
        ),
        ("external_reference_id=SBX-13", Box::new(|r| r["external_reference"]["id"] == "SBX-13")),
    ];
    for (query, fits) in checks {
        let found =
            world.get(&format!("/v2/time_entries?{query}")).await["time_entries"].as_array().unwrap().clone();
        let expected: Vec<_> = all.iter().filter(|row| fits(row)).cloned().collect();
        assert!(!expected.is_empty() && expected.len() < all.len(), "{query} tells nothing");
        assert_eq!(found, expected, "{query}");
    }
    assert_eq!(world.get("/v2/time_entries?is_running=true").await["total_entries"], 0);
    let answer = world.harvest(Method::GET, "/v2/time_entries?from=yesterday", None).await;
    assert_eq!(answer.json(), json!({"message": "from is invalid"}));

    let active = world.get("/v2/projects?is_active=true").await["total_entries"].as_u64().unwrap();
    let idle = world.get("/v2/projects?is_active=false").await["total_entries"].as_u64().unwrap();
    assert_eq!((active, idle), (10, 2));
    assert_eq!(world.get("/v2/users?is_active=false").await["total_entries"], 1);
    assert_eq!(
        world.get("/v2/projects?client_id=7300002").await["projects"][0]["name"],
        "Fixture Foods Rollout"
    );
    assert_eq!(world.get("/v2/projects?updated_since=2026-02-01T09:00:00Z").await["total_entries"], 3);
}

#[tokio::test]
async fn accounts_share_no_ids() {
    let world = World::new().await;
    let listing = world.control(Method::GET, "/credentials", None).await.json();
    assert_eq!(listing["harvest_tokens"].as_array().unwrap().len(), 120);
    let mut ids = HashSet::new();
    for pair in &listing["harvest_tokens"].as_array().unwrap()[..5] {
        let (token, account) = (pair["access_token"].as_str().unwrap(), pair["account_id"].as_u64().unwrap());
        for (path, key) in
            [("/v2/projects", "projects"), ("/v2/time_entries", "time_entries"), ("/v2/users", "users")]
        {
            let rows = world.harvest_as(token, account, Method::GET, path, None).await.json();
            for row in rows[key].as_array().unwrap() {
                assert!(ids.insert(row["id"].as_u64().unwrap()), "{row}");
            }
        }
    }
}
