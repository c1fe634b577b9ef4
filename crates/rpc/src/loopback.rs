//! Whether a host is this machine, so that what is sent there in plain text is on no network.
use std::net::IpAddr;

/// Whether a host, as it stands in a URL or before a port, is this machine by its name or by its address.
///
/// ```
/// use granary_rpc::loopback::is_this_machine;
/// assert!(is_this_machine("localhost") && is_this_machine("127.0.0.1") && is_this_machine("[::1]"));
/// assert!(!is_this_machine("10.0.0.1") && !is_this_machine("localhost.example"));
/// ```
pub fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    // Nobody can register a name below "localhost" (RFC 6761).
    bare == "localhost"
        || bare.ends_with(".localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
