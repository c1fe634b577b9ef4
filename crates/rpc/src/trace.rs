//! W3C trace context: which headers are well-formed, and the trace that they name.
use http::HeaderValue;

/// Longest `tracestate` and `baggage` that are passed on, in bytes.
const MAX_BYTES: usize = 512;

/// Whether this is a `traceparent`: version "-" trace id "-" parent id "-" flags, in lower-case hexadecimal.
pub fn is_parent(value: &HeaderValue) -> bool {
    let parts: Vec<&[u8]> = value.as_bytes().split(|b| *b == b'-').collect();
    let lengths: Vec<usize> = parts.iter().map(|p| p.len()).collect();
    let is_hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
    lengths == [2, 32, 16, 2]
        && parts.iter().all(|part| part.iter().all(is_hex))
        && parts[0] != b"ff"
        && parts[1..3].iter().all(|part| part.iter().any(|b| *b != b'0'))
}

/// The trace id of a well-formed `traceparent`, as it stands in logs.
pub fn id(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok()?.split('-').nth(1)
}

/// Whether a `tracestate` or `baggage` is passed on: visible, and not long.
pub fn is_carried(value: &HeaderValue) -> bool {
    value.len() <= MAX_BYTES && value.to_str().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_parent_names_a_trace() {
        let parent = |text: &'static str| HeaderValue::from_static(text);
        let good = parent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
        assert!(is_parent(&good));
        assert_eq!(id(&good), Some("0af7651916cd43dd8448eb211c80319c"));
        for bad in [
            "",
            "nonsense",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        ] {
            assert!(!is_parent(&parent(bad)), "{bad}");
        }
    }
}
