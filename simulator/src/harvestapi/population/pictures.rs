//! Pictures; none of their addresses exists.

use serde_json::{Value, json};

use super::clock::PICTURES_EXPIRE;

/// All sizes of one picture, as profiles carry them.
pub(crate) fn picture(name: &str) -> Value {
    let sizes: Vec<_> = [100, 200, 400, 800]
        .into_iter()
        .map(|size| json!({"url": picture_url(name, size), "width": size, "height": size}))
        .collect();
    json!({"url": picture_url(name, 800), "sizes": sizes})
}

/// One size that stops being served some day, as posts carry it.
pub(crate) fn expiring(name: &str, size: u64) -> Value {
    json!({"url": picture_url(name, size), "width": size, "height": size, "expiresAt": PICTURES_EXPIRE})
}

pub(crate) fn picture_url(name: &str, size: u64) -> String {
    format!("https://media.example.com/{name}_{size}.jpg")
}
