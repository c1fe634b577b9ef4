//! What runs work with.

use std::sync::Arc;

use super::tokens::Tokens;
use crate::harvestapi::population::Population;

/// The tokens that pay for runs, and the population that runs look at.
pub(super) struct Backend {
    pub(super) tokens: Tokens,
    pub(super) population: Arc<Population>,
}
