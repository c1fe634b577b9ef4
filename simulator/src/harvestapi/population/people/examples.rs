//! People whom examples look for. They keep their names; what they do, for whom and where is set here.

/// Where somebody is, by the numbers of the role, of the company among those of the examples, and of the city.
#[derive(Debug, Clone, Copy)]
pub(super) struct Example {
    pub(super) role: u64,
    pub(super) company: u64,
    pub(super) place: u64,
}

/// The number of the first of them: `person-0101`.
const FIRST: u64 = 105;
const VP_OF_ENGINEERING: u64 = 0;
const HEAD_OF_ENGINEERING: u64 = 2;
const SAN_FRANCISCO: u64 = 4;
const NEW_YORK: u64 = 7;
const EXAMPLES: [Example; 5] = [
    example(VP_OF_ENGINEERING, 0, SAN_FRANCISCO),
    example(HEAD_OF_ENGINEERING, 0, SAN_FRANCISCO),
    example(VP_OF_ENGINEERING, 1, SAN_FRANCISCO),
    example(HEAD_OF_ENGINEERING, 1, SAN_FRANCISCO),
    example(VP_OF_ENGINEERING, 2, NEW_YORK),
];

pub(super) fn of(person: u64) -> Option<Example> {
    EXAMPLES.get(usize::try_from(person.checked_sub(FIRST)?).ok()?).copied()
}

const fn example(role: u64, company: u64, place: u64) -> Example {
    Example { role, company, place }
}
