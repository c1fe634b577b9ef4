//! Lists: arrays, texts with commas, and arrays that came as texts.
use granary_formats::{Items, could_be_two, split};
use granary_proto::granary::types::v1::Warning;
use prost_reflect::Value as Dynamic;
use serde_json::Value;

use super::nested::{self, Listed};
use super::read::Reader;
use crate::MAX_VALUES;
use crate::rules::wanted::too_many;
use crate::shape::{Field, Kind};
use crate::violations::{item, read_as, shown};

/// How many items such a warning repeats.
const MOST_SHOWN: usize = 20;
/// Most pieces that a text is taken apart into, for each item that its field takes: a place has up to three.
const PIECES_OF_ITEM: usize = 4;

impl Reader {
    pub(super) fn list(&mut self, field: &Field, json: &Value, path: &str) -> Option<Dynamic> {
        let scalars = !matches!(field.kind, Kind::Message(_));
        let most = field.rule.max_items as usize;
        if let Value::String(text) = json {
            match nested::list(text, path, &mut self.nested, &mut self.violations) {
                Listed::Items(items) => {
                    self.notes.push(read_as_items(path, items.iter().map(plain)));
                    return self.list(field, &Value::Array(items), path);
                }
                Listed::Broken => return self.refuse(json, path, broken(scalars)),
                Listed::Words => {}
            }
        }
        let items: Vec<Dynamic> = match json {
            Value::Array(items) => {
                let spread = self.spread(items, path);
                let items = spread.as_ref().unwrap_or(items);
                if most > 0 && items.len() > most {
                    return self.refuse(json, path, too_many(most));
                }
                items.iter().enumerate().map(|(i, v)| self.filled(field, v, &item(path, i))).collect()
            }
            Value::String(text) if scalars && has_more_pieces(text, most) => {
                return self.refuse(json, path, too_many(if most > 0 { most } else { MAX_VALUES }));
            }
            Value::String(text) if scalars => {
                let parts = split(Items::of(&field.rule), text);
                // A comma within the one item that the text is says nothing of interest, but where it could have been two.
                let plain = parts.first().is_some_and(|part| part == text.trim()) && !could_be_two(text);
                if text.contains([',', '\n']) && !plain {
                    self.notes.push(read_as_items(path, parts.iter().cloned()));
                }
                let read = |(i, part)| self.filled(field, &Value::String(part), &item(path, i));
                parts.into_iter().enumerate().map(read).collect()
            }
            Value::Number(_) if scalars => vec![self.filled(field, json, &item(path, 0))],
            _ if scalars => {
                return self.refuse(json, path, "must be an array, or a text with commas".to_owned());
            }
            _ => return self.refuse(json, path, "must be an array of objects".to_owned()),
        };
        // An empty list is the same as none.
        (!items.is_empty()).then_some(Dynamic::List(items))
    }

    /// The items of a list, where some of them are texts of JSON arrays, which stand for their own items.
    fn spread(&mut self, items: &[Value], path: &str) -> Option<Vec<Value>> {
        let inner: Vec<Option<Vec<Value>>> = items
            .iter()
            .enumerate()
            .map(|(i, v)| nested::items(v, &item(path, i), &mut self.nested, &mut self.violations))
            .collect();
        if inner.iter().all(Option::is_none) {
            return None;
        }
        let each = inner.into_iter().zip(items);
        let spread: Vec<Value> =
            each.flat_map(|(inner, item)| inner.unwrap_or_else(|| vec![item.clone()])).collect();
        self.notes.push(read_as_items(path, spread.iter().map(plain)));
        Some(spread)
    }
}

/// Whether a text parts into more pieces than a list of so many items can be made of. They are counted, not made.
fn has_more_pieces(text: &str, most: usize) -> bool {
    let most = if most > 0 { most * PIECES_OF_ITEM } else { MAX_VALUES };
    text.bytes().filter(|byte| matches!(byte, b',' | b'\n')).nth(most).is_some()
}

/// What would be right where a text begins as JSON does, and is no array.
fn broken(scalars: bool) -> String {
    let what = if scalars { "" } else { " of objects" };
    format!("begins like JSON and is no JSON array: write an array{what}, whose items are taken as they are")
}

/// An item as it is shown.
fn plain(item: &Value) -> String {
    item.as_str().map_or_else(|| item.to_string(), str::to_owned)
}

/// Tells the items of a list, so that a comma that was not meant to part them is seen.
fn read_as_items(path: &str, items: impl ExactSizeIterator<Item = String>) -> Warning {
    let all = items.len();
    let number = match all {
        1 => "1 item".to_owned(),
        number => format!("{number} items"),
    };
    let mut shown = items.take(MOST_SHOWN).map(|item| shown(&item)).collect::<Vec<_>>().join("; ");
    if all > MOST_SHOWN {
        shown.push_str("; …");
    }
    read_as(path, format!("was read as {number}: {shown}. Write an array to part items yourself"))
}
