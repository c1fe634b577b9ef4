//! Reads the table. A method without a policy, or with one that cannot be, stops everything here, by name.
use std::collections::HashMap;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, ExtensionDescriptor, MethodDescriptor};

use super::{Error, Method, PolicyTable, Price, Rights};
use crate::granary::policy::v1::{CredentialKind, Effect, Exposure, Policy, Scope, UpstreamCall};

/// What a ticket is for: a process, what lies inside, and what may be done with it.
type TicketClass = (String, Vec<Vec<CredentialKind>>, Rights);

impl PolicyTable {
    /// Reads the table of all `granary.*` services in a pool.
    ///
    /// # Errors
    /// Names the first method that declares no policy, or an unusable one.
    pub fn read(pool: &DescriptorPool) -> Result<Self, Error> {
        let policy = extension(pool, "granary.policy.v1.policy")?;
        let upstream = extension(pool, "granary.policy.v1.upstream")?;
        let mut table = PolicyTable { methods: Vec::new(), by_path: HashMap::new(), by_tool: HashMap::new() };
        let mut classes = Vec::new();
        let process = extension(pool, "granary.policy.v1.process")?;
        for service in pool.services().filter(|s| s.full_name().starts_with("granary.")) {
            let served_by = service.options().get_extension(&process).as_str().unwrap_or_default().to_owned();
            for method in service.methods() {
                let declared: Policy =
                    option(&method, &policy)?.ok_or_else(|| Error::Missing(method.full_name().to_owned()))?;
                let upstream: Option<UpstreamCall> = option(&method, &upstream)?;
                table.add(parse(method, &served_by, declared, upstream, &mut classes)?)?;
            }
        }
        Ok(table)
    }

    fn add(&mut self, method: Method) -> Result<(), Error> {
        let index = self.methods.len();
        for name in std::iter::once(&method.tool).chain(&method.tool_aliases).filter(|n| !n.is_empty()) {
            if self.by_tool.insert(name.clone(), index).is_some() {
                return Err(unusable(&method.descriptor, format!("the tool name {name} is taken")));
            }
        }
        self.by_path.insert(method.path.clone(), index);
        self.methods.push(method);
        Ok(())
    }
}

fn extension(pool: &DescriptorPool, name: &str) -> Result<ExtensionDescriptor, Error> {
    pool.get_extension_by_name(name).ok_or_else(|| Error::Descriptors(format!("no extension {name}")))
}

/// An absent option reads as a default, so presence is asked for first.
fn option<T: Message + Default>(
    method: &MethodDescriptor,
    extension: &ExtensionDescriptor,
) -> Result<Option<T>, Error> {
    let options = method.options();
    if !options.has_extension(extension) {
        return Ok(None);
    }
    let value = options.get_extension(extension);
    let message: Option<&DynamicMessage> = value.as_message();
    let bytes = message.map(Message::encode_to_vec).unwrap_or_default();
    T::decode(bytes.as_slice()).map(Some).map_err(|e| unusable(method, e.to_string()))
}

fn parse(
    descriptor: MethodDescriptor,
    process: &str,
    policy: Policy,
    upstream: Option<UpstreamCall>,
    classes: &mut Vec<TicketClass>,
) -> Result<Method, Error> {
    let service = descriptor.parent_service().full_name().to_owned();
    let mut needs = Vec::new();
    if process.is_empty() {
        return Err(unusable(&descriptor, "its service names no process"));
    }
    for need in &policy.needs {
        let kinds: Vec<CredentialKind> = need.any_of().collect();
        if kinds.is_empty() || kinds.contains(&CredentialKind::Unspecified) {
            return Err(unusable(&descriptor, "a need names no kind"));
        }
        needs.push(kinds);
    }
    let (effect, exposure, scope) = (policy.effect(), policy.exposure(), policy.scope());
    if effect == Effect::Unspecified || exposure == Exposure::Unspecified {
        return Err(unusable(&descriptor, "effect and exposure must be declared"));
    }
    if !policy.tool.is_empty() && exposure != Exposure::Gateway {
        return Err(unusable(&descriptor, "a tool must be reachable through the gateway"));
    }
    if !needs.is_empty() && exposure == Exposure::Gateway && scope == Scope::Unspecified {
        return Err(unusable(&descriptor, "a method that needs a credential must need a scope"));
    }
    let class = (process.to_owned(), needs.clone(), Rights { scope, effect, exposure });
    let position = classes.iter().position(|c| *c == class).unwrap_or_else(|| {
        classes.push(class);
        classes.len() - 1
    });
    let ticket_class =
        u16::try_from(position).map_err(|_| unusable(&descriptor, "too many ticket classes"))?;
    Ok(Method {
        path: format!("/{service}/{}", descriptor.name()),
        service,
        process: process.to_owned(),
        needs,
        ticket_class,
        effect,
        scope,
        exposure,
        tool: policy.tool,
        tool_aliases: policy.tool_aliases,
        price: policy.price.map(|p| Price {
            sku: p.sku,
            modifiers: p.modifiers.into_iter().map(|m| (m.field, m.sku)).collect(),
            times: p.times,
            plus: p.plus,
        }),
        upstream,
        is_stream: descriptor.is_server_streaming(),
        descriptor,
    })
}

fn unusable(method: &MethodDescriptor, fault: impl Into<String>) -> Error {
    Error::Unusable { method: method.full_name().to_owned(), fault: fault.into() }
}
