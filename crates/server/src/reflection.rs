//! Reflection, v1 and v1alpha: Python's client still speaks the older one.
use tonic::service::RoutesBuilder;

/// Adds reflection over these services.
///
/// # Errors
/// Where the embedded descriptors cannot be served.
pub fn add(routes: &mut RoutesBuilder, services: &[&str]) -> Result<(), tonic_reflection::server::Error> {
    let builder = || {
        let mut builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(granary_proto::DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // So that clients without proto files can show what stands in an error's details.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET);
        for service in services.iter().chain(&["grpc.health.v1.Health"]) {
            builder = builder.with_service_name(*service);
        }
        builder
    };
    routes.add_service(builder().build_v1()?);
    routes.add_service(builder().build_v1alpha()?);
    Ok(())
}
