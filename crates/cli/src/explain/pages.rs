//! The pages of `docs/errors`, as they were when this command was built.

macro_rules! pages {
    ($($reason:ident)*) => {
        &[$((stringify!($reason), include_str!(concat!("../../../../docs/errors/", stringify!($reason), ".md")))),*]
    };
}

/// Each reason with its page, in the order of the alphabet.
pub(super) const PAGES: &[(&str, &str)] = pages! {
    ACCOUNT_DISABLED
    ACCOUNT_HEADER_INVALID
    ACCOUNT_NOT_ALLOWED
    ACCOUNT_NOT_FOUND
    ALREADY_EXISTS
    API_KEY_EXPIRED
    API_KEY_INVALID
    API_KEY_MISSING
    CONFIGURATION
    COST_CAP_EXCEEDED
    CREDENTIAL_EXPIRED
    CREDENTIAL_MISSING
    CREDENTIAL_REJECTED
    CREDENTIAL_REVOKED
    DEADLINE_EXCEEDED
    ENCODING_UNKNOWN
    INTERNAL
    INVALID_INPUT
    LIMIT_EXCEEDED
    METHOD_NOT_HERE
    METHOD_UNKNOWN
    NOT_ASSIGNED
    NOT_FOUND
    OUT_OF_CREDIT
    OVERLOADED
    PEER_REFUSED
    SCOPE_MISSING
    SEAL_EXPIRED
    SEAL_INVALID
    SEAL_REPLAYED
    SERVICE_UNAVAILABLE
    STORE_UNAVAILABLE
    TICKET_REFUSED
    TIMER_MODE_MISMATCH
    TOOL_UNKNOWN
    UNEXPECTED
    UNEXPLAINED
    UNKNOWN_OUTCOME
    UNREACHABLE
    UPSTREAM_CONFLICT
    UPSTREAM_FORBIDDEN
    UPSTREAM_INVALID_INPUT
    UPSTREAM_MALFORMED
    UPSTREAM_NOT_FOUND
    UPSTREAM_THROTTLED
    UPSTREAM_UNAVAILABLE
    USAGE
    VERSION_CONFLICT
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_here_in_its_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/errors");
        let names =
            std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> =
            names.filter_map(|name| Some(name.strip_suffix(".md")?.to_owned())).collect();
        names.retain(|name| name != "README");
        names.sort();
        assert_eq!(PAGES.iter().map(|(name, _)| *name).collect::<Vec<_>>(), names);
    }
}
