//! Rows of a dataset.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::actor::Event;
use crate::harvestapi::population::{Population, scrape};

/// A row of a dataset, kept small: it is written out when it is read.
#[derive(Clone)]
pub(super) enum Row {
    Profile {
        slug: Box<str>,
        email: bool,
        query: Arc<Query>,
    },
    Company {
        slug: Box<str>,
        query: Arc<Query>,
    },
    /// Nobody was found, and that was charged.
    Miss {
        request: u64,
        query: Arc<Query>,
    },
    Lead {
        slug: Box<str>,
        event: Event,
        meta: Arc<Meta>,
    },
}

/// One input of the profile scraper.
pub(super) struct Query {
    pub(super) form: Form,
    pub(super) text: Box<str>,
}

/// The list that an input stood in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Url,
    PublicIdentifier,
    ProfileId,
    Query,
}

/// Where a lead was found.
pub(super) struct Meta {
    /// Counted from 1.
    pub(super) page: usize,
    pub(super) total: usize,
    pub(super) query: Arc<Map<String, Value>>,
}

/// Rows of one page of a search for leads.
pub(super) const PAGE: usize = 25;

impl Row {
    /// The row as a JSON object.
    pub(super) fn write(&self, population: &Population) -> Vec<u8> {
        match self {
            Self::Profile { slug, email, query } => {
                let element = scrape::profile(population, slug, *email).unwrap_or_default();
                extend(element.to_vec(), "originalQuery", &query.original())
            }
            Self::Company { slug, query } => {
                let element = scrape::company(slug).unwrap_or_default();
                extend(element.to_string().into_bytes(), "originalQuery", &query.original())
            }
            Self::Miss { request, query } => query.miss(*request).to_string().into_bytes(),
            Self::Lead { slug, event, meta } => {
                let element = match event {
                    Event::ShortProfile => {
                        scrape::lead(population, slug).map(|lead| lead.to_string().into_bytes())
                    }
                    event => {
                        let email = *event == Event::FullProfileWithEmail;
                        scrape::profile(population, slug, email).map(|element| element.to_vec())
                    }
                };
                extend(element.unwrap_or_default(), "_meta", &meta.show())
            }
        }
    }
}

impl Query {
    pub(super) fn new(form: Form, text: &str) -> Self {
        Self { form, text: text.into() }
    }

    pub(super) fn original(&self) -> Value {
        json!({self.form.name(): &*self.text})
    }

    /// An address that is neither a profile's nor a company's.
    pub(super) fn leads_nowhere(&self) -> bool {
        let address = self.text.contains("://") || self.text.contains("linkedin.com/");
        address && !self.text.contains("/in/") && !scrape::is_company(&self.text)
    }

    /// HarvestAPI's own envelope, without what concerns its wallet. A missing company is no failure to it.
    fn miss(&self, request: u64) -> Value {
        let company = scrape::is_company(&self.text);
        json!({
            "entityId": null,
            "requestId": format!("sbx-{request:08}"),
            "status": if company { 200 } else { 404 },
            "error": (!company).then_some("Profile not found"),
            "query": {self.understood().name(): &*self.text},
            "originalQuery": self.original(),
            "retries": 0,
            "element": null,
        })
    }

    fn understood(&self) -> Form {
        match self.form {
            Form::Query if self.text.contains('/') => Form::Url,
            Form::Query if self.text.starts_with("ACoAA") => Form::ProfileId,
            Form::Query => Form::PublicIdentifier,
            form => form,
        }
    }
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::PublicIdentifier => "publicIdentifier",
            Self::ProfileId => "profileId",
            Self::Query => "query",
        }
    }
}

impl Meta {
    fn show(&self) -> Value {
        json!({
            "pagination": {
                "totalPages": self.total.div_ceil(PAGE),
                "totalElements": self.total,
                "pageNumber": self.page,
                "previousElements": (self.page - 1) * PAGE,
                "pageSize": PAGE,
                "paginationToken": null,
            },
            "query": &*self.query,
        })
    }
}

/// Adds a last member to an object that is written already.
fn extend(mut object: Vec<u8>, name: &str, value: &Value) -> Vec<u8> {
    if object.last() == Some(&b'}') && object.len() > 2 {
        object.pop();
        object.extend_from_slice(format!(",\"{name}\":{value}}}").as_bytes());
        return object;
    }
    json!({name: value}).to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_understood_by_its_form() {
        let miss = |text: &str| Query::new(Form::Query, text).miss(7);
        assert_eq!(miss("https://x/in/nobody")["query"], json!({"url": "https://x/in/nobody"}));
        assert_eq!(miss("ACoAANobody")["query"], json!({"profileId": "ACoAANobody"}));
        assert_eq!(miss("nobody")["query"], json!({"publicIdentifier": "nobody"}));
        assert_eq!(miss("nobody")["originalQuery"], json!({"query": "nobody"}));
        assert_eq!(miss("https://www.linkedin.com/company/none-fx")["status"], 200);
    }

    #[test]
    fn a_written_object_takes_one_more_member() {
        let more = |object: &str| String::from_utf8(extend(object.into(), "b", &json!([2]))).unwrap();
        assert_eq!(more("{\"a\":1}"), "{\"a\":1,\"b\":[2]}");
        assert_eq!(more("{}"), "{\"b\":[2]}");
    }
}
