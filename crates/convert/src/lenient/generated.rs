//! The table of every message, as the build writes it.
#![allow(clippy::all, clippy::pedantic, unused_qualifications)]
use std::collections::HashMap;

use super::{Choice, Choices, Field, Fields, Malformed, Outcome};

include!(concat!(env!("OUT_DIR"), "/decoders.rs"));
