//! What the fuzz targets share.
//!
//! Whatever does not hold panics, which is how a target tells what it has found.
pub mod case;
pub mod service;
pub mod upstream;

pub use case::Case;
pub use service::Service;
