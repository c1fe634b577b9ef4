//! Bytes that no JSON should have, and texts that are too long.

use serde_json::{Value, json};

use crate::support::World;

async fn raw(world: &World, path: &str, effect: Value) -> Vec<u8> {
    world.fault(json!({"api": "harvestapi", "effect": effect})).await;
    let request = world.client.get(format!("{}{path}", world.sandbox.harvestapi_url()));
    let answer = request.header("X-API-Key", &world.key).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

fn has(body: &[u8], part: &[u8]) -> bool {
    body.windows(part.len()).any(|window| window == part)
}

#[tokio::test]
async fn one_character_spoils_one_field() {
    let world = World::new().await;
    let path = "/linkedin/profile?query=person-0001";
    let body = raw(&world, path, json!({"flaws": "lone_surrogate"})).await;
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains(" \\ud83d\",\"about\""), "{text}");
    // Nothing else is wrong with it.
    let mended: Value = serde_json::from_str(&text.replace("\\ud83d", "\\ufffd")).unwrap();
    assert!(mended["element"]["headline"].as_str().unwrap().ends_with('\u{fffd}'));
    let body = raw(&world, path, json!({"flaws": ["lone_surrogate"], "flaw_field": "lastName"})).await;
    assert_eq!(String::from_utf8(body).unwrap().matches("\\ud83d\",\"headline\"").count(), 1);

    let body = raw(&world, path, json!({"flaws": "invalid_utf8", "flaw_field": "about"})).await;
    assert!(std::str::from_utf8(&body).is_err() && has(&body, b" \xc3\x28\xff\""));
    let body = raw(&world, path, json!({"flaws": "nan"})).await;
    assert!(has(&body, b"\"connectionsCount\":NaN,"));
    let body = raw(&world, path, json!({"flaws": "nan", "flaw_field": "cost"})).await;
    assert!(has(&body, b"\"cost\":NaN,"));
    let body = raw(&world, path, json!({"flaws": "bom"})).await;
    assert!(body.starts_with(b"\xef\xbb\xbf{") && serde_json::from_slice::<Value>(&body[3..]).is_ok());
}

#[tokio::test]
async fn flaws_stand_beside_other_effects() {
    let world = World::new().await;
    let effect = json!({"flaws": ["bom", "nan", "invalid_utf8", "lone_surrogate"], "unknown_fields": true, "without": ["element.id"], "headers": {"x-made-up": "yes"}});
    let body = raw(&world, "/linkedin/profile?query=person-0001", effect).await;
    for part in [&b"\xef\xbb\xbf"[..], b"NaN", b"\xc3\x28\xff", b"\\ud83d", b"sandbox_unmodelled"] {
        assert!(has(&body, part), "{part:?}");
    }
    // The flaw of a list is in its first row, and rows of Harvest have theirs.
    world.log(json!({"hours": 1, "notes": "with an end"})).await;
    world.fault(json!({"api": "harvest", "flaws": ["lone_surrogate", "nan"]})).await;
    let answer = world.harvest(reqwest::Method::GET, "/v2/time_entries?per_page=2", None).await;
    assert!(
        answer.text.contains("with an end \\ud83d\"") && answer.text.contains("\"hours\":NaN"),
        "{}",
        answer.text
    );
}

#[tokio::test]
async fn a_text_is_as_long_as_a_fault_says() {
    let world = World::new().await;
    let path = "/linkedin/profile?query=person-0001";
    let body = raw(&world, path, json!({"long_text": {"field": "about", "bytes": 5_000_000}})).await;
    assert!(body.len() > 5_000_000);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["element"]["about"].as_str().unwrap().len(), 5_000_000);
    assert_eq!(body["element"]["publicIdentifier"], "person-0001");
}
