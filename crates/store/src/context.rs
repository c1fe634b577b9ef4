//! What a sealed value belongs to. It is part of the key derivation and of the associated data, so that a value which is
//! copied to another place does not open there.
use granary_credential::Kind;

/// The place that a value is sealed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// The credential of one kind, in one life of the account that has this folder; the folder names the tenant.
    pub fn credential(folder: &str, incarnation: &[u8], kind: Kind) -> Self {
        Self::of("credential", &[folder.as_bytes(), incarnation, kind.text().as_bytes()])
    }

    /// One of the keys that credential-vault makes for itself.
    pub fn system(name: &str) -> Self {
        Self::of("system", &[name.as_bytes()])
    }

    /// The context as bytes; different contexts have different ones.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Every part is preceded by its length, so that no two lists of parts read alike.
    fn of(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut bytes = b"granary/1/".to_vec();
        for part in std::iter::once(&purpose.as_bytes()).chain(parts) {
            bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
            bytes.extend_from_slice(part);
        }
        Self(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_one_another() {
        let one = Context::credential("ab", b"c", Kind::HarvestToken);
        assert_ne!(one, Context::credential("a", b"bc", Kind::HarvestToken));
        assert_ne!(one, Context::credential("ab", b"c", Kind::ApifyToken));
        assert_ne!(Context::system("a"), Context::of("credential", &[b"a"]));
    }
}
