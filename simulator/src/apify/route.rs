//! What the paths of Apify stand for.

use percent_encoding::percent_decode_str;

use super::actor::Actor;

/// An endpoint with what its path names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// Runs of one actor: a list, or a new one.
    ActorRuns(Target),
    /// A run that is waited for, answered by its rows.
    Sync(Target),
    Runs,
    Run(String),
    Abort(String),
    RunItems(String),
    Dataset(String),
    Items(String),
    /// Whose token it is.
    Me,
}

/// An actor that a path names; None when there is no such actor.
pub(super) type Target = Option<Actor>;

impl Route {
    pub(super) fn parse(path: &str) -> Option<Self> {
        let parts: Vec<String> = path
            .strip_prefix("/v2/")?
            .trim_end_matches('/')
            .split('/')
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Some(match parts[..] {
            ["acts" | "actors", actor, "runs"] => Self::ActorRuns(Actor::named(actor)),
            ["acts" | "actors", actor, "run-sync-get-dataset-items"] => Self::Sync(Actor::named(actor)),
            ["actor-runs"] => Self::Runs,
            ["actor-runs", id] => Self::Run(id.to_owned()),
            ["actor-runs", id, "abort"] => Self::Abort(id.to_owned()),
            ["actor-runs", id, "dataset", "items"] => Self::RunItems(id.to_owned()),
            ["datasets", id] => Self::Dataset(id.to_owned()),
            ["datasets", id, "items"] => Self::Items(id.to_owned()),
            ["users", "me"] => Self::Me,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_an_actor_lead_to_it() {
        for path in [
            "/v2/acts/harvestapi~linkedin-profile-scraper/runs",
            "/v2/actors/harvestapi~linkedin-profile-scraper/runs/",
            "/v2/acts/harvestapi%7Elinkedin-profile-scraper/runs",
        ] {
            assert_eq!(Route::parse(path), Some(Route::ActorRuns(Some(Actor::Profiles))), "{path}");
        }
        assert_eq!(Route::parse("/v2/acts/nobody~nothing/runs"), Some(Route::ActorRuns(None)));
        for path in ["/v2/acts", "/v2/acts/a/b", "/actor-runs/x", "/v2/"] {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }
}
