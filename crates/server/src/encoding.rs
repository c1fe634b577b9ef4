//! How messages are compressed: not at all, or by gzip. Requests may be, answers are where a setting says so.
use std::io::Read;

use bytes::Bytes;
use flate2::read::GzDecoder;
use granary_rpc::{Error, Reason};
use http::{HeaderMap, HeaderName, HeaderValue};

/// How the messages of a request or an answer are compressed.
pub(crate) const ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");
/// What the other side may use.
pub(crate) const ACCEPT_ENCODING: HeaderName = HeaderName::from_static("grpc-accept-encoding");
/// What we take, told with every answer.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("identity,gzip");
pub(crate) const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");

/// Whether a request's encoding is taken. Reflection, whose messages are a line long, takes none.
pub(crate) fn is_known(encoding: &HeaderValue, path: &str) -> bool {
    *encoding == IDENTITY || (*encoding == GZIP && !path.starts_with("/grpc.reflection."))
}

/// Takes the encoding out of a request's headers; whether it is gzip.
pub fn take(headers: &mut HeaderMap) -> bool {
    if !headers.contains_key(&ENCODING) {
        return false;
    }
    let is_gzip = headers.get_all(&ENCODING).iter().any(|value| *value == GZIP);
    headers.remove(&ENCODING);
    is_gzip
}

/// Whether a caller takes answers in gzip.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|name| name.trim() == "gzip")
}

/// Inflates a message, of which no more than so many bytes come.
pub(crate) fn inflate(packed: &[u8], limit: usize) -> Result<Bytes, Error> {
    let mut message = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let read = GzDecoder::new(packed).take(most).read_to_end(&mut message);
    if message.len() > limit {
        let text =
            format!("a message that inflates to more than {limit} bytes is larger than those that are taken");
        return Err(Error::new(Reason::LimitExceeded, text).with("subject", "message_bytes"));
    }
    match read {
        Ok(_) => Ok(message.into()),
        Err(_) => Err(Error::new(Reason::InvalidInput, "the request's message cannot be read as gzip")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(message: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(message).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn what_inflates_to_more_than_the_limit_is_refused_and_reserves_no_more() {
        assert_eq!(inflate(&gzip(b"hello"), 5).unwrap(), "hello");
        let bomb = gzip(&vec![0; 64 << 20]);
        assert!(bomb.len() < 1 << 20);
        assert_eq!(inflate(&bomb, 1_000).unwrap_err().reason(), Reason::LimitExceeded);
        for broken in [b"".as_slice(), b"hello", &gzip(b"hello")[..12]] {
            assert_eq!(inflate(broken, 5).unwrap_err().reason(), Reason::InvalidInput, "{broken:?}");
        }
    }

    #[test]
    fn encodings_are_known_by_their_names() {
        let headers = |value: &str| HeaderMap::from_iter([(ENCODING, value.parse().unwrap())]);
        for (value, path, is_known) in [
            ("identity", "/a/B", true),
            ("gzip", "/a/B", true),
            ("gzip", "/grpc.health.v1.Health/Check", true),
            ("gzip", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", false),
            ("zstd", "/a/B", false),
            ("", "/a/B", false),
        ] {
            assert_eq!(super::is_known(&value.parse().unwrap(), path), is_known, "{value} {path}");
        }
        let mut taken = headers("gzip");
        assert!(take(&mut taken) && taken.is_empty() && !take(&mut headers("identity")));
        let accepts = HeaderMap::from_iter([(ACCEPT_ENCODING, "identity, deflate,gzip".parse().unwrap())]);
        assert!(takes_gzip(&accepts) && !takes_gzip(&HeaderMap::new()));
    }
}
