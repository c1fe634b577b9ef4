//! What a call to HarvestAPI costs.

use crate::decimal::Micros;

/// The price of a call that finds something. Every key pays the prices of the starter tier here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    /// None where no price is published: then the answer does not tell one, and nothing is paid.
    pub(super) cost: Option<Micros>,
    pub(super) code: Option<&'static str>,
    /// The answer is a list.
    pub(super) rows: bool,
}

impl Price {
    pub(super) const UNPUBLISHED: Self = Self { cost: None, code: None, rows: false };
    pub(super) const FREE: Self = Self { cost: Some(Micros(0)), ..Self::UNPUBLISHED };

    pub(super) const fn item(cost: i64, code: &'static str) -> Self {
        Self { cost: Some(Micros(cost)), code: Some(code), rows: false }
    }

    pub(super) const fn list(cost: i64, code: &'static str) -> Self {
        Self { rows: true, ..Self::item(cost, code) }
    }
}
