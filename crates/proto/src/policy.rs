//! The policy table: what each method needs and may do, read from the descriptors, and the only place that knows.
mod read;

use std::collections::HashMap;

use prost_reflect::MethodDescriptor;

use crate::granary::policy::v1::{Api, CredentialKind, Effect, Exposure, Scope, UpstreamCall};

/// Every method of `granary.*` with its policy.
#[derive(Debug)]
pub struct PolicyTable {
    methods: Vec<Method>,
    by_path: HashMap<String, usize>,
    by_tool: HashMap<String, usize>,
}

/// One method and its policy.
#[derive(Debug)]
pub struct Method {
    /// The HTTP/2 path, such as "/granary.harvest.v1.HarvestTime/LogTimeEntry".
    pub path: String,
    /// The full name of its service, such as "granary.harvest.v1.HarvestTime".
    pub service: String,
    /// The process that serves it, such as "harvest-time"; tickets are sealed for it.
    pub process: String,
    /// Where the method stands in the descriptors.
    pub descriptor: MethodDescriptor,
    /// Whether it is answered by many messages.
    pub is_stream: bool,
    /// Every one of them goes into the ticket; of each entry the first kind that the account has.
    pub needs: Vec<Vec<CredentialKind>>,
    /// A small number that is equal for methods of one process with equal needs and rights: what a ticket may be shared by.
    pub ticket_class: u16,
    /// What a call does to the world.
    pub effect: Effect,
    /// What the caller's key must hold.
    pub scope: Scope,
    /// Where the method is reachable.
    pub exposure: Exposure,
    /// The tool name; empty where it is no tool.
    pub tool: String,
    /// Other names of the tool.
    pub tool_aliases: Vec<String>,
    /// Which price applies.
    pub price: Option<Price>,
    /// The third party's endpoint, where the mapping is mechanical.
    pub upstream: Option<UpstreamCall>,
}

/// What a call of a method may do, as far as tickets say it: one for another scope, effect or exposure does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rights {
    /// What the caller's key must hold.
    pub scope: Scope,
    /// What a call does to the world.
    pub effect: Effect,
    /// Where the method is reachable; inside alone, it is a probe.
    pub exposure: Exposure,
}

/// Which price of the configured list applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    /// The name of the price.
    pub sku: String,
    /// Boolean request fields with the price that replaces it; the first that is true decides.
    pub modifiers: Vec<(String, String)>,
    /// The field that the price is multiplied by; empty where the call is billed once.
    pub times: String,
    /// The name of a price that is added once; empty where there is none.
    pub plus: String,
}

/// Why there is no table.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// The build embedded a damaged descriptor set.
    #[error("cannot read the embedded descriptors: {0}")]
    Descriptors(String),
    /// A method declares nothing.
    #[error("method {0} declares no policy")]
    Missing(String),
    /// A method declares something that cannot be.
    #[error("method {method} has an unusable policy: {fault}")]
    Unusable {
        /// The full name of the method.
        method: String,
        /// What is wrong.
        fault: String,
    },
}

impl PolicyTable {
    /// All methods, in the order of the descriptors.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    /// The method at an HTTP/2 path.
    pub fn path(&self, path: &str) -> Option<&Method> {
        self.by_path.get(path).and_then(|&i| self.methods.get(i))
    }

    /// The method behind a tool's name or alias.
    pub fn tool(&self, name: &str) -> Option<&Method> {
        self.by_tool.get(name).and_then(|&i| self.methods.get(i))
    }

    /// The methods that are tools, in the order of their names.
    pub fn tools(&self) -> Vec<&Method> {
        let mut tools: Vec<&Method> = self.methods.iter().filter(|m| !m.tool.is_empty()).collect();
        tools.sort_by(|a, b| a.tool.cmp(&b.tool));
        tools
    }

    /// The methods that one process serves.
    pub fn process<'a>(&'a self, process: &'a str) -> impl Iterator<Item = &'a Method> {
        self.methods.iter().filter(move |m| m.process == process)
    }
}

impl Method {
    /// The name as "package.Service/Method".
    pub fn name(&self) -> &str {
        self.path.trim_start_matches('/')
    }

    /// What a ticket for it must say.
    pub fn rights(&self) -> Rights {
        Rights { scope: self.scope, effect: self.effect, exposure: self.exposure }
    }

    /// The kinds that may meet one of its needs. Time tracking takes a HarvestAPI key only where an address for that is
    /// configured (`one_key`), so that one vendor's key is never sent to another company.
    pub fn alternatives(&self, need: &[CredentialKind], one_key: bool) -> Vec<CredentialKind> {
        let time = self.upstream.as_ref().is_some_and(|u| u.api() == Api::Harvest);
        let barred = |kind: &CredentialKind| time && !one_key && *kind == CredentialKind::HarvestapiKey;
        need.iter().copied().filter(|kind| !barred(kind)).collect()
    }

    /// Whether a call may last for as long as its deadline lets it: it is a stream, or waits for a run that is paid for.
    pub fn is_long(&self) -> bool {
        let waits =
            self.effect == Effect::Write && self.upstream.as_ref().is_some_and(|u| u.api() == Api::Apify);
        waits || self.is_stream
    }

    /// Whether a call may be repeated without harm.
    pub fn is_read(&self) -> bool {
        matches!(self.effect, Effect::Read | Effect::ChargedRead)
    }
}
