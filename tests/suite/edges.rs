//! Calls between services are authenticated, and a seized peer key gives nothing without a ticket.
use granary_proto::granary::gateway::v1::ListToolsRequest;
use granary_proto::granary::gateway::v1::tool_service_client::ToolServiceClient;
use granary_proto::granary::harvest::v1::GetCompanyRequest;
use granary_proto::granary::harvest::v1::harvest_time_client::HarvestTimeClient;
use granary_proto::granary::internal::v1::AuthenticateRequest;
use granary_proto::granary::internal::v1::credential_broker_client::CredentialBrokerClient;
use granary_rpc::Reason;
use granary_testkit::Cluster;
use granary_testkit::client::channel;
use tonic::Request;

use crate::support::reason;

#[tokio::test]
async fn the_broker_and_the_services_answer_the_gateway_alone() {
    let cluster = Cluster::start().await;
    let ask = || AuthenticateRequest { api_key: "x".into() };
    let mut broker = CredentialBrokerClient::new(channel(&cluster.address("broker")));
    assert_eq!(reason(broker.authenticate(ask()).await), Reason::PeerRefused);
    let mut wrong = Request::new(ask());
    wrong.metadata_mut().insert("granary-peer-key", "x".repeat(44).parse().unwrap());
    assert_eq!(reason(broker.authenticate(wrong).await), Reason::PeerRefused);
    // The broker's methods are not at the public listener, and the public ones not at the broker's.
    let mut public = CredentialBrokerClient::new(channel(&cluster.address("vault")));
    assert_eq!(public.authenticate(ask()).await.unwrap_err().code(), tonic::Code::Unimplemented);

    let mut harvest = HarvestTimeClient::new(channel(&cluster.address("harvest-time")));
    assert_eq!(reason(harvest.get_company(GetCompanyRequest::default()).await), Reason::PeerRefused);
    let key = std::fs::read_to_string(cluster.dir().join("peer-harvest")).unwrap();
    let with_edge = |ticket: Option<&[u8]>| {
        let mut request = Request::new(GetCompanyRequest::default());
        request.metadata_mut().insert("granary-peer-key", key.trim().parse().unwrap());
        request.metadata_mut().insert("granary-tenant", "default".parse().unwrap());
        request.metadata_mut().insert("granary-account", "a".parse().unwrap());
        request.metadata_mut().insert("granary-incarnation", "00".repeat(16).parse().unwrap());
        if let Some(ticket) = ticket {
            let value = tonic::metadata::MetadataValue::from_bytes(ticket);
            request.metadata_mut().insert_bin("granary-ticket-bin", value);
        }
        request
    };
    assert_eq!(reason(harvest.get_company(with_edge(None)).await), Reason::TicketRefused);
    assert_eq!(reason(harvest.get_company(with_edge(Some(b"GT1nonsense"))).await), Reason::TicketRefused);
}

#[tokio::test]
async fn a_gateway_with_the_wrong_edge_key_does_not_say_that_the_service_serves() {
    let mut cluster = Cluster::start().await;
    let second = cluster.address("gateway-2");
    let wrong = cluster.dir().join("peer-linkedin").display().to_string();
    let flags = [
        format!("--set=gateway.listen.address={second}"),
        format!("--set=gateway.harvest_time.peer_key_file={wrong}"),
    ];
    cluster.run_with("gateway-2", "gateway", &flags);
    cluster.listens("gateway-2").await;
    let mut tries = 0;
    while !cluster.serves("gateway-2", "granary.linkedin.v1.LinkedInData").await {
        tries += 1;
        assert!(tries < 200, "{}", cluster.process("gateway-2").log_text());
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(!cluster.serves("gateway-2", "granary.harvest.v1.HarvestTime").await);
    assert!(
        cluster.serves("harvest-time", "granary.harvest.v1.HarvestTime").await,
        "who sends no key is told"
    );
    let log = cluster.process("gateway-2").log_text();
    assert!(log.contains("granary.harvest.v1.HarvestTime takes calls of"), "{log}");
}

#[tokio::test]
async fn mutual_tls_takes_the_place_of_edge_keys_and_the_public_door_speaks_tls() {
    let mut cluster = Cluster::prepare("").await;
    let dir = cluster.dir().to_owned();
    let made = certificates(&dir);
    let file = |name: &str| dir.join(name).display().to_string();
    let tls = |name: &str| {
        format!(
            "{{ cert_file = \"{}\", key_file = \"{}\", client_ca_file = \"{}\", client_names = [\"gateway\"] }}",
            file("server.pem"),
            file("server.key"),
            file(name)
        )
    };
    let config = std::fs::read_to_string(cluster.config()).unwrap();
    // The same addresses, with certificates in place of keys.
    let mut text: String = config
        .lines()
        .map(|line| {
            let line = match line.find(", peer_key_file = ") {
                Some(at) if line.starts_with("server") || (line.starts_with("broker") && line.contains("listen")) => {
                    format!("{}, listen.tls = {} }}", &line[..at], tls("ca.pem"))
                }
                Some(at) => format!(
                    "{}, ca_file = \"{}\", cert_file = \"{}\", key_file = \"{}\", server_name = \"localhost\" }}",
                    &line[..at], file("ca.pem"), file("gateway.pem"), file("gateway.key")
                ),
                None => line.to_owned(),
            };
            line + "\n"
        })
        .collect();
    text = text.replace(
        "[gateway]\n",
        &format!(
            "[gateway]\nlisten.tls = {{ cert_file = \"{}\", key_file = \"{}\" }}\n",
            file("server.pem"),
            file("server.key")
        ),
    );
    std::fs::write(cluster.config(), text).unwrap();
    for service in granary_testkit::cluster::SERVICES {
        cluster.run(service);
    }
    let tls = tonic::transport::ClientTlsConfig::new()
        .ca_certificate(tonic::transport::Certificate::from_pem(&made.ca))
        .domain_name("localhost");
    let gateway = tonic::transport::Endpoint::from_shared(format!("https://{}", cluster.address("gateway")))
        .unwrap()
        .tls_config(tls.clone())
        .unwrap()
        .connect_lazy();
    let mut health = tonic_health::pb::health_client::HealthClient::new(gateway.clone());
    let mut tries = 0;
    loop {
        let request =
            tonic_health::pb::HealthCheckRequest { service: "granary.harvest.v1.HarvestTime".into() };
        match health.check(request).await {
            Ok(answer) if answer.get_ref().status == 1 => break,
            other => {
                tries += 1;
                assert!(tries < 200, "{other:?}: {}", cluster.process("gateway").log_text());
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        }
    }
    // Without a certificate of the CA, and with one that names somebody else, nobody answers.
    let stranger =
        tls.clone().identity(tonic::transport::Identity::from_pem(&made.stranger.0, &made.stranger.1));
    for tls in [tls, stranger] {
        let channel =
            tonic::transport::Endpoint::from_shared(format!("https://{}", cluster.address("harvest-time")))
                .unwrap()
                .tls_config(tls)
                .unwrap()
                .connect_lazy();
        HarvestTimeClient::new(channel).get_company(GetCompanyRequest::default()).await.unwrap_err();
    }

    // A new CA, of which certificates are shown while the old one is still trusted. What connects next takes it.
    certificates(&dir);
    let fresh = std::fs::read_to_string(dir.join("ca.pem")).unwrap();
    std::fs::write(dir.join("ca.pem"), made.ca + &fresh).unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    cluster.stop("credential-vault").await;
    cluster.run("credential-vault");
    let mut tools = ToolServiceClient::new(gateway);
    let mut tries = 0;
    loop {
        let mut request = Request::new(ListToolsRequest::default());
        request.metadata_mut().insert("authorization", "Bearer gry_unknown_unknown".parse().unwrap());
        match reason(tools.list_tools(request).await) {
            Reason::ApiKeyInvalid => break,
            other => assert!(tries < 200, "{other:?}: {}", cluster.process("gateway").log_text()),
        }
        tries += 1;
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}

struct Made {
    ca: String,
    stranger: (String, String),
}

fn certificates(dir: &std::path::Path) -> Made {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::new(Vec::new()).unwrap();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let issuer = Issuer::new(ca, ca_key);
    let issue = |names: &[&str]| {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|n| (*n).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    };
    let write = |name: &str, text: &str| granary_testkit::write_secret(dir.join(name), text);
    let server = issue(&["localhost", "127.0.0.1"]);
    let gateway = issue(&["gateway"]);
    write("ca.pem", &ca_certificate.pem());
    write("server.pem", &server.0);
    write("server.key", &server.1);
    write("gateway.pem", &gateway.0);
    write("gateway.key", &gateway.1);
    Made { ca: ca_certificate.pem(), stranger: issue(&["somebody-else"]) }
}

#[tokio::test]
async fn a_certificate_that_changes_on_disk_is_taken_without_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let first = certificates(dir.path());
    let file = |name: &str| dir.path().join(name).display().to_string();
    let tls = format!(
        "gateway.listen.tls={{ cert_file = \"{}\", key_file = \"{}\" }}",
        file("server.pem"),
        file("server.key")
    );
    let up = granary_testkit::Up::start_with(&["--set", &tls]).await;
    let trusts = |ca: String| {
        let tls = tonic::transport::ClientTlsConfig::new()
            .ca_certificate(tonic::transport::Certificate::from_pem(ca))
            .domain_name("localhost");
        let endpoint = tonic::transport::Endpoint::from_shared(format!("https://{}", up.gateway())).unwrap();
        let channel = endpoint.tls_config(tls).unwrap().connect_lazy();
        async move {
            let request = tonic_health::pb::HealthCheckRequest::default();
            tonic_health::pb::health_client::HealthClient::new(channel).check(request).await.is_ok()
        }
    };
    assert!(trusts(first.ca.clone()).await);
    // File times have a resolution.
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    let second = certificates(dir.path());
    let mut tries = 0;
    while !trusts(second.ca.clone()).await {
        tries += 1;
        assert!(tries < 100, "{}", up.process().log_text());
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(!trusts(first.ca).await);
}
