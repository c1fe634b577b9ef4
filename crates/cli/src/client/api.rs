//! One open connection: requests with the caller's key and a deadline, answers or failures that say what to do.
use std::path::Path;
use std::time::Duration;

use granary_credential::api_key::id_of;
use granary_proto::granary::gateway::v1::tool_service_client::ToolServiceClient;
use granary_proto::granary::vault::v1::admin_client::AdminClient;
use granary_proto::granary::vault::v1::credential_vault_client::CredentialVaultClient;
use granary_rpc::{Deadline, metadata};
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::health_client::HealthClient;
use tonic_types::StatusExt;
use zeroize::Zeroizing;

use super::{address::Address, spoken};
use crate::exit::Failure;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What a server's own answer to a passed deadline may take to arrive.
const GRACE_TIMEOUT: Duration = Duration::from_millis(500);
/// Largest answer: a page of tools with all of their schemas stays well below it.
const MAX_ANSWER: usize = 32 << 20;

/// What keeps others from reading on the way.
pub(super) struct Transport<'a> {
    /// The CA that certificates must come from; the system's where there is none.
    pub(super) ca_file: Option<&'a Path>,
    /// Whether plain text may go to another machine.
    pub(super) is_insecure: bool,
}

/// A connection that is made when first used.
#[derive(Clone)]
pub struct ApiClient {
    channel: Channel,
    address: Address,
    hint: &'static str,
    bearer: AsciiMetadataValue,
    /// The id in the API key; `None` where its text has another form than a key of Granary's.
    api_key_id: Option<String>,
    timeout: Duration,
}

impl ApiClient {
    /// Prepares a connection; `flag` or `variable` is where the address came from.
    pub(super) fn open(
        (flag, variable): (&str, &str),
        address: &str,
        transport: &Transport<'_>,
        timeout: Duration,
        hint: &'static str,
    ) -> Result<Self, Failure> {
        let parsed = Address::parse(address).ok_or_else(|| {
            let message = format!("must be HOST:PORT or https://HOST:PORT, is \"{address}\"");
            Failure::of_value(flag, variable, address, &message)
        })?;
        if !(parsed.is_private() || transport.is_insecure) {
            let message = format!(
                "is {}, another machine in plain text: whoever is on the way can read the API key. Use https://, or \
                 --insecure-transport where something else encrypts",
                parsed.authority()
            );
            return Err(Failure::of_value(flag, variable, address, &message));
        }
        let text = std::env::var("GRANARY_API_KEY").ok();
        let api_key_id = text.as_deref().and_then(|text| id_of(text.trim())).map(str::to_owned);
        let bearer = api_key(text)?;
        let unusable = |e: String| Failure::configuration(format!("cannot use {address}: {e}"));
        let mut endpoint = Endpoint::from_shared(parsed.uri())
            .map_err(|e| unusable(e.to_string()))?
            .tcp_nodelay(true)
            .connect_timeout(CONNECT_TIMEOUT.min(timeout));
        if let Some(tls) = parsed.tls(transport.ca_file).map_err(unusable)? {
            endpoint = endpoint.tls_config(tls).map_err(|e| unusable(e.to_string()))?;
        }
        Ok(Self { channel: endpoint.connect_lazy(), address: parsed, hint, bearer, api_key_id, timeout })
    }

    /// Whether nobody on the way can read or change what is sent.
    pub fn is_private(&self) -> bool {
        self.address.is_private()
    }

    /// The id of the caller's key, for which credentials are sealed: known without asking anybody.
    pub fn api_key_id(&self) -> Result<&str, Failure> {
        let unknown =
            || Failure::configuration("GRANARY_API_KEY must hold an API key of Granary's: grn_ID_SECRET");
        self.api_key_id.as_deref().ok_or_else(unknown)
    }

    /// Where it leads.
    pub fn uri(&self) -> String {
        self.address.uri()
    }

    /// Health, which needs no key.
    pub fn health(&self) -> HealthClient<Channel> {
        HealthClient::new(self.channel.clone())
    }

    /// Accounts and credentials.
    pub fn accounts(&self) -> CredentialVaultClient<Channel> {
        CredentialVaultClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// Tenants and API keys; at credential-vault's own address only.
    pub fn admin(&self) -> AdminClient<Channel> {
        AdminClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// Tools by name; at the gateway only.
    pub fn tools(&self) -> ToolServiceClient<Channel> {
        ToolServiceClient::new(self.channel.clone()).max_decoding_message_size(MAX_ANSWER)
    }

    /// A request with the caller's key and a deadline.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert(metadata::AUTHORIZATION, self.bearer.clone());
        let timeout = Deadline::after(self.timeout).header();
        if let Ok(timeout) = AsciiMetadataValue::try_from(timeout.as_bytes()) {
            request.metadata_mut().insert(metadata::TIMEOUT, timeout);
        }
        request
    }

    /// A request for an answer that takes its time.
    pub fn long_request<T>(&self, message: T, time: Duration) -> Request<T> {
        Self { timeout: time, ..self.clone() }.request(message)
    }

    /// Waits for an answer, no longer than the deadline.
    pub async fn answer<T>(
        &self,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        match tokio::time::timeout(self.timeout + GRACE_TIMEOUT, call).await {
            Ok(Ok(response)) => Ok(response.into_inner()),
            Ok(Err(status)) => Err(self.failure(status).await),
            Err(_) => Err(Deadline::error().into()),
        }
    }

    /// The same for a call about an account, which is named in what a refusal proposes.
    pub async fn answer_for<T>(
        &self,
        account: &str,
        call: impl Future<Output = Result<Response<T>, Status>>,
    ) -> Result<T, Failure> {
        self.answer(call).await.map_err(|failure| failure.for_account(account))
    }

    /// What a refusal means to whoever gave the command.
    pub async fn failure(&self, status: Status) -> Failure {
        let silent = status.get_details_error_info().is_none();
        // The transport ends a call at its deadline by cancelling it.
        if silent && (status.code() == Code::DeadlineExceeded || status.message() == "Timeout expired") {
            return Deadline::error().into();
        }
        let nowhere = matches!(status.code(), Code::Unknown | Code::Internal | Code::Unavailable);
        if silent
            && nowhere
            && let Some(wrong) = spoken::wrong(&self.address, &status).await
        {
            return Failure::unreachable(format!("{wrong}; {}", self.hint));
        }
        Failure::from(status).or_hint(&self.address.uri(), self.hint)
    }
}

/// The header of a key.
fn api_key(text: Option<String>) -> Result<AsciiMetadataValue, Failure> {
    let text = Zeroizing::new(text.unwrap_or_default());
    let key = text.trim();
    if key.is_empty() {
        return Err(Failure::configuration(
            "GRANARY_API_KEY is not set; `granary up` prints a key at its first start, and \
             `granary keys create --help` says how to make another",
        ));
    }
    if !key.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Failure::configuration("GRANARY_API_KEY holds characters that no API key has"));
    }
    let bearer = Zeroizing::new(format!("Bearer {key}"));
    let mut value = AsciiMetadataValue::try_from(bearer.as_str())
        .map_err(|_| Failure::configuration("GRANARY_API_KEY holds characters that no API key has"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_never_shown() {
        let value = api_key(Some("grn_secret\n".into())).unwrap();
        assert_eq!(value, "Bearer grn_secret");
        assert!(!format!("{value:?}").contains("secret"));
        let failure = api_key(Some("grn secret".into())).unwrap_err();
        assert_eq!(failure.code(), 3);
        assert!(!format!("{failure:?}{}", failure.text()).contains("secret"));
    }

    #[test]
    fn a_missing_key_says_how_to_get_one() {
        for text in [None, Some(String::new()), Some(" \n".into())] {
            let failure = api_key(text).unwrap_err();
            assert_eq!(failure.code(), 3);
            assert!(failure.text().contains("granary up") && failure.text().contains("granary keys create"));
        }
    }

    #[tokio::test]
    async fn nobody_there_is_granarys_own_and_says_what_to_try() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        drop(taken);
        let api = api(&address, Duration::from_secs(5));
        let failure =
            api.answer(api.admin().list_tenants(api.request(Default::default()))).await.unwrap_err();
        assert_eq!(failure.code(), 7);
        assert!(failure.text().contains("try it"), "{}", failure.text());
        assert!(failure.text().contains(&address), "{}", failure.text());
    }

    #[tokio::test]
    async fn a_silent_server_is_waited_for_until_the_deadline() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let api = api(&silent.local_addr().unwrap().to_string(), Duration::from_millis(200));
        let failure =
            api.answer(api.admin().list_tenants(api.request(Default::default()))).await.unwrap_err();
        assert!(failure.text().contains("DEADLINE_EXCEEDED"), "{}", failure.text());
        assert_eq!(failure.code(), 4);
    }

    fn api(address: &str, timeout: Duration) -> ApiClient {
        let parsed = Address::parse(address).unwrap();
        let channel = Endpoint::from_shared(parsed.uri()).unwrap().connect_lazy();
        let bearer = api_key(Some("grn_test".into())).unwrap();
        ApiClient { channel, address: parsed, hint: "try it", bearer, api_key_id: None, timeout }
    }
}
