//! What the gateway says of itself and of the services behind it.
use granary_proto::granary::gateway::v1::Tool;
use granary_proto::granary::vault::v1::ListConnectedAccountsRequest;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use super::finding::Finding;
use crate::client::ApiClient;
use crate::exit::OPERATOR;

const STORE: &str = "store";

/// Services by the names that health knows them by, with what it means where one does not serve.
const SERVICES: [(&str, &str, &str); 4] = [
    (
        "granary.gateway.v1.ToolService",
        "admission",
        "the gateway cannot admit callers: look at credential-vault and its broker",
    ),
    (
        "granary.vault.v1.CredentialVault",
        STORE,
        "credential-vault or its store is away: look at its log, at its disk or at Vault",
    ),
    (
        "granary.harvest.v1.HarvestTime",
        "harvest-time",
        "start harvest-time, or look at the address and peer key of `gateway.harvest_time`; the gateway's log says why",
    ),
    (
        "granary.linkedin.v1.LinkedInData",
        "linkedin-data",
        "start linkedin-data, or look at the address and peer key of `gateway.linkedin_data`; the gateway's log says why",
    ),
];

/// Whether each service serves.
pub(super) async fn look(gateway: &ApiClient) -> Vec<Finding> {
    let mut found = Vec::new();
    for (service, check, next) in SERVICES {
        let request = gateway.request(HealthCheckRequest { service: service.to_owned() });
        found.push(match gateway.answer(gateway.health().check(request)).await {
            Ok(answer) if answer.status() == ServingStatus::Serving => Finding::fine(check, "serves"),
            Ok(answer) => {
                let word = answer.status().as_str_name().to_lowercase().replace('_', " ");
                let why = if check == STORE { cause(gateway).await } else { String::new() };
                Finding::fault(check, OPERATOR, format!("health says {word}{why}"), next)
            }
            Err(failure) => Finding::unseen(check, &failure),
        });
    }
    found
}

/// What a call is told that needs the store.
async fn cause(gateway: &ApiClient) -> String {
    let request = gateway.request(ListConnectedAccountsRequest { page_size: 1, ..Default::default() });
    match gateway.answer(gateway.accounts().list_connected_accounts(request)).await {
        Ok(_) => String::new(),
        Err(failure) => format!(", and a call: {}", failure.message()),
    }
}

/// Whether this command and the gateway speak of the same tools.
pub(super) fn contract(tools: &[Tool]) -> Finding {
    let version = env!("CARGO_PKG_VERSION");
    let known = crate::named::tools();
    let news: Vec<&str> =
        tools.iter().map(|tool| tool.name.as_str()).filter(|name| !known.contains(name)).collect();
    if news.is_empty() {
        Finding::fine("version", format!("granary {version} knows every tool of the gateway"))
    } else {
        let said = format!("granary {version} does not know what the gateway has: {}", news.join(", "));
        Finding::warning("version", said, "use the command of the gateway's version")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn a_gateway_that_is_newer_is_noticed() {
        let tool = |name: &str| Tool { name: name.into(), ..Tool::default() };
        assert_eq!(contract(&[tool("log_time_entry")]).level, Level::Fine);
        let newer = contract(&[tool("log_time_entry"), tool("of_tomorrow")]);
        assert!(newer.level == Level::Warning && newer.said.contains("of_tomorrow"), "{newer:?}");
    }
}
