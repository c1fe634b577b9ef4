//! `granary explain`: what a reason means, who must act, and how. Asks no server.
mod pages;

use granary_convert::nearest;
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::named;
use crate::output::{Shown, Table};
use pages::PAGES;

/// Flags of `granary explain`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct Args {
    /// The reason, as it stands under an error; without one, all of them are listed
    #[arg(value_parser = named::Open(names), hide_possible_values = true)]
    reason: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  granary explain CREDENTIAL_MISSING
  granary explain
  granary explain --output json | jq -r '.reasons[].reason'";

/// Prints the page of a reason, or the list.
pub fn run(args: &Args) -> Result<Shown, Failure> {
    let Some(given) = &args.reason else { return Ok(list()) };
    let wanted = given.trim().to_uppercase().replace('-', "_");
    match PAGES.iter().find(|(reason, _)| *reason == wanted) {
        Some((reason, page)) => Ok(Shown {
            text: page.trim_end().to_owned(),
            document: json!({"reason": reason, "family": cell(page, "Family"), "page": page}),
            ..Shown::default()
        }),
        None => {
            let near =
                nearest(names(), &wanted).map(|near| format!("did you mean {near}? ")).unwrap_or_default();
            Err(Failure::usage(format!(
                "there is no reason {given}; {near}`granary explain` lists all of them"
            )))
        }
    }
}

fn list() -> Shown {
    let row = |(reason, page): &(&str, &str)| json!({"reason": reason, "family": cell(page, "Family"), "means": meaning(page)});
    let reasons: Vec<Value> = PAGES.iter().map(row).collect();
    let columns = [("REASON", "reason"), ("FAMILY", "family"), ("MEANS", "means")];
    let text = Table::of(&reasons, &columns).text();
    Shown { text, document: json!({"reasons": reasons}), ..Shown::default() }
}

fn names() -> Vec<&'static str> {
    PAGES.iter().map(|(reason, _)| *reason).collect()
}

/// What stands beside a name in the page's table.
fn cell(page: &str, name: &str) -> String {
    let row = page.lines().find_map(|line| line.strip_prefix(&format!("| {name} | ")));
    row.and_then(|row| row.strip_suffix(" |")).unwrap_or_default().to_owned()
}

/// The first sentence under the heading.
fn meaning(page: &str) -> String {
    let text = page.lines().skip(1).find(|line| !line.is_empty()).unwrap_or_default();
    text.split(". ").next().unwrap_or_default().trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use granary_rpc::reason;

    use super::*;

    fn explain(text: &str) -> Result<Shown, Failure> {
        run(&Args { reason: Some(text.to_owned()) })
    }

    #[test]
    fn a_reason_is_its_page_however_it_is_written() {
        for text in ["CREDENTIAL_MISSING", "credential_missing", "credential-missing"] {
            assert!(explain(text).unwrap().text.starts_with("# CREDENTIAL_MISSING\n"), "{text}");
        }
        let failure = explain("CREDENTIAL_MISING").unwrap_err();
        assert_eq!(failure.code(), 2);
        assert!(failure.text().contains("did you mean CREDENTIAL_MISSING?"), "{}", failure.text());
    }

    #[test]
    fn the_list_has_every_reason_with_the_family_that_the_code_gives_it() {
        let shown = run(&Args { reason: None }).unwrap();
        assert_eq!(shown.text.lines().count(), PAGES.len() + 1);
        for (name, page) in PAGES {
            assert!(!meaning(page).is_empty(), "{name}");
            if let Some(reason) = reason::from_name(name) {
                assert_eq!(cell(page, "Family"), reason::classify(reason).1.text(), "{name}");
            }
        }
    }
}
