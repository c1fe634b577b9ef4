//! What an answer tells beside what was asked for.
use granary_proto::granary::types::v1::Warning;

/// An answer beside which the caller is told how the request was taken, where there is something to tell.
pub(crate) trait Told {
    fn tell(&mut self, warnings: &[Warning]);

    /// Whether it shows that Harvest took the credential: not where nothing at all is a success, too.
    fn is_proof(&self) -> bool {
        true
    }
}
