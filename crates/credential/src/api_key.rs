//! The text of an API key: `grn_` + id (12 characters) + `_` + secret (43 characters, 256 bits), all letters and digits.
use rand::RngExt;
use rand::distr::Alphanumeric;

use crate::{Secret, fingerprint};

const PREFIX: &str = "grn_";
const ID: usize = 12;
const SECRET: usize = 43;

/// A fresh key: its id and its text.
pub fn fresh() -> (String, Secret) {
    let id = random(ID);
    let mut text = String::with_capacity(PREFIX.len() + ID + 1 + SECRET);
    text.push_str(PREFIX);
    text.push_str(&id);
    text.push('_');
    text.extend(rand::rng().sample_iter(Alphanumeric).take(SECRET).map(char::from));
    (id, Secret::new(text))
}

/// The id inside a text of the right form. It is no secret: logs, lists and sealed boxes name a key by it.
pub fn id_of(text: &str) -> Option<&str> {
    let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
    let sound = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_alphanumeric());
    (sound(id, ID) && sound(secret, SECRET)).then_some(id)
}

/// Whether a text can be a key's id.
pub fn is_id(text: &str) -> bool {
    text.len() == ID && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// What is stored of the text. 256 random bits need no slow hash.
pub fn hash(text: &str) -> [u8; 32] {
    fingerprint::sha256(text.as_bytes())
}

fn random(length: usize) -> String {
    rand::rng().sample_iter(Alphanumeric).take(length).map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_key_reads_back_and_near_misses_do_not() {
        let (id, text) = fresh();
        assert_eq!(id_of(text.expose()), Some(id.as_str()));
        assert_eq!(text.expose().len(), 60);
        let short = &text.expose()[..59];
        let spaced = text.expose().replace("grn_", "grn_ ");
        for bad in ["", "grn_", "grn_a_b", "Grn_", short, &spaced, &format!("{}x", text.expose())] {
            assert_eq!(id_of(bad), None, "{bad}");
        }
    }
}
