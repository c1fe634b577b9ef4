//! Places that came as one text.
use granary_convert::tool_input;
use serde_json::json;

use crate::input_of;

#[test]
fn of_a_text_that_could_be_two_places_it_is_told_how_it_was_read() {
    let told =
        |text: &str| tool_input(&input_of("search_leads"), &json!({"locations": text})).unwrap().warnings;
    for one in ["New York, Texas", "Washington, Oregon"] {
        let warnings = told(one);
        assert_eq!(warnings.len(), 1, "{one}");
        let message = &warnings[0].message;
        assert!(message.contains(&format!("was read as 1 item: \"{one}\"")), "{message}");
    }
    for plain in ["San Francisco, California", "New York, New York", "New York, New York, USA", "Texas"] {
        assert!(told(plain).is_empty(), "{plain}");
    }
    assert!(told("California, Texas")[0].message.contains("was read as 2 items"));
}
