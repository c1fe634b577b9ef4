//! From the parsed command line to the code behind each command.
use crate::args::{Cli, Command};
use crate::exit::Failure;
use crate::{
    accounts, call, completions, credentials, inventory, keys, output, serve, store, tenants, tools, up,
    vault,
};

/// Does what was asked for.
pub async fn run(cli: Cli) -> Result<(), Failure> {
    let format = cli.output;
    let shown = match cli.command {
        Command::Up(args) => return Box::pin(up::run(*args, format)).await,
        Command::Gateway(args) => return Box::pin(serve::gateway(args)).await,
        Command::CredentialVault(args) => return Box::pin(serve::credential_vault(args)).await,
        Command::HarvestTime(args) => return Box::pin(serve::harvest_time(args)).await,
        Command::LinkedinData(args) => return Box::pin(serve::linkedin_data(args)).await,
        Command::Sandbox(args) => return Box::pin(serve::sandbox(args)).await,
        Command::Store(command) => match Box::pin(store::run(command)).await? {
            Some(shown) => shown,
            None => return Ok(()),
        },
        Command::Vault(command) => Box::pin(vault::run(command)).await?,
        Command::Completions(args) => return completions::run(&args),
        Command::Accounts(command) => accounts::run(command).await?,
        Command::Credentials(command) => credentials::run(command).await?,
        Command::Call(args) => call::run(*args).await?,
        Command::Tools(command) => tools::run(command).await?,
        Command::Keys(command) => keys::run(command).await?,
        Command::Tenants(command) => tenants::run(command).await?,
        Command::Inventory(_) => inventory::run()?,
    };
    output::show(format, &shown)
}
