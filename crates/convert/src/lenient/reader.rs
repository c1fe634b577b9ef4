//! A text, read value by value: what comes next, and the raw slice of what was passed.
use jiter::{Jiter, JiterError, Peek};

use super::Malformed;
use super::room::Room;

/// Where in a text the reading is.
pub(super) struct Reader<'j> {
    text: &'j str,
    json: Jiter<'j>,
    pub(super) room: Room,
    /// Whether reading ended at a key that stands twice in its object.
    pub(super) repeats: bool,
}

/// A value that is neither object nor list, or the fact that it was one.
pub(super) enum Plain<'r, 'j> {
    Bool(bool),
    Text(&'r str),
    /// With the digits it came with.
    Number(&'j str),
    Other,
}

impl From<JiterError> for Malformed {
    fn from(_: JiterError) -> Self {
        Self
    }
}

impl<'j> Reader<'j> {
    pub(super) fn new(text: &'j str) -> Self {
        Self { text, json: Jiter::new(text.as_bytes()), room: Room::of(text), repeats: false }
    }

    /// What comes next. The position is then the first byte of that value.
    pub(super) fn peek(&mut self) -> Result<Peek, Malformed> {
        Ok(self.json.peek()?)
    }

    pub(super) fn position(&self) -> usize {
        self.json.current_index()
    }

    /// What was passed since a position.
    pub(super) fn since(&self, start: usize) -> &'j str {
        self.text.get(start..self.position()).unwrap_or_default()
    }

    /// Passes a value.
    pub(super) fn skip(&mut self) -> Result<(), Malformed> {
        Ok(self.json.next_skip()?)
    }

    /// Passes a value, and returns it as it is written.
    pub(super) fn raw(&mut self) -> Result<&'j str, Malformed> {
        let peek = self.peek()?;
        let start = self.position();
        self.json.known_skip(peek)?;
        Ok(self.since(start))
    }

    /// Passes a value whose kind is not known yet.
    pub(super) fn plain(&mut self) -> Result<Plain<'_, 'j>, Malformed> {
        match self.peek()? {
            Peek::String => Ok(Plain::Text(self.json.known_str()?)),
            peek @ (Peek::True | Peek::False) => Ok(Plain::Bool(self.json.known_bool(peek)?)),
            peek if peek.is_num() => {
                let start = self.position();
                self.json.known_number_bytes(peek)?;
                Ok(Plain::Number(self.since(start)))
            }
            peek => {
                self.json.known_skip(peek)?;
                Ok(Plain::Other)
            }
        }
    }

    /// Enters a list that was peeked at; false where it is empty, and then it is passed.
    pub(super) fn first_item(&mut self) -> Result<bool, Malformed> {
        Ok(self.json.known_array()?.is_some())
    }

    /// Goes on to the next item; false after the last one.
    pub(super) fn next_item(&mut self) -> Result<bool, Malformed> {
        Ok(self.json.array_step()?.is_some())
    }

    /// Enters an object that was peeked at, and hands over its first key; nothing where it is empty.
    pub(super) fn first_key<T>(&mut self, of: impl FnOnce(&str) -> T) -> Result<Option<T>, Malformed> {
        Ok(self.json.known_object()?.map(of))
    }

    /// Goes on to the next key; nothing after the last one.
    pub(super) fn next_key<T>(&mut self, of: impl FnOnce(&str) -> T) -> Result<Option<T>, Malformed> {
        Ok(self.json.next_key()?.map(of))
    }

    /// Nothing but white space may follow.
    pub(super) fn finish(&mut self) -> Result<(), Malformed> {
        Ok(self.json.finish()?)
    }
}
