//! Walks through the pages of a list.
use crate::exit::Failure;

/// Most items that are gathered before they are shown.
const MAX_ITEMS: usize = 1_000_000;

/// Gathers the items of all pages. A page may be empty while more follow.
pub async fn all_pages<T>(
    mut page: impl AsyncFnMut(String) -> Result<(Vec<T>, String), Failure>,
) -> Result<Vec<T>, Failure> {
    let mut all = Vec::new();
    let mut token = String::new();
    loop {
        let (items, next) = page(token.clone()).await?;
        all.extend(items);
        if next.is_empty() {
            return Ok(all);
        }
        if next == token || all.len() > MAX_ITEMS {
            return Err(Failure::unexpected("the list does not end"));
        }
        token = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn short_and_empty_pages_do_not_end_a_list() {
        let pages = all_pages(async |token| {
            Ok(match token.as_str() {
                "" => (vec![1], "a".to_owned()),
                "a" => (vec![], "b".to_owned()),
                _ => (vec![2, 3], String::new()),
            })
        });
        assert_eq!(pages.await.unwrap(), [1, 2, 3]);
    }

    #[tokio::test]
    async fn a_list_that_turns_in_circles_is_left() {
        let pages = all_pages(async |_| Ok((vec![0], "same".to_owned())));
        assert_eq!(pages.await.unwrap_err().code(), 1);
    }
}
