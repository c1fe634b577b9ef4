//! The mechanical mapping from a request message to a call, driven by the options in the proto.
use granary_proto::Method;
use granary_proto::granary::policy::v1::{Join, Verb};
use granary_proto::options;
use granary_rpc::{Error, Reason, Violation};
use prost_reflect::{DynamicMessage, FieldDescriptor, ReflectMessage};
use serde_json::{Map, Value as Json};

use super::Call;
use super::value::{self, Scalar, ValueFault};
use crate::origin::{encode, is_dots};

pub(super) fn call(method: &Method, message: &DynamicMessage) -> Result<Call, Error> {
    let Some(upstream) = &method.upstream else {
        return Err(unmappable(method, "it declares no upstream endpoint"));
    };
    let verb = upstream.verb();
    let template = template(&upstream.path).ok_or_else(|| unmappable(method, "its path is malformed"))?;
    let mut faults = Vec::new();
    let mut parameters: Vec<Parameter> = Vec::new();
    for field in message.descriptor().fields() {
        match parameter(&field, message) {
            Ok(Some(parameter)) => parameters.push(parameter),
            Ok(None) => {}
            Err(ValueFault::Value(fault)) => faults.push(violation(field.name(), fault)),
            Err(ValueFault::Type) => return Err(unmappable(method, "a field has no mechanical form")),
        }
    }
    let path = fill(&template, &mut parameters, &mut faults);
    if !faults.is_empty() {
        return Err(Error::invalid(faults));
    }
    let mut call = Call::for_method(method, verb, path);
    match (verb, upstream.in_query) {
        (Verb::Unspecified, _) => return Err(unmappable(method, "its verb is not declared")),
        (Verb::Post | Verb::Patch, false) => call.body = body(parameters),
        (Verb::Get | Verb::Delete, _) | (_, true) => {
            let pair = |p: Parameter| (p.upstream, p.value.text(p.join));
            // In a query an empty text says nothing.
            call.query = parameters.into_iter().map(pair).filter(|(_, text)| !text.is_empty()).collect();
        }
    }
    Ok(call)
}

/// A fault of ours: a method whose declaration cannot be mapped.
pub(super) fn unmappable(method: &Method, fault: &str) -> Error {
    Error::new(Reason::Internal, format!("method {} cannot be mapped: {fault}", method.name()))
}

struct Parameter {
    field: String,
    upstream: String,
    join: Join,
    value: Scalar,
}

/// Pieces of a path: fixed text, or the name of a field.
enum Piece<'a> {
    Text(&'a str),
    Field(&'a str),
}

fn template(path: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some((text, tail)) = rest.split_once('{') {
        let (name, tail) = tail.split_once('}')?;
        pieces.push(Piece::Text(text));
        pieces.push(Piece::Field(name));
        rest = tail;
    }
    pieces.push(Piece::Text(rest));
    path.starts_with('/').then_some(pieces)
}

fn parameter(field: &FieldDescriptor, message: &DynamicMessage) -> Result<Option<Parameter>, ValueFault> {
    let rule = options::field_rule(field);
    if rule.local {
        return Ok(None);
    }
    let kind = field.kind();
    let value = if message.has_field(field) {
        value::scalar(&kind, &message.get_field(field))?
    } else if rule.default_value.is_empty() {
        None
    } else {
        Some(value::default(&kind, &rule.default_value)?)
    };
    let upstream = rule.upstream.first().map_or(field.name(), String::as_str).to_owned();
    let value = value.map(|value| match value {
        Scalar::Text(text) if !rule.template.is_empty() => Scalar::Text(rule.template.replace("{}", &text)),
        value => value,
    });
    Ok(value.map(|value| Parameter { field: field.name().to_owned(), upstream, join: rule.join(), value }))
}

/// Takes the parameters that the path names out of the list.
fn fill(template: &[Piece<'_>], parameters: &mut Vec<Parameter>, faults: &mut Vec<Violation>) -> String {
    let mut path = String::new();
    let mut used = Vec::new();
    for piece in template {
        match piece {
            Piece::Text(text) => path.push_str(text),
            Piece::Field(name) => {
                match parameters.iter().find(|p| p.field == *name).map(|p| p.value.text(p.join)) {
                    None => faults.push(violation(name, "must be set")),
                    Some(text) if text.is_empty() => faults.push(violation(name, "must not be empty")),
                    Some(text) if is_dots(&text) => {
                        faults.push(violation(name, "must not be a relative path"));
                    }
                    Some(text) => {
                        path.push_str(&encode(&text));
                        used.push(*name);
                    }
                }
            }
        }
    }
    parameters.retain(|p| !used.contains(&p.field.as_str()));
    path
}

/// The JSON body; none at all where there is no field to send.
fn body(parameters: Vec<Parameter>) -> Option<Json> {
    if parameters.is_empty() {
        return None;
    }
    Some(Json::Object(parameters.into_iter().map(|p| (p.upstream, p.value.json())).collect::<Map<_, _>>()))
}

fn violation(field: &str, description: &str) -> Violation {
    Violation { field: field.to_owned(), description: description.to_owned() }
}

#[cfg(test)]
mod tests;
