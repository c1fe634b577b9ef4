//! What is LinkedIn's own: addresses of its pages, and how people write places in its searches.
pub(crate) mod page;
mod place_names;
pub(crate) mod places;

pub(crate) use place_names::has;

use crate::escapes;
use page::{Page, Shows};

/// The text by which addresses and slugs of one person are the same, however they are written.
///
/// ```
/// use granary_formats::linkedin::person;
/// assert_eq!(person("https://de.linkedin.com/in/J%C3%BCrgen-X/?trk=a"), person("jürgen-x"));
/// ```
pub fn person(text: &str) -> String {
    let named = Page::read(text).ok().filter(|page| page.shows(Shows::Person));
    let slug = match &named {
        Some(page) => page.slug(),
        None => {
            let text = text.trim();
            let slug = text.split_once("/in/").map_or(text, |(_, rest)| rest);
            slug.split(['/', '?', '#']).next().unwrap_or_default()
        }
    };
    escapes::decoded(slug).map_or_else(|_| slug.to_lowercase(), |slug| slug.to_lowercase())
}
