//! The kinds of credential as they are written on a command line.
use granary_credential::Kind;

/// A kind, with "-" where the short text has "_"; both are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KindName {
    /// A key of HarvestAPI, the LinkedIn data vendor.
    #[value(alias = "harvestapi_key")]
    HarvestapiKey,
    /// A Harvest access token; needs --account-id.
    #[value(alias = "harvest_token")]
    HarvestToken,
    /// A LinkedIn session: li_at on the first line, a proxy on the second, if any.
    #[value(alias = "linkedin_session")]
    LinkedinSession,
    /// An Apify API token.
    #[value(alias = "apify_token")]
    ApifyToken,
}

impl KindName {
    /// The kind itself.
    pub fn kind(self) -> Kind {
        match self {
            Self::HarvestapiKey => Kind::HarvestapiKey,
            Self::HarvestToken => Kind::HarvestToken,
            Self::LinkedinSession => Kind::LinkedinSession,
            Self::ApifyToken => Kind::ApifyToken,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_kind_can_be_written_in_both_ways() {
        for name in KindName::value_variants() {
            let text = name.kind().text();
            assert_eq!(KindName::from_str(text, false), Ok(*name));
            assert_eq!(KindName::from_str(&text.replace('_', "-"), false), Ok(*name));
        }
    }
}
