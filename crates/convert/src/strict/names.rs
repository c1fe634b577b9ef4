//! Which name was probably meant.
use crate::shape::Shape;

/// The field's name that is nearest to an unknown key, if one is near enough to be a slip.
pub(super) fn nearest<'a>(shape: &'a Shape, key: &str) -> Option<&'a str> {
    // Longer than any name of a field with a slip in it.
    if key.len() > 64 {
        return None;
    }
    let meant = plain(key);
    let distances = shape.fields.iter().map(|f| (distance(&plain(&f.name), &meant), f.name.as_str()));
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
        let pool = granary_proto::pool().unwrap();
        let shape = Shape::of(&pool.get_message_by_name("granary.harvest.v1.LogTimeEntryRequest").unwrap());
        assert_eq!(nearest(&shape, "projet_id"), Some("project_id"));
        assert_eq!(nearest(&shape, "Spent-Date"), Some("spent_date"));
        assert_eq!(nearest(&shape, "hour"), Some("hours"));
        assert_eq!(nearest(&shape, "colour"), None);
        assert_eq!(nearest(&shape, ""), None);
        assert_eq!(nearest(&shape, &"x".repeat(1000)), None);
    }

    #[test]
    fn distances_count_changes() {
        let d = |a: &str, b: &str| distance(&plain(a), &plain(b));
        assert_eq!((d("kitten", "sitting"), d("", "abc"), d("abc", "abc")), (3, 3, 0));
    }
}
