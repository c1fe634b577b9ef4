//! The actor that scrapes one profile for each input.

use std::collections::HashSet;
use std::sync::Arc;

use super::input::{Input, invalid};
use super::plan::{Group, MAX_INPUTS, Plan, Step};
use super::row::{Form, Query};
use super::status::End;
use crate::kernel::reply::Reply;

const LISTS: [(&str, Form); 4] = [
    ("urls", Form::Url),
    ("publicIdentifiers", Form::PublicIdentifier),
    ("profileIds", Form::ProfileId),
    ("queries", Form::Query),
];
const WITH_EMAIL: [&str; 2] = ["Profile details + email search ($10 per 1k)", "3"];

/// What the profile scraper will do: the lists one after the other, each without blanks and repeats.
pub(super) fn plan(input: &Input) -> Result<Plan, Reply> {
    // Whatever else the mode says means no e-mail.
    let email = input.text("profileScraperMode")?.is_some_and(|mode| WITH_EMAIL.contains(&mode));
    let mut steps = Vec::new();
    for (name, form) in LISTS {
        let mut seen = HashSet::new();
        for text in input.texts(name)? {
            let text = text.trim();
            if !text.is_empty() && seen.insert(text.to_owned()) {
                steps.push(Step::Profile { query: Arc::new(Query::new(form, text)), email });
            }
        }
    }
    if steps.len() > MAX_INPUTS {
        return Err(invalid(&format!("At most {MAX_INPUTS} inputs fit into one run of this simulator")));
    }
    Ok(Plan { groups: vec![Group { fee: None, steps }], end: End::succeeded("Finished") })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;

    #[test]
    fn lists_come_in_their_order_without_blanks_and_repeats() {
        let body = json!({
            "queries": ["q"],
            "profileIds": ["i"],
            "publicIdentifiers": ["p", "u"],
            "urls": [" u ", "", "u", "v"],
            "profileScraperMode": "3",
        });
        let input = Input::parse(&Bytes::from(body.to_string())).ok().flatten().unwrap();
        let plan = plan(&input).ok().unwrap();
        let steps: Vec<_> = plan.groups[0]
            .steps
            .iter()
            .map(|step| match step {
                Step::Profile { query, email } => format!("{} {email}", query.original()),
                Step::Lead { .. } => unreachable!(),
            })
            .collect();
        assert_eq!(
            steps,
            [
                r#"{"url":"u"} true"#,
                r#"{"url":"v"} true"#,
                r#"{"publicIdentifier":"p"} true"#,
                r#"{"publicIdentifier":"u"} true"#,
                r#"{"profileId":"i"} true"#,
                r#"{"query":"q"} true"#,
            ]
        );
    }
}
