//! HTTP/2's error codes as texts for metrics and logs.
use h2::Reason;

const TEXTS: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

/// The name of a code, as RFC 9113 has it.
pub(super) fn text(reason: Reason) -> &'static str {
    usize::try_from(u32::from(reason)).ok().and_then(|code| TEXTS.get(code)).copied().unwrap_or("UNKNOWN")
}

/// Counts a GOAWAY of our own to a caller.
pub(super) fn sent(reason: Reason) {
    goaway("sent", "server", text(reason));
}

/// Counts a GOAWAY that ended a connection.
pub(super) fn count(error: &h2::Error, side: &'static str) {
    if !error.is_go_away() {
        return;
    }
    let reason = error.reason().map_or("UNKNOWN", text);
    let direction = if error.is_remote() { "received" } else { "sent" };
    goaway(direction, side, reason);
}

fn goaway(direction: &'static str, side: &'static str, reason: &'static str) {
    metrics::counter!("granary_goaways_total", "direction" => direction, "side" => side, "reason" => reason)
        .increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_names_of_the_standard() {
        assert_eq!(text(Reason::ENHANCE_YOUR_CALM), "ENHANCE_YOUR_CALM");
        assert_eq!(text(Reason::HTTP_1_1_REQUIRED), "HTTP_1_1_REQUIRED");
        assert_eq!(text(Reason::from(99)), "UNKNOWN");
    }
}
