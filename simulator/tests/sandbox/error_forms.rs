//! Each form of an error, as it is provoked and as a fault gives it, equals the one that is written down for the vendor.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, World};

#[tokio::test]
async fn every_form_of_an_error_is_the_vendors() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let (mut cases, mut wrong) = (0, Vec::new());
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let fixture: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        cases += 1;
        for way in ["call", "fault"] {
            if fixture[way].is_object()
                && let Some(problem) = differs(&provoke(&fixture, way).await, &fixture)
            {
                wrong.push(format!("{name}, by {way}: {problem}"));
            }
        }
    }
    assert!(cases >= 30, "only {cases} fixtures were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_form_is_taken_from_the_services() {
    let manifest = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let ours: Vec<_> = manifest.lines().filter(|line| line.starts_with("granary-")).collect();
    assert!(ours.is_empty(), "the forms are written a second time here, and must not come from {ours:?}");
}

/// Makes a sandbox answer with the error: by a call that deserves it, or by a fault in the way of one that does not.
async fn provoke(fixture: &Value, way: &str) -> Answer {
    let world = World::new().await;
    let api = fixture["api"].as_str().unwrap();
    let call = match (way, &fixture["fault_call"]) {
        ("fault", Value::Object(_)) => &fixture["fault_call"],
        _ => &fixture["call"],
    };
    if way == "fault" {
        let mut fault = fixture["fault"].clone();
        fault["api"] = json!(api);
        world.fault(fault).await;
    } else if fixture["credential"].is_object() {
        let mut properties = fixture["credential"].clone();
        let (kind, value) = first(&world, api);
        properties[kind] = json!(value);
        world.set(properties).await;
    }
    ask(&world, api, call).await
}

/// The first credential of a service, with the name of its kind.
fn first<'a>(world: &'a World, api: &str) -> (&'static str, &'a str) {
    match api {
        "harvest" => ("access_token", &world.token),
        "harvestapi" => ("harvestapi_key", &world.key),
        _ => ("apify_token", &world.apify),
    }
}

async fn ask(world: &World, api: &str, call: &Value) -> Answer {
    let text = |name: &str| call[name].as_str();
    let method = Method::from_bytes(text("method").unwrap_or("GET").as_bytes()).unwrap();
    let credential = text("credential").unwrap_or(first(world, api).1);
    let url = format!("{}{}", world.origin(api), text("path").unwrap_or("/"));
    let mut request = world.client.request(method, url);
    request = match api {
        "harvestapi" => request.header("x-api-key", credential),
        _ if credential.is_empty() => request,
        _ => request.bearer_auth(credential),
    };
    if api == "harvest" {
        request = request
            .header("harvest-account-id", call["account"].as_u64().unwrap_or(world.account).to_string());
    }
    if !call["body"].is_null() {
        request = request.header("content-type", "application/json").body(call["body"].to_string());
    }
    Answer::of(request.send().await.unwrap()).await
}

fn differs(answer: &Answer, fixture: &Value) -> Option<String> {
    if json!(answer.status) != fixture["status"] {
        return Some(format!("status {} with {}", answer.status, answer.text));
    }
    for (name, value) in fixture["headers"].as_object().unwrap() {
        if answer.header(name) != value.as_str() {
            return Some(format!("{name} is {:?}", answer.header(name)));
        }
    }
    let body = if answer.text.is_empty() { Value::Null } else { answer.json() };
    (!is_like(&body, &fixture["body"])).then(|| format!("body {}", answer.text))
}

/// Whether both have the same fields with the same values; `<text>` stands for any text, `<number>` for any number.
fn is_like(body: &Value, form: &Value) -> bool {
    match form {
        Value::String(any) if any == "<text>" => body.as_str().is_some_and(|text| !text.is_empty()),
        Value::String(any) if any == "<number>" => body.is_number(),
        Value::Object(form) => body.as_object().is_some_and(|body| {
            body.len() == form.len()
                && form.iter().all(|(name, form)| body.get(name).is_some_and(|body| is_like(body, form)))
        }),
        Value::Array(form) => body.as_array().is_some_and(|body| {
            body.len() == form.len() && body.iter().zip(form).all(|(body, form)| is_like(body, form))
        }),
        form => body == form,
    }
}
