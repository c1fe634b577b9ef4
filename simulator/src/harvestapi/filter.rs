//! Comma lists by which a search narrows its rows.

use super::ask::Ask;

/// One such list, under all its names.
pub(super) struct Filter<T> {
    pub(super) names: &'static [&'static str],
    /// Whether rows that fit one of the values stay, or go.
    pub(super) keep: bool,
    /// Values that are looked at.
    pub(super) most: usize,
    pub(super) fits: fn(T, &str) -> bool,
}

/// The filters that a call set.
pub(super) struct Filters<'a, T: 'static> {
    active: Vec<(&'static Filter<T>, Vec<&'a str>)>,
}

impl<'a, T: Copy> Filters<'a, T> {
    /// `overridden` pairs a filter with the one that takes its place when both are given.
    pub(super) fn of(
        ask: &Ask<'a>,
        table: &'static [Filter<T>],
        overridden: &[(&'static str, &'static str)],
    ) -> Self {
        let silent = |filter: &Filter<T>| {
            overridden.iter().any(|(name, by)| filter.names.contains(name) && ask.value(by).is_some())
        };
        let values = |filter: &'static Filter<T>| {
            let mut values = ask.list(filter.names);
            values.truncate(filter.most);
            (filter, values)
        };
        let active = table.iter().filter(|filter| !silent(filter)).map(values);
        Self { active: active.filter(|(_, values)| !values.is_empty()).collect() }
    }

    pub(super) fn none() -> Self {
        Self { active: Vec::new() }
    }

    pub(super) fn pass(&self, row: T) -> bool {
        self.active
            .iter()
            .all(|(filter, values)| values.iter().any(|value| (filter.fits)(row, value)) == filter.keep)
    }
}

/// Rows stay that fit one of the values.
pub(super) const fn only<T>(
    names: &'static [&'static str],
    most: usize,
    fits: fn(T, &str) -> bool,
) -> Filter<T> {
    Filter { names, keep: true, most, fits }
}

/// Rows go that fit one of the values.
pub(super) const fn without<T>(
    names: &'static [&'static str],
    most: usize,
    fits: fn(T, &str) -> bool,
) -> Filter<T> {
    Filter { names, keep: false, most, fits }
}

/// Whether one text stands within another, in any case.
pub(super) fn contains(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(&wanted.to_lowercase())
}
