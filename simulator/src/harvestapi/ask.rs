//! What a call asks for.

use super::backend::Backend;
use super::population::clock::Now;
use super::price::Price;
use crate::kernel::call::Call;

/// One question, and what the answer may need. Parameters that are empty count as absent.
pub(super) struct Ask<'a> {
    pub(super) backend: &'a Backend,
    pub(super) call: &'a Call,
    pub(super) now: Now,
    /// What the endpoint takes.
    pub(super) price: Price,
}

impl<'a> Ask<'a> {
    pub(super) fn value(&self, name: &str) -> Option<&'a str> {
        self.call.param(name).map(str::trim).filter(|text| !text.is_empty())
    }

    /// The first parameter that is given, and its name.
    pub(super) fn first(&self, names: &[&'static str]) -> Option<(&'static str, &'a str)> {
        names.iter().find_map(|name| Some((*name, self.value(name)?)))
    }

    /// Everything that stands in these comma lists.
    pub(super) fn list(&self, names: &[&str]) -> Vec<&'a str> {
        let given = names.iter().filter_map(|name| self.value(name));
        given.flat_map(|text| text.split(',')).map(str::trim).filter(|item| !item.is_empty()).collect()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.value(name), Some("true" | "1"))
    }

    /// From 1; what is no such number counts as 1.
    pub(super) fn page(&self) -> u64 {
        self.value("page").and_then(|text| text.parse().ok()).unwrap_or(1).max(1)
    }
}
