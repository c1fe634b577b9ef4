//! Which name was probably meant.

/// The name that is nearest to one that does not exist, if one is near enough to be a slip.
///
/// ```
/// let tools = ["log_time_entry", "list_projects"];
/// assert_eq!(granary_convert::nearest(tools, "log_tme_entry"), Some("log_time_entry"));
/// assert_eq!(granary_convert::nearest(tools, "log_time"), None);
/// ```
pub fn nearest<'a>(names: impl IntoIterator<Item = &'a str>, given: &str) -> Option<&'a str> {
    // Longer than any name with a slip in it.
    if given.len() > 64 {
        return None;
    }
    let meant = plain(given);
    let distances = names.into_iter().map(|name| (distance(&plain(name), &meant), name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    (distance <= (meant.len() / 4).min(2)).then_some(name)
}

fn plain(name: &str) -> Vec<char> {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many letters must be put in, taken out or changed.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, y) in row.iter_mut().skip(1).zip(b) {
            let here = (diagonal + usize::from(x != y)).min(left + 1).min(*cell + 1);
            diagonal = std::mem::replace(cell, here);
            left = here;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_find_their_name() {
        let near = |given: &str| nearest(["project_id", "spent_date", "hours"], given);
        assert_eq!(near("projet_id"), Some("project_id"));
        assert_eq!(near("Spent-Date"), Some("spent_date"));
        assert_eq!(near("hour"), Some("hours"));
        assert_eq!(near("colour"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"x".repeat(1000)), None);
    }

    #[test]
    fn distances_count_changes() {
        let d = |a: &str, b: &str| distance(&plain(a), &plain(b));
        assert_eq!((d("kitten", "sitting"), d("", "abc"), d("abc", "abc")), (3, 3, 0));
    }
}
