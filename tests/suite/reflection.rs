//! Reflection shows what is served where it is asked: a generated client has no method that can only be refused.
use std::collections::BTreeSet;

use granary_rpc::{Reason, error};
use granary_testkit::Up;
use prost::Message;
use prost_types::FileDescriptorProto;
use tonic::{Code, Request, Status};
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest as Ask;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse as Told;

use crate::support::call_by_path;

/// What reflection answers at an address; an error where it has nothing of that name.
async fn ask(address: &str, question: Ask) -> Result<Told, Status> {
    let mut client = ServerReflectionClient::new(granary_testkit::client::channel(address));
    let question = ServerReflectionRequest { host: String::new(), message_request: Some(question) };
    let asked = client.server_reflection_info(Request::new(tokio_stream::once(question))).await?;
    let answer = asked.into_inner().message().await?;
    Ok(answer.and_then(|answer| answer.message_response).expect("an answer"))
}

/// The services that reflection lists, and the paths of all methods in their descriptors.
async fn listed(address: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let Ok(Told::ListServicesResponse(services)) = ask(address, Ask::ListServices(String::new())).await
    else {
        panic!("no list of services")
    };
    let services = services.service.into_iter().map(|s| s.name).filter(|name| name.starts_with("granary."));
    let services: BTreeSet<String> = services.collect();
    let mut paths = BTreeSet::new();
    for service in &services {
        let Ok(Told::FileDescriptorResponse(files)) =
            ask(address, Ask::FileContainingSymbol(service.clone())).await
        else {
            panic!("no file for {service}")
        };
        for file in &files.file_descriptor_proto {
            let file = FileDescriptorProto::decode(file.as_slice()).unwrap();
            for found in &file.service {
                let service = format!("{}.{}", file.package(), found.name());
                paths.extend(found.method.iter().map(|method| format!("/{service}/{}", method.name())));
            }
        }
    }
    (services, paths)
}

#[tokio::test]
async fn reflection_shows_exactly_what_its_listener_answers() {
    let up = Up::start().await;
    for address in [up.gateway(), up.vault()] {
        let (mut answered, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for method in granary_proto::policy_table().unwrap().methods() {
            let status = call_by_path(address, up.api_key(), &method.path, &[], &[]).await;
            match error::reason_of(&status) {
                Some(Reason::MethodUnknown | Reason::MethodNotHere) => refused.insert(method.path.clone()),
                _ => answered.insert(method.path.clone()),
            };
        }
        assert!(answered.len() >= 18 && refused.len() >= 10, "{address}: {answered:?} {refused:?}");
        let (services, paths) = listed(address).await;
        assert_eq!(paths, answered, "{address}");
        let of_methods: BTreeSet<String> =
            answered.iter().filter_map(|path| Some(path[1..].split_once('/')?.0.to_owned())).collect();
        assert_eq!(services, of_methods, "{address}");
        // What is not listed cannot be asked for by its name either.
        for path in &refused {
            let symbol = path[1..].replace('/', ".");
            let told = ask(address, Ask::FileContainingSymbol(symbol.clone())).await;
            assert_eq!(told.unwrap_err().code(), Code::NotFound, "{address} describes {symbol}");
        }
    }
}
