//! Page tokens: a position, sealed beside the list, the tenant and the filter, so that a token serves its own list only. What it
//! says of accounts that its holder may not see, it says to nobody.
use data_encoding::BASE64URL_NOPAD;
use granary_credential::{Key, aead};
use granary_rpc::Violation;

const MAX_TOKEN: usize = 1_024;
const DEFAULT_SIZE: usize = 100;
const MAX_SIZE: usize = 1_000;

/// What one token belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listing<'a> {
    pub(crate) list: &'static str,
    pub(crate) tenant: &'a str,
    pub(crate) filter: &'a str,
}

impl Listing<'_> {
    /// The token for the page that comes after a position; empty after the last page.
    pub(crate) fn token(&self, key: &Key, after: Option<&str>) -> String {
        let Some(position) = after else { return String::new() };
        let sealed = aead::seal(key, &self.beside(), position.as_bytes());
        sealed.map(|sealed| BASE64URL_NOPAD.encode(&sealed)).unwrap_or_default()
    }

    /// The position in a token; `None` for the first page.
    pub(crate) fn position(&self, key: &Key, token: &str, faults: &mut Vec<Violation>) -> Option<String> {
        if token.is_empty() {
            return None;
        }
        let position = self.read(key, token);
        if position.is_none() {
            faults.push(Violation {
                field: "page_token".to_owned(),
                description: "must be the next_page_token of an answer to the same request".to_owned(),
            });
        }
        position
    }

    fn read(&self, key: &Key, token: &str) -> Option<String> {
        if token.len() > MAX_TOKEN {
            return None;
        }
        let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let position = aead::open(key, &self.beside(), &sealed)?;
        Some(std::str::from_utf8(&position).ok()?.to_owned())
    }

    fn beside(&self) -> Vec<u8> {
        let mut beside = Vec::new();
        for part in [self.list, self.tenant, self.filter] {
            beside.extend_from_slice(&(part.len() as u64).to_be_bytes());
            beside.extend_from_slice(part.as_bytes());
        }
        beside
    }
}

/// The size of a page as asked for; one above the largest is lowered to it.
pub(crate) fn size(asked: i32, faults: &mut Vec<Violation>) -> usize {
    match usize::try_from(asked) {
        Ok(0) => DEFAULT_SIZE,
        Ok(size) => size.min(MAX_SIZE),
        Err(_) => {
            faults.push(Violation {
                field: "page_size".to_owned(),
                description: "must not be negative; 0 stands for 100, and 1,000 is the largest".to_owned(),
            });
            DEFAULT_SIZE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_above_the_largest_is_lowered_and_a_negative_one_refused() {
        let mut faults = Vec::new();
        let sizes = [0, 1, 1_000, 1_001, i32::MAX].map(|asked| size(asked, &mut faults));
        assert_eq!((sizes, faults.len()), ([DEFAULT_SIZE, 1, MAX_SIZE, MAX_SIZE, MAX_SIZE], 0));
        size(-1, &mut faults);
        assert_eq!(faults[0].field, "page_size");
    }

    #[test]
    fn a_token_serves_its_own_list_only() {
        let key = Key::random();
        let listing = Listing { list: "accounts", tenant: "acme", filter: "" };
        let token = listing.token(&key, Some("0af/ff"));
        let mut faults = Vec::new();
        assert_eq!(listing.position(&key, &token, &mut faults).as_deref(), Some("0af/ff"));
        assert_eq!(listing.position(&key, "", &mut faults), None);
        let inside = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
        assert!(!inside.windows(6).any(|part| part == b"0af/ff"), "the position is not told");
        assert_ne!(listing.token(&key, Some("0af/ff")), token);
        assert!(faults.is_empty());
        for other in [
            Listing { tenant: "other", ..listing },
            Listing { filter: "ACTIVE", ..listing },
            Listing { list: "keys", ..listing },
        ] {
            assert_eq!(other.position(&key, &token, &mut faults), None);
        }
        assert_eq!(listing.position(&Key::random(), &token, &mut faults), None);
        assert_eq!(listing.position(&key, &format!("{token}A"), &mut faults), None);
        assert_eq!(faults.len(), 5);
    }
}
