//! The actors that can be run, and what they charge.

use crate::decimal::Micros;

/// The actors that can be run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Actor {
    /// One profile for each input.
    Profiles,
    /// Who works at some companies.
    Employees,
}

/// What an actor charges for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Profile,
    ProfileWithEmail,
    ActorStart,
    ShortProfile,
    FullProfile,
    FullProfileWithEmail,
}

impl Actor {
    /// By the name that stands in a path.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "harvestapi~linkedin-profile-scraper" => Some(Self::Profiles),
            "harvestapi~linkedin-company-employees" => Some(Self::Employees),
            _ => None,
        }
    }

    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Profiles => "sbxActProfiles001",
            Self::Employees => "sbxActEmployee001",
        }
    }

    pub(super) fn events(self) -> &'static [Event] {
        match self {
            Self::Profiles => &[Event::Profile, Event::ProfileWithEmail],
            Self::Employees => {
                &[Event::ActorStart, Event::ShortProfile, Event::FullProfile, Event::FullProfileWithEmail]
            }
        }
    }

    /// Price of the cheapest row.
    pub(super) fn least_row(self) -> Micros {
        match self {
            Self::Profiles => Event::Profile.price(),
            Self::Employees => Event::ShortProfile.price(),
        }
    }

    /// What the least useful run costs; a balance below it starts none.
    pub(super) fn least(self) -> Micros {
        let fee = match self {
            Self::Profiles => Micros(0),
            Self::Employees => Event::ActorStart.price(),
        };
        Micros(fee.0 + self.least_row().0)
    }

    /// A cap below this ends a run before it does anything.
    pub(super) fn least_cap(self) -> Micros {
        match self {
            Self::Profiles => Event::Profile.price(),
            Self::Employees => Micros(30_000),
        }
    }
}

impl Event {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::ProfileWithEmail => "profile_with_email",
            Self::ActorStart => "actor-start",
            Self::ShortProfile => "short-profile",
            Self::FullProfile => "full-profile",
            Self::FullProfileWithEmail => "full-profile-with-email",
        }
    }

    pub(super) fn price(self) -> Micros {
        Micros(match self {
            Self::Profile | Self::ShortProfile => 4_000,
            Self::FullProfile => 8_000,
            Self::ProfileWithEmail => 10_000,
            Self::FullProfileWithEmail => 12_000,
            Self::ActorStart => 20_000,
        })
    }
}
