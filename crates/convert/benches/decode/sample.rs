//! The recorded shape of a full profile, with as much in it as a long career holds.
use serde_json::{Value, json};

const RECORDED: &str = include_str!("../../../../services/linkedin-data/tests/fixtures/profile_full.json");
/// How often each section's example stands in it.
const SECTIONS: [(&str, usize); 14] = [
    ("experience", 17),
    ("education", 4),
    ("certifications", 12),
    ("projects", 8),
    ("volunteering", 4),
    ("receivedRecommendations", 8),
    ("skills", 50),
    ("publications", 5),
    ("courses", 8),
    ("patents", 2),
    ("honorsAndAwards", 5),
    ("languages", 4),
    ("organizations", 3),
    ("moreProfiles", 20),
];
const WORDS: &str = "Led a team of engineers in Zürich and \"Lyon\" that moved the billing of 40 markets to one platform,\n\
    cut its cost by a third, and wrote down how: 12 talks, 3 patents, and a handbook that others still use. ";

/// One profile as JSON.
pub(crate) fn profile() -> String {
    let recorded: Value = serde_json::from_str(RECORDED).unwrap();
    let mut profile = recorded["upstream"][0]["body"]["element"].clone();
    // What a strict reading does not take.
    profile["followerCount"] = json!(502);
    profile["services"]["rating"] = json!("4.9");
    for (section, count) in SECTIONS {
        let one = profile[section][0].clone();
        let all = (0..count).map(|n| varied(one.clone(), n)).collect();
        profile[section] = Value::Array(all);
    }
    profile["about"] = WORDS.repeat(8).into();
    let text = profile.to_string();
    assert!((55_000..70_000).contains(&text.len()), "{} bytes", text.len());
    text
}

/// The same in the envelope that upstream puts around it.
pub(crate) fn answer(profile: &str) -> String {
    format!(
        r#"{{"status":200,"cost":0.0064,"payments":["linkedinProfile"],"element":{profile},"retries":1}}"#
    )
}

fn varied(mut one: Value, n: usize) -> Value {
    if one.get("description").is_some() {
        one["description"] = format!("{n}. {}", WORDS.repeat(n % 4 + 1)).into();
    }
    if one.get("name").is_some() {
        one["name"] = format!("Skill or language {n}").into();
    }
    one
}
