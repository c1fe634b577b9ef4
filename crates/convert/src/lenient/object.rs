//! Objects as messages: each key to its field, and what cannot be used into `extra`.
use super::field::Field;
use super::reader::Reader;
use super::{Fields, Kept, Malformed, Outcome};

/// How deep messages may be nested in an answer. Decoders of protobuf allow a hundred levels, of which a structure
/// inside a message takes up to 75; what lies deeper is kept as raw JSON.
pub(super) const MAX_NESTED: usize = 20;
/// About what an entry of `extra` takes besides its texts.
const KEPT_ENTRY: usize = 112;

/// A key of an object.
pub(super) enum Key {
    /// The position among the message's names.
    Known(usize),
    Unknown(String),
}

/// A message while it is filled.
pub(super) struct Filling<'m, M: Fields> {
    message: &'m mut M,
    /// Which keys came, and behind them which fields are taken.
    marks: M::Marks,
    /// What is kept of messages below that have no `extra`.
    below: Kept,
    level: usize,
}

/// Reads an object that was peeked at into a message as it is by default. Keys that neither match a field nor fit an `extra` map go to `unplaced`.
///
/// # Errors
/// Where it is malformed, and where a key stands twice, which the reader then tells.
pub(super) fn read<M: Fields>(
    reader: &mut Reader<'_>,
    message: &mut M,
    unplaced: &mut Kept,
    level: usize,
) -> Result<(), Malformed> {
    let mut filling = Filling::new(message, level);
    let mut key = reader.first_key(Key::of::<M>)?;
    while let Some(next) = key {
        filling.take(next, reader)?;
        key = reader.next_key(Key::of::<M>)?;
    }
    filling.finish(unplaced);
    Ok(())
}

impl Key {
    pub(super) fn of<M: Fields>(key: &str) -> Self {
        M::find(key).map_or_else(|| Self::Unknown(key.to_owned()), Self::Known)
    }
}

impl<'m, M: Fields> Filling<'m, M> {
    pub(super) fn new(message: &'m mut M, level: usize) -> Self {
        Self { message, marks: M::Marks::default(), below: Kept::new(), level }
    }

    /// Reads the value of a key.
    pub(super) fn take(&mut self, key: Key, reader: &mut Reader<'_>) -> Result<(), Malformed> {
        let number = match key {
            Key::Known(number) => number,
            Key::Unknown(key) => {
                let raw = reader.raw()?;
                reader.room.take(KEPT_ENTRY + key.len() + raw.len())?;
                self.keep(key, raw);
                return Ok(());
            }
        };
        let Some((name, slot)) = M::NAMES.get(number).copied() else { return Ok(()) };
        if !set(self.marks.as_mut(), number) {
            reader.repeats = true;
            return Err(Malformed);
        }
        let null = reader.peek()? == jiter::Peek::Null;
        let start = reader.position();
        let taken = M::NAMES.len() + slot;
        let outcome = if null || is_set(self.marks.as_mut(), taken) {
            reader.skip()?;
            Outcome::Nothing
        } else {
            let value = Field { reader, name, below: &mut self.below, level: self.level };
            self.message.fill(slot, value)?
        };
        if outcome != Outcome::Nothing {
            set(self.marks.as_mut(), taken);
        }
        // A null means unset; there is nothing to keep of it.
        if outcome != Outcome::All && !null {
            let raw = reader.since(start);
            reader.room.take(KEPT_ENTRY + raw.len())?;
            self.keep(name.to_owned(), raw);
        }
        Ok(())
    }

    /// Gives what came from below its place.
    pub(super) fn finish(self, unplaced: &mut Kept) {
        let Some(extra) = self.message.extra() else {
            unplaced.extend(self.below);
            return;
        };
        for (mut path, raw) in self.below {
            // It may read like a key of this message.
            while extra.contains_key(&path) {
                path.push('\'');
            }
            extra.insert(path, raw);
        }
    }

    fn keep(&mut self, key: String, raw: &str) {
        match self.message.extra() {
            Some(extra) => drop(extra.insert(key, raw.to_owned())),
            None => self.below.push((key, raw.to_owned())),
        }
    }
}

/// Sets a bit; false where it was set before.
fn set(marks: &mut [u64], bit: usize) -> bool {
    let Some(word) = marks.get_mut(bit / 64) else { return true };
    let mask = 1 << (bit % 64);
    let fresh = *word & mask == 0;
    *word |= mask;
    fresh
}

fn is_set(marks: &[u64], bit: usize) -> bool {
    marks.get(bit / 64).is_some_and(|word| word & (1 << (bit % 64)) != 0)
}
