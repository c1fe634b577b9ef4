//! Who and what there is in this LinkedIn. Nothing is held: each row is computed from its number when it is asked for, and
//! comes out the same on every machine.

pub(super) mod ads;
pub(super) mod authors;
pub(super) mod clock;
pub(super) mod comments;
pub(super) mod companies;
pub(super) mod groups;
mod industries;
pub(super) mod jobs;
pub(super) mod people;
mod pictures;
pub(super) mod places;
pub(super) mod posts;
pub(super) mod reactions;
pub(super) mod seed;
