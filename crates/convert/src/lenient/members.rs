//! An object taken apart, each value as it is written: for envelopes, whose large part is read by its own type.
use std::collections::HashMap;

use jiter::Peek;
use serde_json::Value;

use super::reader::Reader;
use super::room::Room;
use super::{Fields, Kept, Malformed, object};

/// Most members of an envelope; those of upstreams have a dozen.
const MAX_MEMBERS: usize = 10_000;

/// The members of an object, in the order of their keys' first appearance. Of a key that stands twice, the last counts.
#[derive(Clone, Debug, Default)]
pub struct Members<'j>(Vec<(String, &'j str)>);

impl<'j> Members<'j> {
    /// Takes an object apart.
    ///
    /// # Errors
    /// Where the text is malformed, or no object.
    pub fn read(json: &'j str) -> Result<Self, Malformed> {
        let mut reader = Reader::new(json);
        if reader.peek()? != Peek::Object {
            return Err(Malformed);
        }
        let mut members: Vec<(String, &'j str)> = Vec::new();
        let mut places: HashMap<String, usize> = HashMap::new();
        let mut key = reader.first_key(str::to_owned)?;
        while let Some(name) = key {
            if members.len() >= MAX_MEMBERS {
                return Err(Malformed);
            }
            let raw = reader.raw()?;
            match places.get(&name).and_then(|place| members.get_mut(*place)) {
                Some((_, before)) => *before = raw,
                None => {
                    places.insert(name.clone(), members.len());
                    members.push((name, raw));
                }
            }
            key = reader.next_key(str::to_owned)?;
        }
        reader.finish()?;
        Ok(Self(members))
    }

    /// The value of a key, as it is written.
    pub fn raw(&self, key: &str) -> Option<&'j str> {
        self.0.iter().find(|(name, _)| name == key).map(|(_, raw)| *raw)
    }

    /// The value of a key; for small ones. One that would take far more room than its text is none.
    pub fn value(&self, key: &str) -> Option<Value> {
        let raw = self.raw(key)?;
        Room::of(raw).hold(raw).ok()?;
        serde_json::from_str(raw).ok()
    }

    /// Takes a member out.
    pub fn remove(&mut self, key: &str) -> Option<&'j str> {
        let place = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(place).1)
    }

    /// Drops the members that do not fit.
    pub fn retain(&mut self, fits: impl Fn(&str, &str) -> bool) {
        self.0.retain(|(key, raw)| fits(key, raw));
    }

    /// Every key with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'j str)> {
        self.0.iter().map(|(key, raw)| (key.as_str(), *raw))
    }

    /// Reads the object that is made of the members into a message.
    ///
    /// # Errors
    /// Where a value is malformed, which those of members are not, or takes too much room.
    pub fn decode<M: Fields>(&self) -> Result<M, Malformed> {
        let member = |(key, raw): (&str, &str)| format!("{}:{raw}", Value::from(key));
        let object = format!("{{{}}}", self.iter().map(member).collect::<Vec<_>>().join(","));
        let mut message = M::default();
        super::read(&mut message, &object, |message, reader| {
            reader.peek()?;
            // As one that stands in an answer.
            object::read(reader, message, &mut Kept::new(), 1)
        })?;
        Ok(message)
    }
}
