//! Where a page lies in its list, from what HarvestAPI says of it.
use granary_proto::granary::policy::v1::Paging;
use granary_proto::granary::types::v1::{More, NextPage, PageInfo};
use serde_json::{Map, Value};

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// How the list is paged.
    pub(crate) paging: Paging,
    /// The number of the page; `None` where the method has no such parameter.
    pub(crate) page: Option<i32>,
    /// The largest number that the method takes.
    pub(crate) last: Option<i64>,
    /// Whether upstream sends page 1 again where a later page is asked for without a token.
    pub(crate) needs_token: bool,
}

/// The place of a page with this many rows, and what of upstream's words could not be used.
pub(crate) fn read(pagination: Option<&Value>, asked: &Asked, rows: usize) -> (PageInfo, Option<Value>) {
    let mut words = match pagination {
        Some(Value::Object(words)) => words.clone(),
        Some(other) => return (place(asked, rows, &Said::default()), Some(other.clone())),
        None => Map::new(),
    };
    let said = Said {
        token: take(&mut words, "paginationToken", |v| v.as_str().map(str::to_owned))
            .filter(|t| !t.is_empty()),
        page: take(&mut words, "pageNumber", whole).and_then(|n| i32::try_from(n).ok()),
        size: take(&mut words, "pageSize", whole).and_then(|n| i32::try_from(n).ok()).filter(|n| *n > 0),
        pages: take(&mut words, "totalPages", whole),
        items: take(&mut words, "totalElements", whole),
    };
    take(&mut words, "previousElements", whole);
    words.retain(|_, value| !value.is_null());
    (place(asked, rows, &said), (!words.is_empty()).then_some(Value::Object(words)))
}

#[derive(Default)]
struct Said {
    token: Option<String>,
    page: Option<i32>,
    size: Option<i32>,
    pages: Option<i64>,
    items: Option<i64>,
}

fn place(asked: &Asked, rows: usize, said: &Said) -> PageInfo {
    let page = said.page.filter(|page| *page > 0).or(asked.page);
    let number = page.unwrap_or(1);
    // Upstream says 0 where it does not know.
    let total_items = said.items.filter(|items| *items > 0 || rows == 0);
    let more = more(asked, rows, said, i64::from(number));
    let next = (more == More::Yes).then(|| NextPage {
        page: asked.page.is_some().then(|| number.saturating_add(1)),
        pagination_token: said.token.clone(),
    });
    PageInfo { page, per_page: said.size, total_items, more: more.into(), next }
}

fn more(asked: &Asked, rows: usize, said: &Said, number: i64) -> More {
    if asked.paging == Paging::Unspecified || asked.last.is_some_and(|last| number >= last) {
        return More::No;
    }
    // A token tells more than totals, which may be 0 beside it.
    if said.token.is_some() {
        return More::Yes;
    }
    let by_items = || {
        let (items, size) = (said.items.filter(|items| *items > 0)?, i64::from(said.size?));
        Some(items.saturating_add(size - 1) / size)
    };
    match said.pages.filter(|pages| *pages > 0).or_else(by_items) {
        Some(pages) if number >= pages => More::No,
        // There is more, and no way to ask for it.
        Some(_) if asked.needs_token => More::Unknown,
        Some(_) => More::Yes,
        None if rows == 0 => More::No,
        None => More::Unknown,
    }
}

/// Takes a value that can be used, or a null; anything else stays.
fn take<T>(words: &mut Map<String, Value>, key: &str, read: impl Fn(&Value) -> Option<T>) -> Option<T> {
    let value = read(words.get(key)?)?;
    words.shift_remove(key);
    Some(value)
}

fn whole(value: &Value) -> Option<i64> {
    let text = match value {
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        _ => return None,
    };
    text.parse().ok().filter(|number| *number >= 0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NUMBERED: Asked = Asked { paging: Paging::Number, page: Some(1), last: None, needs_token: false };
    const BY_TOKEN: Asked = Asked { paging: Paging::Token, needs_token: true, ..NUMBERED };

    fn read(pagination: &Value, asked: Asked, rows: usize) -> (More, Option<i32>, Option<String>) {
        let (info, _) = super::read(Some(pagination), &asked, rows);
        let next = info.next.clone().unwrap_or_default();
        (info.more(), next.page, next.pagination_token)
    }

    #[test]
    fn a_token_wins_over_totals_and_is_sent_along() {
        let zero = json!({"totalPages": 0, "totalElements": 0, "pageNumber": 1, "paginationToken": "t2"});
        assert_eq!(read(&zero, BY_TOKEN, 50), (More::Yes, Some(2), Some("t2".to_owned())));
        let ends = json!({"totalPages": 1, "totalElements": 1, "pageNumber": null, "paginationToken": "t2"});
        let ads = Asked { page: None, ..BY_TOKEN };
        assert_eq!(read(&ends, ads, 1), (More::Yes, None, Some("t2".to_owned())));
        assert_eq!(read(&ends, NUMBERED, 1), (More::Yes, Some(2), Some("t2".to_owned())));
    }

    #[test]
    fn totals_decide_where_there_is_no_token_and_zero_is_no_total() {
        let at =
            |page: i32| json!({"totalPages": 3, "totalElements": 57, "pageNumber": page, "pageSize": 25});
        assert_eq!(read(&at(1), NUMBERED, 25), (More::Yes, Some(2), None));
        assert_eq!(read(&at(3), NUMBERED, 7), (More::No, None, None));
        assert_eq!(read(&at(1), BY_TOKEN, 25).0, More::Unknown);
        let items = json!({"totalElements": "51", "pageSize": 50});
        assert_eq!(read(&items, NUMBERED, 50), (More::Yes, Some(2), None));
        let zero = json!({"totalPages": 0, "totalElements": 0, "paginationToken": null});
        assert_eq!(read(&zero, BY_TOKEN, 4), (More::Unknown, None, None));
        assert_eq!(read(&zero, BY_TOKEN, 0), (More::No, None, None));
        assert_eq!(super::read(Some(&zero), &BY_TOKEN, 4).0.total_items, None);
        assert_eq!(super::read(Some(&zero), &BY_TOKEN, 0).0.total_items, Some(0));
    }

    #[test]
    fn a_list_of_one_page_and_the_last_page_that_can_be_asked_for_end() {
        let whole = Asked { paging: Paging::Unspecified, page: None, ..NUMBERED };
        assert_eq!(super::read(None, &whole, 9).0.more(), More::No);
        let hundredth = Asked { page: Some(100), last: Some(100), ..NUMBERED };
        assert_eq!(read(&json!({"totalPages": 400, "pageNumber": 100}), hundredth, 25).0, More::No);
    }

    #[test]
    fn what_cannot_be_used_is_kept() {
        let odd =
            json!({"totalPages": {"a": 1}, "pageNumber": -1, "totalResultCount": 57, "previousElements": 0});
        let (info, rest) = super::read(Some(&odd), &NUMBERED, 1);
        assert_eq!(info.page, Some(1));
        assert_eq!(rest, Some(json!({"totalPages": {"a": 1}, "pageNumber": -1, "totalResultCount": 57})));
        let (info, rest) = super::read(Some(&json!([1])), &NUMBERED, 1);
        assert_eq!((info.more(), rest), (More::Unknown, Some(json!([1]))));
    }
}
