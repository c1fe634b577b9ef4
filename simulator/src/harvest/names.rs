//! Invented names that accounts are filled from.

/// The names of one account.
pub(super) struct Pool {
    pub(super) company: &'static str,
    /// Name and currency.
    pub(super) clients: [(&'static str, &'static str); 5],
    /// Name, code, and place of the client.
    pub(super) projects: [(&'static str, Option<&'static str>, usize); 12],
    pub(super) people: [(&'static str, &'static str); 15],
}

/// Name, and whether it is billable by default.
pub(super) const TASKS: [(&str, bool); 8] = [
    ("Development", true),
    ("Internal Meetings", false),
    ("Design", true),
    ("Project Management", true),
    ("Research", true),
    ("Quality Assurance", true),
    ("Support", true),
    ("Writing", false),
];

pub(super) const NOTES: [&str; 7] = [
    "Reviewed first-quarter pipeline",
    "Quick call",
    "Stand-up and code review",
    "Wrote the release notes",
    "Paired on the import",
    "Fixed the broken chart, \"again\"",
    "Prüfung der Übersetzung",
];

pub(super) const FIRST: Pool = Pool {
    company: "Example Studio",
    clients: [
        ("Acme Corp", "USD"),
        ("Fixture Foods", "EUR"),
        ("Example Studio", "USD"),
        ("Placeholder Analytics", "USD"),
        ("Imaginary Railways", "GBP"),
    ],
    projects: [
        ("Acme Corp Website", Some("ACME-WEB"), 0),
        ("Fixture Foods Rollout", None, 1),
        ("Internal Ops", None, 2),
        ("Acme Corp Mobile", Some("ACME-MOB"), 0),
        ("Fixture Foods Kiosk", Some("FF-KIOSK"), 1),
        ("Analytics Migration", None, 3),
        ("Timetable Rewrite", Some("RAIL-TT"), 4),
        ("Ticket Machine", None, 4),
        ("Dashboard Refresh", Some("PA-DASH"), 3),
        ("Acme Corp Intranet", None, 0),
        ("Hiring", None, 2),
        ("Fixture Foods Recipes", Some("FF-REC"), 1),
    ],
    people: [
        ("Avery", "Sampleton"),
        ("Quinn", "Testwell"),
        ("Rowan", "Fixture"),
        ("Sasha", "Mockley"),
        ("Jules", "Stubbs"),
        ("Kim", "Placeholder"),
        ("Noor", "Exampleton"),
        ("Robin", "Dummett"),
        ("Toni", "Inventsen"),
        ("Alex", "Fakenham"),
        ("Mika", "Notreal"),
        ("Dana", "Madeup"),
        ("Charlie", "Pretendy"),
        ("Sam", "Fictionsson"),
        ("Lou", "Imagino"),
    ],
};

pub(super) const OTHERS: Pool = Pool {
    company: "Invented Works",
    clients: [
        ("Borrowed Light Lamps", "USD"),
        ("Paper Harbour", "EUR"),
        ("Invented Works", "USD"),
        ("Cardboard Aerospace", "USD"),
        ("Quiet Drum Records", "GBP"),
    ],
    projects: [
        ("Lamp Catalogue", Some("LAMP-CAT"), 0),
        ("Harbour Portal", None, 1),
        ("House Keeping", None, 2),
        ("Lamp Shop", Some("LAMP-SHOP"), 0),
        ("Harbour Signage", Some("HARB-SIGN"), 1),
        ("Glider Simulator", None, 3),
        ("Drum Machine", Some("QD-DRUM"), 4),
        ("Record Archive", None, 4),
        ("Wing Stress Report", Some("CA-WING"), 3),
        ("Lamp Support", None, 0),
        ("Office Move", None, 2),
        ("Tide Tables", Some("HARB-TIDE"), 1),
    ],
    people: [
        ("Ines", "Owner"),
        ("Pat", "Contractson"),
        ("Morgan", "Leadley"),
        ("Elia", "Brightside"),
        ("Sol", "Paperman"),
        ("Juno", "Cardwell"),
        ("Remy", "Lampert"),
        ("Ariel", "Drummer"),
        ("Kai", "Harbourne"),
        ("Nico", "Tidewell"),
        ("Uli", "Glideman"),
        ("Vic", "Seconder"),
        ("Wren", "Quietly"),
        ("Zoe", "Signwright"),
        ("Bo", "Leftlong"),
    ],
};
