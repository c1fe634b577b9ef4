//! Ids of places.

use serde_json::{Value, json};

use super::ask::Ask;
use super::envelope::Envelope;
use super::population::places;
use super::text::Words;
use crate::kernel::reply::Reply;

/// Suggestions that LinkedIn makes for one text.
const MAX_SUGGESTIONS: usize = 10;

/// Places by name, free of charge; those whose name begins so come first.
pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some(search) = ask.value("search") else {
        return Ok(Envelope::failure(ask.price, 400, "search is required"));
    };
    let plain = search.replace(',', " ");
    let words = Words::parse(Some(&plain));
    let mut found: Vec<_> =
        places::geo_rows().filter(|(_, title)| words.are_in(|| title.replace(',', " "))).collect();
    let begins = |title: &str| title.to_lowercase().starts_with(&search.to_lowercase());
    found.sort_by_key(|(_, title)| !begins(title));
    found.truncate(MAX_SUGGESTIONS);
    let rows = found.into_iter().map(|(id, title)| json!({"geoId": id, "title": title})).collect();
    Ok(Envelope::rows(ask.price, rows, Value::Null).about(search))
}
