//! What the names of companies and schools are made of.

/// A company with a name and a slug of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) slug: &'static str,
    /// Number of the city of its head office.
    pub(super) place: u64,
}

pub(super) const FIRST: [&str; 5] = [
    "Examplio Robotics",
    "Placeholder Analytics",
    "Imaginary Railways",
    "Paper Harbour",
    "Quiet Drum Records",
];
/// Companies that examples like to name, by their numbers from [`FIRST_KNOWN`] on. What is said about them is invented.
pub(super) const KNOWN: [Known; 3] =
    [known("Stripe", "stripe", 4), known("Airbnb", "airbnb", 4), known("Acme Corp", "acme-corp", 7)];
pub(super) const FIRST_KNOWN: u64 = 6;
pub(super) const ADJECTIVES: [&str; 24] = [
    "Amber", "Brisk", "Calm", "Distant", "Early", "Fabled", "Gentle", "Hollow", "Inner", "Jolly", "Keen",
    "Lunar", "Mellow", "Noble", "Oblique", "Polite", "Quaint", "Rustic", "Silent", "Tidy", "Upper", "Vivid",
    "Winter", "Yonder",
];
pub(super) const NOUNS: [&str; 20] = [
    "Analytics",
    "Bakery",
    "Cargo",
    "Dynamics",
    "Energy",
    "Foundry",
    "Gardens",
    "Harvesters",
    "Instruments",
    "Journals",
    "Kites",
    "Logistics",
    "Machines",
    "Networks",
    "Optics",
    "Pharma",
    "Quarries",
    "Robotics",
    "Software",
    "Textiles",
];
pub(super) const TAILS: [&str; 7] = ["Works", "Labs", "Group", "Partners", "Systems", "Studio", "Holdings"];
pub(super) const SCHOOL_NAMES: [&str; 20] = [
    "Institute of Invented Studies",
    "Sampleville University",
    "Mockton Polytechnic",
    "Stubford College",
    "Academy of Placeholder Arts",
    "Fakenham School of Design",
    "University of Nowhere",
    "Northern Sample Institute",
    "College of Imaginary Law",
    "Paper Harbour Business School",
    "Institute of Quiet Music",
    "Ambermouth University",
    "Clover School of Engineering",
    "Drift College of Science",
    "Glasshaven University",
    "Ironford Technical Institute",
    "Lanternbridge College",
    "Marblegate University",
    "Otterbrook Academy",
    "Willowminster University",
];

const fn known(name: &'static str, slug: &'static str, place: u64) -> Known {
    Known { name, slug, place }
}
