//! What people are called, do, offer and speak.

use super::Role;

pub(super) const FIRST: [&str; 24] = [
    "Ada", "Bela", "Cleo", "Dario", "Edda", "Faye", "Gita", "Hugo", "Ilse", "Jona", "Kira", "Lino", "Mara",
    "Nils", "Odile", "Petra", "Rafa", "Sana", "Tove", "Ugo", "Vera", "Wim", "Yara", "Zeno",
];
pub(super) const LAST: [&str; 25] = [
    "Abernon",
    "Brightling",
    "Castellane",
    "Dunmarrow",
    "Eastlake",
    "Farnsby",
    "Goldwick",
    "Harrowell",
    "Inglemoor",
    "Jessamer",
    "Kirkbane",
    "Lockhaven",
    "Merrivale",
    "Northgale",
    "Oakenfell",
    "Pemberlow",
    "Quillmore",
    "Ravensby",
    "Silverthorn",
    "Tamsworth",
    "Underhay",
    "Vantongue",
    "Westerbrook",
    "Yellowlee",
    "Zimmerlane",
];
pub(super) const ROLES: [Role; 20] = [
    role("VP of Engineering", 300, 8),
    role("Product Lead", 210, 19),
    role("Head of Engineering", 220, 8),
    role("Founder", 320, 9),
    role("Staff Engineer", 120, 8),
    role("Head of Sales", 220, 25),
    role("Data Analyst", 110, 24),
    role("Recruiter", 120, 12),
    role("CTO", 310, 8),
    role("Software Engineer", 110, 8),
    role("Engineering Manager", 200, 8),
    role("UX Designer", 120, 3),
    role("Marketing Manager", 200, 15),
    role("Account Executive", 120, 25),
    role("Customer Success Manager", 200, 26),
    role("IT Administrator", 120, 13),
    role("Accountant", 120, 1),
    role("Operations Intern", 100, 18),
    role("Strategy Advisor", 130, 6),
    role("Senior Product Manager", 210, 19),
];
pub(super) const SERVICES: [&str; 8] = [
    "UX Design",
    "Training",
    "Software Testing",
    "Web Development",
    "Accounting",
    "Copywriting",
    "Leadership Development",
    "IT Consulting",
];
pub(super) const LANGUAGES: [&str; 5] = ["en", "de", "fr", "es", "nl"];

const fn role(title: &'static str, seniority: u64, function: u64) -> Role {
    Role { title, seniority, function }
}
