//! The descriptors of what one listener serves: what reflection shows there is what is answered there.
use prost::Message;
use prost_reflect::{DynamicMessage, Value};

use crate::{DESCRIPTOR_SET, Method, policy, policy_table, pool};

/// The number of `FileDescriptorProto.service`, with which the place of a comment on a service begins.
const SERVICE: i32 = 6;
/// The number of `ServiceDescriptorProto.method`.
const METHOD: i32 = 2;

/// The serialized `FileDescriptorSet` with only those methods that are served, and no service without one. Options and comments
/// are kept, and so are all messages.
///
/// # Errors
/// Only where the build embedded a damaged descriptor set.
pub fn served(serves: impl Fn(&Method) -> bool) -> Result<Vec<u8>, policy::Error> {
    let (pool, table) = (pool()?, policy_table()?);
    let lacks = || policy::Error::Descriptors("they do not describe themselves".to_owned());
    let set = pool.get_message_by_name("google.protobuf.FileDescriptorSet").ok_or_else(lacks)?;
    let mut set = DynamicMessage::decode(set, DESCRIPTOR_SET)
        .map_err(|error| policy::Error::Descriptors(error.to_string()))?;
    for file in messages(&mut set, "file") {
        keep(file, &|path| table.path(path).is_some_and(&serves));
    }
    Ok(set.encode_to_vec())
}

/// What becomes of a service: its new index, and those of its methods. `None`: it is left out.
type Kept = Option<(i32, Vec<Option<i32>>)>;

fn keep(file: &mut DynamicMessage, serves: &dyn Fn(&str) -> bool) {
    let package = text(file, "package");
    let mut indexes = 0..;
    let mut kept: Vec<Kept> = Vec::new();
    for service in messages(file, "service") {
        let path = format!("/{package}.{}", text(service, "name"));
        let mut of_methods = 0..;
        let methods: Vec<Option<i32>> = messages(service, "method")
            .map(|method| serves(&format!("{path}/{}", text(method, "name"))))
            .map(|is_served| if is_served { of_methods.next() } else { None })
            .collect();
        retain(service, "method", |index| methods.get(index).copied().flatten().is_some());
        let index = if methods.iter().any(Option::is_some) { indexes.next() } else { None };
        kept.push(index.map(|index| (index, methods)));
    }
    if kept.is_empty() {
        return;
    }
    retain(file, "service", |index| kept.get(index).is_some_and(Option::is_some));
    let comments = file.get_field_by_name_mut("source_code_info").and_then(Value::as_message_mut);
    if let Some(comments) = comments {
        let places: Vec<bool> =
            messages(comments, "location").map(|location| renumber(location, &kept).is_some()).collect();
        retain(comments, "location", |index| places.get(index).copied().unwrap_or_default());
    }
}

/// Moves a comment to where its service and method stand now. `None`: they are left out.
fn renumber(location: &mut DynamicMessage, kept: &[Kept]) -> Option<()> {
    let path = location.get_field_by_name_mut("path").and_then(Value::as_list_mut)?;
    let at = |place: usize| path.get(place).and_then(Value::as_i32);
    let old = |number: i32| usize::try_from(number).ok();
    if at(0) != Some(SERVICE) {
        return Some(());
    }
    let Some(service) = at(1) else { return Some(()) };
    let (new, methods) = kept.get(old(service)?)?.as_ref()?;
    let method = if at(2) == Some(METHOD) { at(3) } else { None };
    let new_method = match method {
        Some(method) => Some((*methods.get(old(method)?)?)?),
        None => None,
    };
    for (place, number) in [(1, Some(*new)), (3, new_method)] {
        if let (Some(slot), Some(number)) = (path.get_mut(place), number) {
            *slot = Value::I32(number);
        }
    }
    Some(())
}

/// The messages of a repeated field.
fn messages<'a>(
    message: &'a mut DynamicMessage,
    field: &str,
) -> impl Iterator<Item = &'a mut DynamicMessage> + use<'a> {
    let list = message.get_field_by_name_mut(field).and_then(Value::as_list_mut);
    list.into_iter().flatten().filter_map(Value::as_message_mut)
}

fn retain(message: &mut DynamicMessage, field: &str, stays: impl Fn(usize) -> bool) {
    if let Some(list) = message.get_field_by_name_mut(field).and_then(Value::as_list_mut) {
        let mut indexes = 0..;
        list.retain(|_| indexes.next().is_some_and(&stays));
    }
}

fn text(message: &DynamicMessage, field: &str) -> String {
    message.get_field_by_name(field).and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::granary::policy::v1::Exposure;

    /// What the protos say of a method.
    fn comment(pool: &DescriptorPool, method: &str) -> String {
        let (service, name) = method.split_once('/').unwrap();
        let service = pool.get_service_by_name(service).unwrap();
        let method = service.methods().find(|m| m.name() == name).unwrap();
        let file = method.parent_file();
        let info = file.file_descriptor_proto().source_code_info.clone().unwrap();
        let location = info.location.iter().find(|l| l.path == method.path()).unwrap();
        location.leading_comments.clone().unwrap_or_default()
    }

    #[test]
    fn what_is_left_has_its_own_comments_and_options() {
        let at_gateway = |method: &Method| method.exposure == Exposure::Gateway;
        let bytes = served(at_gateway).unwrap();
        let left = DescriptorPool::decode(bytes.as_slice()).unwrap();
        let whole = pool().unwrap();
        let table = crate::PolicyTable::read(&left).unwrap();
        let expected: Vec<&Method> =
            policy_table().unwrap().methods().iter().filter(|m| at_gateway(m)).collect();
        let names = |methods: &[&Method]| methods.iter().map(|m| m.name().to_owned()).collect::<Vec<_>>();
        assert_eq!(names(&table.methods().iter().collect::<Vec<_>>()), names(&expected));
        for method in expected {
            let name = method.name();
            assert!(!comment(whole, name).is_empty(), "{name}");
            assert_eq!(comment(&left, name), comment(whole, name), "{name}");
            assert_eq!(table.path(&method.path).unwrap().scope, method.scope, "{name}");
        }
        assert!(left.services().all(|s| s.full_name() != "granary.vault.v1.Admin"));
        assert_eq!(left.all_messages().count(), whole.all_messages().count(), "messages are kept");
    }
}
