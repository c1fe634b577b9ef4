//! JSON and messages, driven by descriptors: tool input and output, upstream answers, schemas, field rules.
//!
//! What a caller wrote is read strictly, every violation at once; what upstream answered is read leniently, nothing lost.
//!
//! ```
//! let table = granary_proto::policy_table().unwrap();
//! let request = table.tool("log_time_entry").unwrap().descriptor.input();
//! let input = r#"{"project_id": 7, "task_id": 8, "spent_date": "2026-03-31", "hours": 1.50}"#;
//! let message = granary_convert::parse_input_text(&request, input).unwrap();
//! assert_eq!(granary_convert::to_json(&message)["hours"].to_string(), "1.50");
//! ```
mod integer;
pub mod lenient;
mod names;
pub mod output;
pub mod rules;
pub mod schema;
mod shape;
pub mod strict;
pub mod structs;
mod time;
mod violations;

#[cfg(test)]
mod sample;

pub use lenient::{Members, decode_field, decode_lenient};
pub use names::nearest;
pub use output::{ToolOutput, to_json, tool_output};
pub use rules::{Typed, check, check_typed};
pub use schema::{input_schema, output_schema, published_input_schema};
pub use strict::{ToolInput, parse_input, parse_input_text, tool_input, tool_input_struct, tool_input_text};
pub use structs::{json_to_struct, struct_to_json};

/// How deep JSON may be nested, in objects and arrays, where a caller wrote it.
pub const MAX_DEPTH: usize = 64;
/// Most keys of one object that a caller wrote. No message of the contract has a tenth of it.
pub const MAX_KEYS: usize = 500;
/// Most values of what a caller wrote, objects and lists included. The largest input that a tool takes has about 2,500.
pub const MAX_VALUES: usize = 10_000;
