//! The command line as a whole. Each command's own flags stand beside its code.
use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Parser, Subcommand};

use crate::exit::Failure;
use crate::output::{self, Format};
use crate::{
    accounts, call, completions, credentials, doctor, explain, hashicorp_vault, inventory, keys, serve,
    store, tenants, tools, up,
};

/// Let any backend call Harvest time tracking and LinkedIn data as a user, without ever holding that user's credentials
#[derive(Clone, Debug, Parser)]
#[command(name = "granary", version, propagate_version = true, disable_help_subcommand = true)]
#[command(term_width = width())]
#[command(after_help = EXAMPLES, after_long_help = format!("{EXAMPLES}\n\n{ENVIRONMENT}\n\n{}", crate::exit::HELP))]
pub struct Cli {
    /// Tables for people, or one JSON document on stdout for scripts
    #[arg(long, global = true, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    pub output: Format,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the command can do.
#[derive(Clone, Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process on this machine, with an encrypted store and simulated third parties
    Up(Box<up::Args>),
    /// Create, look at, disable and delete connected accounts: the end users whom calls are made for
    #[command(subcommand)]
    Accounts(accounts::Command),
    /// Put, list, roll back and revoke the credentials of an account; a stored value is never shown
    #[command(subcommand)]
    Credentials(credentials::Command),
    /// Call a tool as an account, with JSON in and out
    Call(Box<call::Args>),
    /// List the tools, and show what one takes and answers
    #[command(subcommand)]
    Tools(tools::Command),
    /// Create, list and revoke API keys, and print the sealing key's fingerprint
    #[command(subcommand)]
    Keys(keys::Command),
    /// Create and list tenants, and limit what each may use of a gateway; needs an operator key
    #[command(subcommand)]
    Tenants(tenants::Command),
    /// Look at addresses, services, clocks, the sealing key and accounts, and say of what is wrong what to do
    Doctor(Box<doctor::Args>),
    /// Print what a reason of a failure means, who must act, and how; needs no server
    Explain(explain::Args),
    /// Print what every method needs, does and may cost; needs no server
    Inventory(inventory::Args),
    /// Run the gateway: admits callers, fetches one sealed ticket for each call, forwards
    Gateway(serve::ServiceArgs),
    /// Run credential-vault: accounts, credentials, tenants, API keys, tickets
    CredentialVault(serve::VaultArgs),
    /// Run harvest-time: time tracking over Harvest v2
    HarvestTime(serve::ServiceArgs),
    /// Run linkedin-data: LinkedIn data over HarvestAPI
    LinkedinData(serve::ServiceArgs),
    /// Run the simulator of Harvest, HarvestAPI and Apify alone
    Sandbox(serve::SandboxArgs),
    /// Move, rewrap or rekey everything in the store
    #[command(subcommand)]
    Store(store::Command),
    /// Make a HashiCorp Vault ready to be the store
    #[command(subcommand)]
    HashicorpVault(hashicorp_vault::Command),
    /// What it was called before
    #[command(name = "vault", hide = true, disable_help_flag = true)]
    Renamed {
        #[arg(hide = true, num_args = 0.., trailing_var_arg = true, allow_hyphen_values = true)]
        _rest: Vec<String>,
    },
    /// Print the completion script of a shell
    Completions(completions::Args),
}

const EXAMPLES: &str = "\
Examples:
  granary up
  granary accounts create user_ha_456
  granary credentials put --account user_ha_456 harvest-token \\
      --account-id 1234567
  granary call list_time_entries --account user_ha_456 \\
      '{\"from\": \"2026-03-01\"}'
  granary tools list --account user_ha_456 --output json";

const ENVIRONMENT: &str = "\
Environment:
  GRANARY_ADDR        the gateway, as HOST:PORT or https://HOST:PORT [default: 127.0.0.1:7100]
  GRANARY_VAULT_ADDR  credential-vault's own address, likewise [default: 127.0.0.1:7101]
  GRANARY_API_KEY     your API key; never a flag, because others can see arguments
  GRANARY_CA_FILE     the CA of https addresses, PEM [default: the system's]
  GRANARY_SEALING_FINGERPRINT
                      what the sealing key must be, where only the gateway can be reached";

/// The narrowest help: examples have lines of no more, so that none is broken, and each is copied as it stands.
const MIN_WIDTH: u16 = 80;
/// The widest help; longer lines are hard to read.
const MAX_WIDTH: u16 = 100;

/// The columns of help at this terminal.
fn width() -> usize {
    let terminal = terminal_size::terminal_size().map_or(MAX_WIDTH, |(width, _)| width.0);
    usize::from(terminal.clamp(MIN_WIDTH, MAX_WIDTH))
}

/// Reads the command line. Help, and faults of the command line, are shown here; the code is what is left to do.
pub fn parse() -> Result<Cli, ExitCode> {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    Cli::try_parse_from(&arguments).map_err(|error| {
        let help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
        if !help && wants_json(&arguments) {
            return output::failure(Format::Json, &Failure::usage(plain(&error)));
        }
        // Clap writes by itself, in colour where that fits; nobody is left to tell where it cannot.
        let _ = error.print();
        ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(crate::exit::USAGE))
    })
}

/// Whether JSON was asked for on a command line that cannot be read.
fn wants_json(arguments: &[OsString]) -> bool {
    arguments.iter().any(|a| a == "--output=json")
        || arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
}

/// The first paragraph of clap's message, as one line.
fn plain(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let first = text.split("\n\n").next().unwrap_or_default();
    first.split_whitespace().collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned()
}

#[cfg(test)]
mod examples;

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_global_format_is_taken_before_and_after_the_command() {
        for line in
            [["granary", "--output", "json", "inventory"], ["granary", "inventory", "--output", "json"]]
        {
            assert_eq!(Cli::try_parse_from(line).unwrap().output, Format::Json);
        }
    }

    #[test]
    fn help_names_every_exit_code_and_variable() {
        let help = Cli::command().render_long_help().to_string();
        for text in ["GRANARY_ADDR", "GRANARY_VAULT_ADDR", "GRANARY_API_KEY", "GRANARY_CA_FILE", "\n  7  "] {
            assert!(help.contains(text), "{text}");
        }
    }

    #[test]
    fn faults_of_the_command_line_become_one_line() {
        let error = Cli::try_parse_from(["granary", "accounts", "get"]).unwrap_err();
        assert_eq!(plain(&error), "the following required arguments were not provided: <IDENTIFIER>");
    }
}
