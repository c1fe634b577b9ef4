//! What upstream answered: once it is well-formed JSON, never a violation. Keys that the protos do not model, and values of
//! an unusable type, are kept as raw JSON in the `extra` of the message they stand in.
//!
//! The bytes are read once, straight into the message. Which key means which field is generated from the descriptors,
//! as one table for each message; how a value is read depends on the field's type alone.
mod choice;
mod field;
mod generated;
mod known;
mod members;
mod object;
mod reader;
mod room;
mod scalar;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use jiter::Peek;

pub use choice::{Choice, Choices};
pub use field::{Field, Outcome, Single, Source};
pub use members::Members;

use object::{Filling, Key};
use reader::Reader;
pub use room::ROOM_OF_BYTE;
use room::Room;

/// The key under which an answer is kept that is no object at all.
const WHOLE: &str = "";

/// What found no place: key, or path below the message, and raw JSON.
type Kept = Vec<(String, String)>;

/// The text is no well-formed JSON, or goes beyond what is read: nesting of 200 levels, integers of 4,300 digits, and messages
/// that take sixteen times the room of their text, and 8 MiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no well-formed json")]
pub struct Malformed;

/// A message that answers are read into. Implemented for every message of the contract, by what the build generates.
pub trait Fields: Clone + Default {
    /// One bit for each name and each field.
    type Marks: AsMut<[u64]> + Default;
    /// Every key that means a field, with the slot of that field.
    const NAMES: &'static [(&'static str, usize)];
    /// The proto name of the answer's item; empty where none is declared.
    const ITEM: &'static str;
    /// A key of the field that a bare text in place of the message means.
    const BARE: Option<&'static str>;
    /// What it takes besides its own place: what stands in its box.
    const BOXED: usize = 0;

    /// The position of a key among the names.
    fn find(key: &str) -> Option<usize>;

    /// Reads a value into the field of a slot, as far as it can be used.
    ///
    /// # Errors
    /// Where the value is malformed.
    fn fill(&mut self, slot: usize, value: Field<'_, '_>) -> Result<Outcome, Malformed>;

    /// Whether the entity that an answer stands for came: its id where it has one, else anything of it that is modelled. An
    /// error in its place has neither.
    fn is_there(&self) -> bool;

    /// The map that keeps what is not modelled.
    fn extra(&mut self) -> Option<&mut HashMap<String, String>> {
        None
    }
}

/// Messages that may hold themselves are held in a box.
impl<M: Fields> Fields for Box<M> {
    type Marks = M::Marks;
    const NAMES: &'static [(&'static str, usize)] = M::NAMES;
    const ITEM: &'static str = M::ITEM;
    const BARE: Option<&'static str> = M::BARE;
    const BOXED: usize = size_of::<M>();

    fn find(key: &str) -> Option<usize> {
        M::find(key)
    }

    fn fill(&mut self, slot: usize, value: Field<'_, '_>) -> Result<Outcome, Malformed> {
        self.as_mut().fill(slot, value)
    }

    fn is_there(&self) -> bool {
        self.as_ref().is_there()
    }

    fn extra(&mut self) -> Option<&mut HashMap<String, String>> {
        self.as_mut().extra()
    }
}

/// Reads an answer. What cannot be used goes into `extra`; where a message has none, into that of the nearest message
/// around it, under a dotted path.
///
/// # Errors
/// Where the text is malformed.
pub fn decode_lenient<M: Fields>(json: &str) -> Result<M, Malformed> {
    let mut message = M::default();
    read(&mut message, json, |message, reader| match reader.peek()? {
        Peek::Object => object::read(reader, message, &mut Kept::new(), 0),
        Peek::Null => reader.skip(),
        _ => {
            let raw = reader.raw()?.to_owned();
            if let Some(extra) = message.extra() {
                extra.insert(WHOLE.to_owned(), raw);
            }
            Ok(())
        }
    })?;
    Ok(message)
}

/// Reads a value as if it stood under that key in an answer, beside what the message holds already.
///
/// # Errors
/// Where the text is malformed.
pub fn decode_field<M: Fields>(message: &mut M, key: &str, json: &str) -> Result<(), Malformed> {
    read(message, json, |message, reader| {
        let mut filling = Filling::new(message, 0);
        filling.take(Key::of::<M>(key), reader)?;
        filling.finish(&mut Kept::new());
        Ok(())
    })
}

/// Whether a list holds more items than that. They are counted, not made; a value that is no list is one item.
///
/// # Errors
/// Where the text is malformed, as far as it is looked at.
pub fn has_more_items(json: &str, most: usize) -> Result<bool, Malformed> {
    let mut reader = Reader::new(json);
    if reader.peek()? != Peek::Array {
        return Ok(most == 0);
    }
    let (mut items, mut more) = (0, reader.first_item()?);
    while more && items <= most {
        reader.skip()?;
        items += 1;
        more = reader.next_item()?;
    }
    Ok(items > most)
}

/// Longest text of a list that is looked at for what is wrong in the place of its rows.
const MAX_FAULTS: usize = 4_096;

/// Whether a list has rows, and nothing in any of them but what is wrong: what stands for a list, and shows nothing.
///
/// ```
/// use granary_convert::lenient::is_hollow;
/// assert!(is_hollow("[{}]") && is_hollow(r#"[{"error":"no rows"}]"#) && is_hollow(r#"["none"]"#) && is_hollow("[[]]"));
/// assert!(!is_hollow("[]") && !is_hollow(r#"[{"id":"1","error":"x"}]"#));
/// ```
pub fn is_hollow(json: &str) -> bool {
    let is_bare = |c: char| c.is_ascii_whitespace() || "[]{},nul".contains(c);
    if json.contains(['{', 'n']) && json.chars().all(is_bare) {
        return true;
    }
    let first = json.trim_start().strip_prefix('[').unwrap_or(json).trim_start();
    let begins_with_a_row = first.starts_with(['{', ']']);
    let may_be =
        !begins_with_a_row || ["\"error", "\"message\"", "\"success\""].iter().any(|key| json.contains(key));
    may_be
        && json.len() <= MAX_FAULTS
        && serde_json::from_str(json)
            .is_ok_and(|rows: Vec<serde_json::Value>| !rows.is_empty() && !rows.iter().any(shows_something))
}

/// Whether a row has any member that does not tell what is wrong.
fn shows_something(row: &serde_json::Value) -> bool {
    let tells_a_fault =
        |key: &str| ["error", "errors", "message", "success", "status", "statusCode", "code"].contains(&key);
    row.as_object().is_some_and(|row| row.keys().any(|key| !tells_a_fault(key)))
}

/// Reads a whole text. Of a key that stands twice in an object the last one counts, which is known only when all were seen:
/// such a text is written anew without the others, once, and read again.
fn read<M: Fields>(
    message: &mut M,
    json: &str,
    read: impl Fn(&mut M, &mut Reader<'_>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let before = message.clone();
    let mut reader = Reader::new(json);
    match read(message, &mut reader).and_then(|()| reader.finish()) {
        Err(Malformed) if reader.repeats => {}
        outcome => return outcome,
    }
    let once = once(json)?;
    *message = before;
    let mut reader = Reader::new(&once);
    read(message, &mut reader)?;
    reader.finish()
}

/// The same JSON with each key once.
fn once(json: &str) -> Result<String, Malformed> {
    Room::of(json).hold(json)?;
    let value: serde_json::Value = serde_json::from_str(json).map_err(|_| Malformed)?;
    Ok(value.to_string())
}
