//! The `granary` command: everything in one process, administration, and calls.
#![allow(unreachable_pub, reason = "a binary is reached from nowhere else")]
mod accounts;
mod args;
mod call;
mod ceiling;
mod client;
mod clock;
mod completions;
mod credentials;
mod dispatch;
mod doctor;
mod dollars;
mod duration;
mod exit;
mod explain;
mod hashicorp_vault;
mod inventory;
mod keyfile;
mod keys;
mod named;
mod output;
mod progress;
mod sealing;
mod serve;
mod settings;
mod shell;
mod store;
mod taken;
mod tenants;
mod tools;
mod up;
mod views;

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let (format, done) = match args::parse() {
        Ok(cli) => (cli.output, Box::pin(dispatch::run(cli)).await),
        Err(code) => return code,
    };
    match done {
        Ok(code) => ExitCode::from(code),
        Err(failure) => output::failure(format, &failure),
    }
}
