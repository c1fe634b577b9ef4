//! Completion scripts, made from the command line itself.
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Failure;
use crate::output;

/// Flags of `granary completions`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The shell. Commands and flags are completed; in bash and zsh kinds and the names of tools, too
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  granary completions bash \\
    > ~/.local/share/bash-completion/completions/granary
  granary completions zsh > \"${fpath[1]}/_granary\"";

/// Prints the script.
pub fn run(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "granary", &mut script);
    output::raw(&script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script_that_knows_the_commands_and_the_tools() {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "granary", &mut script);
            let script = String::from_utf8(script).unwrap();
            assert!(script.contains("inventory"), "{shell}");
            // Fish completes no arguments, only flags and commands.
            assert!(shell == Shell::Fish || script.contains("log_time_entry"), "{shell}");
        }
    }
}
