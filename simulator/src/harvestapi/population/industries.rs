//! Industries of the public code list.

use serde_json::{Value, json};

use super::seed::pick;

/// An industry of the public code list, version 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Industry {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    above: &'static str,
}

const ALL: [Industry; 18] = [
    industry(
        "4",
        "Software Development",
        "Technology, Information and Media > Technology, Information and Internet",
    ),
    industry("6", "Technology, Information and Internet", "Technology, Information and Media"),
    industry("96", "IT Services and IT Consulting", "Professional Services"),
    industry("43", "Financial Services", ""),
    industry("25", "Manufacturing", ""),
    industry("11", "Business Consulting and Services", "Professional Services"),
    industry("14", "Hospitals and Health Care", ""),
    industry("27", "Retail", ""),
    industry("80", "Advertising Services", "Professional Services"),
    industry("99", "Design Services", "Professional Services"),
    industry("104", "Staffing and Recruiting", "Administrative and Support Services"),
    industry("116", "Transportation, Logistics, Supply Chain and Storage", ""),
    industry("12", "Biotechnology Research", "Professional Services > Research Services"),
    industry("115", "Musicians", "Entertainment Providers"),
    industry("48", "Construction", ""),
    industry("47", "Accounting", "Professional Services"),
    industry("8", "Telecommunications", "Technology, Information and Media > Media and Telecommunications"),
    industry("68", "Higher Education", "Education"),
];

impl Industry {
    pub(crate) fn of(hash: u64) -> Self {
        pick(&ALL[..17], hash)
    }

    /// What schools belong to.
    pub(crate) const EDUCATION: Self = ALL[17];

    pub(crate) fn written(self) -> Value {
        let hierarchy = if self.above.is_empty() {
            self.name.to_owned()
        } else {
            format!("{} > {}", self.above, self.name)
        };
        json!({
            "id": self.id,
            "name": self.name,
            "urn": format!("urn:li:fsd_industryV2:{}", self.id),
            "title": self.name,
            "hierarchy": hierarchy,
        })
    }
}

const fn industry(id: &'static str, name: &'static str, above: &'static str) -> Industry {
    Industry { id, name, above }
}
