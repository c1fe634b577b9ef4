//! A browser's cookies as its extensions export them: JSON in which one cookie is wanted.
use serde_json::Value;
use zeroize::Zeroize;

/// The value of the one cookie named li_at. What is told of a fault repeats nothing.
pub(super) fn li_at(text: &str) -> Result<String, &'static str> {
    let mut json: Value = serde_json::from_str(text)
        .map_err(|_| "begins like JSON and is none: paste the cookie's value alone")?;
    let cookies = match &json {
        Value::Object(object) => object.get("cookies").unwrap_or(&json),
        other => other,
    };
    let all = match cookies {
        Value::Array(cookies) => cookies.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut found = all
        .iter()
        .filter(|cookie| cookie.get("name").and_then(Value::as_str) == Some("li_at"))
        .filter_map(|cookie| cookie.get("value")?.as_str());
    let li_at = match (found.next(), found.next()) {
        (Some(one), None) => Ok(one.to_owned()),
        (None, _) => Err("is JSON that holds no li_at cookie: paste the cookie's value alone"),
        (Some(_), Some(_)) => Err("is JSON that holds several li_at cookies: paste the value of one"),
    };
    wipe(&mut json);
    li_at
}

fn wipe(json: &mut Value) {
    match json {
        Value::String(text) => text.zeroize(),
        Value::Array(items) => items.iter_mut().for_each(wipe),
        Value::Object(map) => map.values_mut().for_each(wipe),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_cookie_of_that_name_is_taken_from_what_browsers_export() {
        let cookie = r#"{"name":"li_at","value":"AQEDxyz","domain":".www.linkedin.com","httpOnly":true}"#;
        let other = r#"{"name":"bcookie","value":"v=2","domain":".linkedin.com"}"#;
        for text in [
            format!("[{other},{cookie}]"),
            format!("{{\"cookies\":[{cookie},{other}],\"origins\":[]}}"),
            cookie.to_owned(),
        ] {
            assert_eq!(li_at(&text).as_deref(), Ok("AQEDxyz"), "{text}");
        }
        assert!(li_at(&format!("[{other}]")).unwrap_err().contains("no li_at"));
        assert!(li_at(&format!("[{cookie},{cookie}]")).unwrap_err().contains("several"));
        assert!(li_at("[li_at").unwrap_err().contains("is none"));
        assert!(li_at("{}").is_err() && li_at("[]").is_err());
    }
}
