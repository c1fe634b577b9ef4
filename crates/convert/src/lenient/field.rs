//! How a field takes a value: one, a list, or a map.
use jiter::Peek;

use super::object::{self, Filling, Key, MAX_NESTED};
use super::reader::{Plain, Reader};
use super::{Fields, Kept, Malformed};

/// A value that upstream sent for a field.
pub struct Field<'a, 'j> {
    pub(super) reader: &'a mut Reader<'j>,
    pub(super) name: &'a str,
    pub(super) below: &'a mut Kept,
    pub(super) level: usize,
}

/// How much of a value was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All of it.
    All,
    /// Some of it, or nothing of it where one value was expected.
    Some,
    /// None of it; the field is still to be had.
    Nothing,
}

/// What one value becomes.
pub trait Single: Default {
    /// Reads the value, which is passed in any case; false, and nothing changed, where its type is unusable.
    ///
    /// # Errors
    /// Where the value is malformed.
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed>;
}

/// One value that is about to be read.
pub struct Source<'a, 'j> {
    reader: &'a mut Reader<'j>,
    at: Path<'a>,
    below: &'a mut Kept,
    level: usize,
}

impl Field<'_, '_> {
    /// Reads one value.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn one<T: Single>(self, into: &mut T) -> Result<Outcome, Malformed> {
        let mut source =
            Source { reader: self.reader, at: Path::Key(self.name), below: self.below, level: self.level };
        // One that cannot be used takes the field, too: another name of the field may mean something else.
        Ok(Outcome::of(into.read(&mut source)?, true))
    }

    /// Reads one value that the field holds in another form.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn with<T: Single>(self, set: impl FnOnce(T)) -> Result<Outcome, Malformed> {
        let mut value = T::default();
        let outcome = self.one(&mut value)?;
        if outcome == Outcome::All {
            set(value);
        }
        Ok(outcome)
    }

    /// Reads a list. A value that is none is its only item.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn many<T: Single>(self, into: &mut Vec<T>) -> Result<Outcome, Malformed> {
        let Self { reader, name, below, level } = self;
        if reader.peek()? != Peek::Array {
            return Field { reader, name, below, level }.with(|v| into.push(v));
        }
        let mut items = 0;
        let mut more = reader.first_item()?;
        while more {
            let mut source = Source { reader, at: Path::Item(name, items), below, level };
            source.reader.room.take(size_of::<T>())?;
            // Filled in place, because messages are large.
            into.push(T::default());
            let used = match into.last_mut() {
                Some(last) => last.read(&mut source)?,
                None => false,
            };
            if !used {
                into.pop();
            }
            items += 1;
            more = reader.next_item()?;
        }
        Ok(Outcome::of(into.len() == items, !into.is_empty()))
    }

    /// Reads a list that the field holds in another form.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn each<T: Single>(self, push: impl FnMut(T)) -> Result<Outcome, Malformed> {
        let mut all = Vec::new();
        let outcome = self.many(&mut all)?;
        all.into_iter().for_each(push);
        Ok(outcome)
    }

    /// Reads an object as a map.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn entries<K: Name, V: Single>(self, mut insert: impl FnMut(K, V)) -> Result<Outcome, Malformed> {
        let Self { reader, name, below, level } = self;
        if reader.peek()? != Peek::Object {
            return Field { reader, name, below, level }.unused();
        }
        let (mut all, mut some) = (true, false);
        let mut key = reader.first_key(str::to_owned)?;
        while let Some(text) = key {
            reader.room.take(size_of::<(K, V)>() + text.len())?;
            // To a decoder of protobuf an entry is a message around its value.
            let at = Path::Member(name, &text);
            let mut value = V::default();
            let used = match K::of(&text) {
                Some(key) if value.read(&mut Source { reader, at, below, level: level + 1 })? => Some(key),
                Some(_) => None,
                None => {
                    reader.skip()?;
                    None
                }
            };
            all &= used.is_some();
            if let Some(key) = used {
                insert(key, value);
                some = true;
            }
            key = reader.next_key(str::to_owned)?;
        }
        Ok(Outcome::of(all, some))
    }

    /// Passes a value for which there is no form.
    ///
    /// # Errors
    /// Where the value is malformed.
    pub fn unused(self) -> Result<Outcome, Malformed> {
        self.reader.skip()?;
        Ok(Outcome::Nothing)
    }
}

impl Outcome {
    fn of(all: bool, some: bool) -> Self {
        match (all, some) {
            (true, _) => Self::All,
            (false, true) => Self::Some,
            (false, false) => Self::Nothing,
        }
    }
}

impl<'j> Source<'_, 'j> {
    /// Passes a value that is neither object nor list, or finds that it is one.
    pub(super) fn plain(&mut self) -> Result<Plain<'_, 'j>, Malformed> {
        self.reader.plain()
    }

    /// Passes a value of any kind.
    pub(super) fn raw(&mut self) -> Result<&'j str, Malformed> {
        self.reader.raw()
    }

    /// Takes room for JSON that is to be held as it is.
    pub(super) fn hold(&mut self, json: &str) -> Result<(), Malformed> {
        self.reader.room.hold(json)
    }

    pub(super) fn peek(&mut self) -> Result<Peek, Malformed> {
        self.reader.peek()
    }
}

impl<M: Fields> Single for M {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let Source { reader, at, below, level } = from;
        reader.room.take(M::BOXED)?;
        let peek = reader.peek()?;
        let mut unplaced = Kept::new();
        match (peek, M::BARE) {
            (Peek::Object, _) if *level < MAX_NESTED => {
                object::read(reader, self, &mut unplaced, *level + 1)?;
            }
            (Peek::String, Some(key)) if *level < MAX_NESTED => {
                let mut filling = Filling::new(self, *level + 1);
                filling.take(Key::of::<M>(key), reader)?;
                filling.finish(&mut unplaced);
            }
            _ => {
                reader.skip()?;
                return Ok(false);
            }
        }
        below.extend(unplaced.into_iter().map(|(rest, raw)| (at.below(&rest), raw)));
        Ok(true)
    }
}

impl<T: Single> Single for Option<T> {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let used = self.get_or_insert_default().read(from)?;
        if !used {
            *self = None;
        }
        Ok(used)
    }
}

/// A key of a map.
pub trait Name: Sized {
    /// The key that a text means.
    fn of(text: &str) -> Option<Self>;
}

/// Where a value stands below the message that is being filled. The text is made only where something needs it.
enum Path<'a> {
    Key(&'a str),
    Item(&'a str, usize),
    Member(&'a str, &'a str),
}

impl Path<'_> {
    fn below(&self, rest: &str) -> String {
        match self {
            Self::Key(key) => format!("{key}.{rest}"),
            Self::Item(key, index) => format!("{key}[{index}].{rest}"),
            Self::Member(key, name) => format!("{key}.{name}.{rest}"),
        }
    }
}
