//! The names of all metadata that Granary reads or writes.

/// From callers: `Bearer KEY`.
pub const AUTHORIZATION: &str = "authorization";
/// From callers on typed upstream calls, and from the gateway to services: the account, percent-encoded UTF-8.
pub const ACCOUNT: &str = "granary-account";
/// From callers: refuse a call whose worst case costs more, in US dollars as decimal text.
pub const MAX_COST: &str = "granary-max-cost";
/// From callers: the budget that a call draws on.
pub const BUDGET: &str = "granary-budget";
/// From callers: a repeat with the same key answers with the first outcome.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// From callers, and in answers: names the request in logs.
pub const REQUEST_ID: &str = "granary-request-id";
/// W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// What belongs to a trace besides its parent.
pub const TRACESTATE: &str = "tracestate";
/// What the caller's own tracing carries along.
pub const BAGGAGE: &str = "baggage";
/// The name of a request as meshes give it; taken where a caller sends none of ours.
pub const X_REQUEST_ID: &str = "x-request-id";
/// In answers: the code of gRPC, in digits.
pub const STATUS: &str = "grpc-status";
/// The time that is left, in gRPC's own form.
pub const TIMEOUT: &str = "grpc-timeout";

/// From the gateway to services: the sealed ticket.
pub const TICKET: &str = "granary-ticket-bin";
/// From the gateway to services: the tenant.
pub const TENANT: &str = "granary-tenant";
/// From the gateway to services: the account's incarnation in hexadecimal, which differs once it was deleted and recreated.
pub const INCARNATION: &str = "granary-incarnation";
/// Between services, where they do not use mutual TLS: the peer key.
pub const PEER_KEY: &str = "granary-peer-key";

/// In trailers from services to the gateway, which strips it: what upstream made of a credential, as `kind;version;outcome`.
pub const CREDENTIAL_OUTCOME: &str = "granary-credential-outcome";
/// In an answer's headers: the run at the third party that the call follows.
pub const RUN_ID: &str = "granary-run-id";
/// In trailers to callers: what upstream billed, in micro-dollars.
pub const CHARGE_MICROS: &str = "granary-charge-micros";

/// The same as header names, made once: where calls are many, a name's text is not looked at again.
pub mod name {
    use http::HeaderName;

    macro_rules! names {
        ($($name:ident = $text:literal;)*) => {
            $(#[doc = concat!("`", $text, "`")] pub static $name: HeaderName = HeaderName::from_static($text);)*

            #[test]
            fn names_are_those_of_the_metadata() {
                $(assert_eq!($name.as_str(), super::$name);)*
            }
        };
    }

    names! {
        ACCOUNT = "granary-account";
        AUTHORIZATION = "authorization";
        BAGGAGE = "baggage";
        BUDGET = "granary-budget";
        CREDENTIAL_OUTCOME = "granary-credential-outcome";
        PEER_KEY = "granary-peer-key";
        IDEMPOTENCY_KEY = "idempotency-key";
        INCARNATION = "granary-incarnation";
        MAX_COST = "granary-max-cost";
        REQUEST_ID = "granary-request-id";
        RUN_ID = "granary-run-id";
        STATUS = "grpc-status";
        TENANT = "granary-tenant";
        TICKET = "granary-ticket-bin";
        TIMEOUT = "grpc-timeout";
        TRACEPARENT = "traceparent";
        TRACESTATE = "tracestate";
        X_REQUEST_ID = "x-request-id";
    }
}
