//! Conversion against the whole contract: every tool's input, upstream's answers, schemas.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]
mod aliases;
mod cost;
mod generate;
mod keeps_all;
mod log_time_entry;
mod outputs;
mod places;
mod round_trip;
mod validator;

use prost_reflect::MessageDescriptor;

/// What the program allocates with. Another one gives large pieces of memory back to the system each time, and what is
/// measured then is how the system hands them out again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A message of the contract.
fn message(name: &str) -> MessageDescriptor {
    granary_proto::pool().unwrap().get_message_by_name(name).unwrap()
}

/// The input message of a tool.
fn input_of(tool: &str) -> MessageDescriptor {
    granary_proto::policy_table().unwrap().tool(tool).unwrap().descriptor.input()
}
