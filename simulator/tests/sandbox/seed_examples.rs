//! What the examples of the guide ask for is there to be found.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

async fn rows(world: &World, path: &str) -> Vec<Value> {
    let body = world.linkedin(path).await.json();
    assert_eq!(body["status"], 200, "{path}: {body}");
    body["elements"].as_array().unwrap().clone()
}

#[tokio::test]
async fn time_is_logged_and_listed_as_in_the_guide() {
    let world = World::new().await;
    let made = world.log(json!({"hours": 1.5, "notes": "Reviewed first-quarter pipeline"})).await;
    assert!(
        made["id"].is_u64() && made["billable"] == true && made["project"]["name"] == "Acme Corp Website"
    );
    assert_eq!(made["hours"].to_string(), "1.5");
    let path = "/v2/time_entries?from=2026-03-01&to=2026-03-31&is_billed=false&per_page=100";
    let page = world.get(path).await;
    let entries = page["time_entries"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["id"] == made["id"]), "{page}");
    assert!(
        entries
            .iter()
            .all(|entry| ["project", "task", "user"].iter().all(|name| entry[*name]["name"].is_string()))
    );
    // The agent of the guide finds the project by its name, and logs two hours on it.
    let projects = world.get("/v2/users/me/project_assignments").await;
    let acme = projects["project_assignments"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["project"]["name"].as_str().unwrap().starts_with("Acme Corp"));
    let acme = acme.unwrap();
    let body = json!({"project_id": acme["project"]["id"], "task_id": acme["task_assignments"][0]["task"]["id"],
        "spent_date": "2026-04-01", "hours": 2});
    assert_eq!(world.harvest(Method::POST, "/v2/time_entries", Some(body)).await.status, 201);
}

#[tokio::test]
async fn the_profile_of_the_guide_is_there() {
    let world = World::new().await;
    let url = "https%3A%2F%2Fwww.linkedin.com%2Fin%2Fjeffweiner08";
    let body =
        world.linkedin(&format!("/linkedin/profile?query={url}&main=false&findEmail=false")).await.json();
    let profile = &body["element"];
    for list in ["experience", "education", "skills"] {
        assert!(!profile[list].as_array().unwrap().is_empty(), "{list}");
    }
    assert!(profile["location"]["linkedinText"].is_string() && profile["connectionsCount"].is_u64());
}

#[tokio::test]
async fn people_are_found_at_the_companies_of_the_guide() {
    let world = World::new().await;
    let titles = "currentJobTitles=VP%20of%20Engineering,Head%20of%20Engineering";
    // A place with a comma arrives with a space, with the comma, or in two parts.
    for place in ["San%20Francisco%20CA", "San%20Francisco%2C%20CA", "San%20Francisco,CA"] {
        let path =
            format!("/linkedin/lead-search?{titles}&currentCompanies=Stripe,Airbnb&locations={place}&page=1");
        let rows = rows(&world, &path).await;
        let seen: HashSet<_> = rows
            .iter()
            .map(|row| {
                assert!(row["firstName"].is_string() && row["linkedinUrl"].is_string(), "{row}");
                let text = |name: &str| row["currentPositions"][0][name].as_str().unwrap().to_owned();
                (text("companyName"), text("title"))
            })
            .collect();
        for company in ["Stripe", "Airbnb"] {
            for title in ["VP of Engineering", "Head of Engineering"] {
                assert!(seen.contains(&(company.to_owned(), title.to_owned())), "{place}: {seen:?}");
            }
        }
    }
    let path = "/linkedin/lead-search?currentJobTitles=VP%20of%20Engineering&currentCompanies=Acme%20Corp";
    let found = rows(&world, path).await;
    assert_eq!(found[0]["currentPositions"][0]["companyName"], "Acme Corp");
    let slug = found[0]["linkedinUrl"].as_str().unwrap().rsplit('/').next().unwrap();
    let profile = world.linkedin(&format!("/linkedin/profile?query={slug}")).await.json();
    assert_eq!(profile["element"]["experience"][0]["companyUniversalName"], "acme-corp");
    assert_eq!(profile["element"]["experience"][0]["position"], "VP of Engineering");
}

#[tokio::test]
async fn the_companies_of_the_guide_have_pages_posts_and_jobs() {
    let world = World::new().await;
    for (slug, name) in [("stripe", "Stripe"), ("airbnb", "Airbnb"), ("acme-corp", "Acme Corp")] {
        let url = format!("https%3A%2F%2Fwww.linkedin.com%2Fcompany%2F{slug}%2F");
        for query in [format!("universalName={slug}"), format!("url={url}"), format!("search={slug}")] {
            let company = world.linkedin(&format!("/linkedin/company?{query}")).await.json();
            assert_eq!(company["element"]["name"], name, "{query}");
            assert!(company["element"]["website"].as_str().unwrap().ends_with(".example.com"));
        }
        for path in [
            format!("/linkedin/company-posts?companyUniversalName={slug}"),
            format!("/linkedin/job-search?company={slug}"),
            format!("/linkedin/post-search?company={url}"),
        ] {
            assert!(!rows(&world, &path).await.is_empty(), "{path}");
        }
    }
    let found = rows(&world, "/linkedin/company-search?search=stripe").await;
    assert_eq!(found[0]["universalName"], "stripe");
}

#[tokio::test]
async fn what_is_found_is_the_same_in_every_sandbox() {
    let (one, two) = (World::new().await, World::new().await);
    for path in ["/linkedin/company?universalName=stripe", "/linkedin/lead-search?currentCompanies=Airbnb"] {
        let (one, two) = (one.linkedin(path).await.json(), two.linkedin(path).await.json());
        assert_eq!((&one["element"], &one["elements"]), (&two["element"], &two["elements"]), "{path}");
    }
}
