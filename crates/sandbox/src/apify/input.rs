//! The input of an actor: a JSON object that is held against the actor's schema before anything starts.

use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::bad;
use super::plan::{Group, Plan, Step};
use super::row::{Form, Query};
use super::status::End;
use crate::call::Reply;

/// An object whose fields have the types that a schema gives them.
pub(super) struct Input {
    map: Map<String, Value>,
}

/// Inputs of one run; the real actor names no limit, and a simulator has to have one.
pub(super) const MOST: usize = 10_000;
const LISTS: [(&str, Form); 4] = [
    ("urls", Form::Url),
    ("publicIdentifiers", Form::PublicIdentifier),
    ("profileIds", Form::ProfileId),
    ("queries", Form::Query),
];
const WITH_EMAIL: [&str; 2] = ["Profile details + email search ($10 per 1k)", "3"];

/// What the profile scraper will do: the lists one after the other, each without blanks and repeats.
pub(super) fn profiles(input: &Input) -> Result<Plan, Reply> {
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
    if steps.len() > MOST {
        return Err(invalid(&format!("At most {MOST} inputs fit into one run of this simulator")));
    }
    Ok(Plan { groups: vec![Group { fee: None, steps }], end: End::succeeded("Finished") })
}

// === impl Input ===

impl Input {
    /// None when there was no body at all.
    pub(super) fn parse(body: &Bytes) -> Result<Option<Self>, Reply> {
        if body.is_empty() {
            return Ok(None);
        }
        match serde_json::from_slice(body) {
            Ok(Value::Object(map)) => Ok(Some(Self { map })),
            Ok(_) => Err(invalid("The input must be a JSON object")),
            Err(_) => Err(invalid("The input is not JSON")),
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&str>, Reply> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(field(name, "must be string")),
        }
    }

    pub(super) fn texts(&self, name: &str) -> Result<Vec<&str>, Reply> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(list)) => {
                let texts: Option<Vec<_>> = list.iter().map(Value::as_str).collect();
                texts.ok_or_else(|| field(name, "must be an array of strings"))
            }
            Some(_) => Err(field(name, "must be array")),
        }
    }

    pub(super) fn integer(&self, name: &str) -> Result<Option<usize>, Reply> {
        match self.map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => {
                let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
                number.map(Some).ok_or_else(|| field(name, "must be integer, and not below 0"))
            }
        }
    }
}

pub(super) fn field(name: &str, problem: &str) -> Reply {
    invalid(&format!("Field input.{name} {problem}"))
}

fn invalid(text: &str) -> Reply {
    bad("invalid-input", &format!("Input is not valid: {text}"))
}

#[cfg(test)]
mod tests {
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
        let plan = profiles(&input).ok().unwrap();
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
