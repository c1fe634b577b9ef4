//! Which name was probably meant.

/// The name that is nearest to one that is none of them, if it is near enough to be a slip; else the only one that has all of it as
/// whole words at its beginning or its end, as `project_id` has `project`.
///
/// ```
/// use granary_convert::nearest;
/// let names = ["project_id", "task_id", "spent_date"];
/// assert_eq!(nearest(names, "projct_id"), Some("project_id"));
/// assert_eq!(nearest(names, "date"), Some("spent_date"));
/// assert_eq!(nearest(names, "id"), None);
/// ```
pub fn nearest<'a>(names: impl IntoIterator<Item = &'a str>, given: &str) -> Option<&'a str> {
    // Longer than any name with a slip in it.
    if given.is_empty() || given.len() > 64 {
        return None;
    }
    let meant = plain(given);
    let names: Vec<&str> = names.into_iter().collect();
    let distances = names.iter().map(|name| (distance(&plain(name), &meant), *name));
    let (distance, name) = distances.min_by_key(|(distance, _)| *distance)?;
    if distance <= (meant.len() / 4).min(2) {
        return Some(name);
    }
    let given = given.to_lowercase().replace('-', "_");
    let has = |name: &str| {
        name.strip_prefix(&given).is_some_and(|rest| rest.starts_with('_'))
            || name.strip_suffix(&given).is_some_and(|rest| rest.ends_with('_'))
    };
    let mut whole = names.into_iter().filter(|name| has(name));
    whole.next().filter(|_| whole.next().is_none())
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
    fn slips_and_halves_find_their_name() {
        let pool = granary_proto::pool().unwrap();
        let message = pool.get_message_by_name("granary.harvest.v1.LogTimeEntryRequest").unwrap();
        let fields: Vec<String> = message.fields().map(|field| field.name().to_owned()).collect();
        let near = |given: &str| nearest(fields.iter().map(String::as_str), given);
        assert_eq!(near("projet_id"), Some("project_id"));
        assert_eq!(near("Spent-Date"), Some("spent_date"));
        assert_eq!(near("hour"), Some("hours"));
        assert_eq!(
            (near("project"), near("Task"), near("date")),
            (Some("project_id"), Some("task_id"), Some("spent_date"))
        );
        assert_eq!(near("id"), None, "two have it");
        assert_eq!((near("colour"), near(""), near(&"x".repeat(1000))), (None, None, None));
    }

    #[test]
    fn distances_count_changes() {
        let d = |a: &str, b: &str| distance(&plain(a), &plain(b));
        assert_eq!((d("kitten", "sitting"), d("", "abc"), d("abc", "abc")), (3, 3, 0));
    }
}
