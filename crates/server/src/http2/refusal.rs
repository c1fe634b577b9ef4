//! Requests that are no gRPC calls, or have too much in their headers: answered before anything looks at them.
use std::time::Duration;

use bytes::Bytes;
use granary_rpc::metadata::name;
use granary_rpc::{Error, Reason};
use h2::server::SendResponse;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;

use super::body::Incoming;
use crate::encoding;
use crate::limits::Limits;

/// What HPACK counts for a header besides its name and value.
const PER_HEADER: usize = 32;
/// Most headers of a request. Each takes a byte on the wire where it was sent before, and here many times what HPACK counts.
const MAX_FIELDS: usize = 128;

/// Most characters of an unknown encoding that are repeated.
const MAX_SHOWN: usize = 40;

/// The answer to a request that is refused, and the limit or form that it misses.
pub(super) fn check<B>(request: &Request<B>, limits: &Limits) -> Option<(&'static str, Response<()>)> {
    let headers = request.headers();
    let most = usize::try_from(limits.max_header_bytes).unwrap_or(usize::MAX);
    if headers.len() > MAX_FIELDS {
        let error =
            Error::new(Reason::LimitExceeded, format!("the request has more than {MAX_FIELDS} headers"))
                .with("subject", "header_fields");
        return Some(("header_fields", too_large(error)));
    }
    let seen = Seen::of(headers, request.uri().path());
    if seen.bytes > most {
        let error = Error::new(
            Reason::LimitExceeded,
            format!("the headers have more than {most} bytes, each counted with {PER_HEADER} more"),
        )
        .with("subject", "header_bytes");
        return Some(("header_bytes", too_large(error)));
    }
    if request.method() != Method::POST {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED);
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
        return Some(("method", response));
    }
    if seen.types != 1 || !seen.is_grpc {
        return Some(("content_type", plain(StatusCode::UNSUPPORTED_MEDIA_TYPE)));
    }
    if let Some(encoding) = seen.unknown_encoding {
        let shown: String = encoding.to_str().unwrap_or_default().chars().take(MAX_SHOWN).collect();
        let text = format!(
            "no message of this method is taken in the encoding \"{shown}\": send it without compression, or calls that are no \
             reflection in \"gzip\""
        );
        return Some(("encoding", Error::new(Reason::EncodingUnknown, text).into_status().into_http()));
    }
    if seen.timeouts > 1 {
        let error = Error::new(Reason::InvalidInput, "grpc-timeout must stand once");
        return Some(("grpc_timeout", error.into_status().into_http()));
    }
    None
}

/// How long a refusal waits for the end of its request.
const END_TIMEOUT: Duration = Duration::from_millis(100);

/// Answers a request that is refused. It is let end first, if that is soon: an answer before it resets the stream, and races
/// with what is under way on it.
pub(super) async fn tell(
    mut request: Incoming,
    mut respond: SendResponse<Bytes>,
    mut response: Response<()>,
) {
    let rest = async { while let Some(Ok(_)) = request.frame().await {} };
    // Whoever takes longer is told in the middle of it.
    let _ = tokio::time::timeout(END_TIMEOUT, rest).await;
    // An error says that the caller has left.
    response.headers_mut().insert(encoding::ACCEPT_ENCODING, encoding::ACCEPTED);
    let _ = respond.send_response(response, true);
}

fn too_large(error: Error) -> Response<()> {
    let mut response = error.into_status().into_http();
    *response.status_mut() = StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE;
    response
}

fn plain(status: StatusCode) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = status;
    response
}

/// `application/grpc`, alone, with `+proto`, or with parameters. What else stands behind it is another protocol.
fn is_grpc(value: &[u8]) -> bool {
    let Some(rest) = value.strip_prefix(b"application/grpc") else { return false };
    let rest = rest.strip_prefix(b"+proto").unwrap_or(rest);
    matches!(rest.trim_ascii_start(), [] | [b';', ..])
}

/// What one walk over a request's headers finds: each look for one by its name hashes the name.
#[derive(Default)]
struct Seen<'a> {
    bytes: usize,
    types: usize,
    /// Whether every content type is gRPC's.
    is_grpc: bool,
    timeouts: usize,
    unknown_encoding: Option<&'a HeaderValue>,
}

impl<'a> Seen<'a> {
    fn of(headers: &'a HeaderMap, path: &str) -> Self {
        let mut seen = Self { is_grpc: true, ..Self::default() };
        for (name, value) in headers {
            seen.bytes += name.as_str().len() + value.len() + PER_HEADER;
            if *name == CONTENT_TYPE {
                seen.types += 1;
                seen.is_grpc &= is_grpc(value.as_bytes());
            } else if *name == name::TIMEOUT {
                seen.timeouts += 1;
            } else if *name == encoding::ENCODING && !encoding::is_known(value, path) {
                seen.unknown_encoding.get_or_insert(value);
            }
        }
        seen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&'static str, String)]) -> Request<()> {
        let mut request = Request::builder().method(Method::POST);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn only_grpc_is_grpc() {
        for good in [
            "application/grpc",
            "application/grpc+proto",
            "application/grpc;x=1",
            "application/grpc+proto; y",
        ] {
            assert!(is_grpc(good.as_bytes()), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/json",
            "application/grpc+json",
            "application/grpc-web+proto",
            "application/grpc-web-text",
            "application/grpcx",
        ] {
            assert!(!is_grpc(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn headers_above_the_limit_and_a_second_timeout_are_refused() {
        let grpc = ("content-type", "application/grpc".to_owned());
        let limits = Limits { max_header_bytes: 1_000, ..Limits::default() };
        let refused =
            |headers: &[_]| check(&request(headers), &limits).map(|(why, r)| (why, r.status().as_u16()));
        assert_eq!(refused(std::slice::from_ref(&grpc)), None);
        assert_eq!(refused(&[("x", "1".repeat(968))]), Some(("header_bytes", 431)));
        assert_eq!(refused(&[("content-type", "text/plain".to_owned())]), Some(("content_type", 415)));
        let many = |count| vec![("x", String::new()); count];
        assert_eq!(refused(&many(MAX_FIELDS + 1)), Some(("header_fields", 431)));
        assert_eq!(refused(&many(MAX_FIELDS)), Some(("header_bytes", 431)));
        let timeout = ("grpc-timeout", "1S".to_owned());
        assert_eq!(refused(&[grpc.clone(), timeout.clone()]), None);
        assert_eq!(refused(&[grpc, timeout.clone(), timeout]), Some(("grpc_timeout", 200)));
    }
}
