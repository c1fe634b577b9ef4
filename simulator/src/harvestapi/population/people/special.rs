//! The first five people, who are called by names of their own.

/// Somebody with a name, a slug and an id of their own.
pub(super) struct Special {
    pub(super) slug: &'static str,
    pub(super) id: &'static str,
    pub(super) first: &'static str,
    pub(super) last: &'static str,
    pub(super) jobs: u64,
}

/// By their numbers, from 0 on.
pub(super) const SPECIAL: [Special; 5] = [
    special("avery-sampleton-fx0001", "ACoAAFX0000AverySampleton000000000000001", "Avery", "Sampleton", 2),
    special("quinn-testwell-fx0002", "ACoAAFX0000QuinnTestwell0000000000000002", "Quinn", "Testwell", 2),
    special("rowan-fixture-fx0003", "ACoAAFX0000RowanFixture00000000000000003", "Rowan", "Fixture", 3),
    special(
        "jeffweiner08",
        "ACoAASBXJeff0000000000000000000000000008",
        "Geoffrey",
        "Vinerson (fictional)",
        7,
    ),
    special("sixty-kilobytes", "ACoAASBXLarge000000000000000000000000060", "Grandine", "Sixtykay", 12),
];

const fn special(
    slug: &'static str,
    id: &'static str,
    first: &'static str,
    last: &'static str,
    jobs: u64,
) -> Special {
    Special { slug, id, first, last, jobs }
}
