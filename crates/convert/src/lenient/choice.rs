//! Enums, by the texts that upstream uses for their values.
use std::marker::PhantomData;

use super::reader::Plain;
use super::scalar::put;
use super::{Malformed, Single, Source};

/// An enum of the contract.
pub trait Choices {
    /// Texts and numbers of the values: the texts by which people know them first, then the proto names.
    const CHOICES: &'static [(&'static str, i32)];
}

/// A value of an enum, which messages hold as its number.
pub struct Choice<E> {
    number: i32,
    of: PhantomData<E>,
}

impl<E> Choice<E> {
    /// The value's number.
    pub fn number(self) -> i32 {
        self.number
    }
}

impl<E> Default for Choice<E> {
    fn default() -> Self {
        Self { number: 0, of: PhantomData }
    }
}

impl<E: Choices> Single for Choice<E> {
    fn read(&mut self, from: &mut Source<'_, '_>) -> Result<bool, Malformed> {
        let number = match from.plain()? {
            // In any case of letters.
            Plain::Text(text) => {
                E::CHOICES.iter().find(|(t, _)| t.eq_ignore_ascii_case(text)).map(|(_, n)| *n)
            }
            _ => None,
        };
        Ok(put(&mut self.number, number))
    }
}
