//! Where a page lies in its list, from the envelope that Harvest puts around the rows.
use granary_convert::Members;
use granary_proto::granary::types::v1::{More, NextPage, PageInfo, Warning};
use serde_json::Value;

/// Takes what is known of paging out of an envelope; what cannot be used stays in it.
///
/// `asked` is the number of the page that was asked for; pages between the first and the last may come without one.
pub(crate) fn lift(
    envelope: &mut Members<'_>,
    asked: i32,
    accepts: impl Fn(&str) -> bool,
) -> (PageInfo, Option<Warning>) {
    let page = take(envelope, "page").unwrap_or(asked);
    let per_page = take::<i32>(envelope, "per_page");
    let total_items = take(envelope, "total_entries");
    let total_pages = take::<i32>(envelope, "total_pages");
    let ends = envelope.raw("next_page") == Some("null");
    let next_page = take::<i32>(envelope, "next_page");
    take::<i64>(envelope, "previous_page");
    let links = Links::take(envelope, accepts);

    let by_total = || total_pages.map(|total| (page < total).then(|| page.saturating_add(1)));
    let (more, next) = match (next_page, &links.next) {
        (Some(next), _) => (More::Yes, Some(next)),
        (None, Next::Accepted(number)) => (More::Yes, Some(number.unwrap_or_else(|| page.saturating_add(1)))),
        (None, Next::Refused) => (More::Unknown, None),
        (None, Next::None) if ends => (More::No, None),
        (None, Next::None) => match by_total() {
            Some(Some(next)) => (More::Yes, Some(next)),
            Some(None) => (More::No, None),
            None => (More::Unknown, None),
        },
    };
    let info = PageInfo {
        page: Some(page),
        per_page,
        total_items,
        more: more.into(),
        next: next.map(|number| NextPage { page: Some(number), pagination_token: None }),
    };
    (info, links.refused.then(refused_link))
}

/// The links of an envelope. None of them is ever followed; the next one still tells that there is more.
struct Links {
    next: Next,
    refused: bool,
}

enum Next {
    None,
    Refused,
    /// With the page's number, where the link names one and not a cursor.
    Accepted(Option<i32>),
}

impl Links {
    fn take(envelope: &mut Members<'_>, accepts: impl Fn(&str) -> bool) -> Self {
        let links = envelope.value("links").filter(|links| links.is_object() || links.is_null());
        let Some(links) = links else { return Self { next: Next::None, refused: false } };
        envelope.remove("links");
        let refused = |name: &str| links.get(name).and_then(Value::as_str).is_some_and(|url| !accepts(url));
        let next = match links.get("next").and_then(Value::as_str) {
            None => Next::None,
            Some(_) if refused("next") => Next::Refused,
            Some(url) => Next::Accepted(page_of(url)),
        };
        Self { next, refused: ["first", "next", "previous", "last"].into_iter().any(refused) }
    }
}

fn refused_link() -> Warning {
    Warning {
        code: "LINK_REFUSED".to_owned(),
        message: "harvest sent a page link to another host; it was not followed, and is not passed on"
            .to_owned(),
        field: "page_info".to_owned(),
    }
}

fn page_of(url: &str) -> Option<i32> {
    let (_, query) = url.split_once('?')?;
    query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok())
}

/// Takes a number, or a null; anything else stays where it is.
fn take<N: TryFrom<i64>>(envelope: &mut Members<'_>, key: &str) -> Option<N> {
    let number = match envelope.value(key)? {
        Value::Null => None,
        Value::Number(number) => Some(whole(&number.to_string())?),
        Value::String(text) => Some(whole(&text)?),
        _ => return None,
    };
    let number = match number {
        Some(number) => Some(N::try_from(number).ok()?),
        None => None,
    };
    envelope.remove(key);
    number
}

/// A count, also where it was written with empty decimals.
fn whole(text: &str) -> Option<i64> {
    let (digits, decimals) = text.split_once('.').unwrap_or((text, ""));
    let number = digits.parse().ok()?;
    (decimals.bytes().all(|b| b == b'0') && number >= 0).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lifted(envelope: Value) -> (PageInfo, bool, Value) {
        let Value::Object(envelope) = envelope else { panic!("an envelope is an object") };
        let envelope = serde_json::to_string(&envelope).unwrap();
        let mut envelope = Members::read(&envelope).unwrap();
        let (info, warning) = lift(&mut envelope, 1, |url| url.starts_with("https://here/"));
        let rest = envelope.iter().map(|(key, _)| (key.to_owned(), envelope.value(key).unwrap()));
        (info, warning.is_some(), Value::Object(rest.collect()))
    }

    fn next(info: &PageInfo) -> Option<i32> {
        info.next.as_ref().and_then(|next| next.page)
    }

    #[test]
    fn numbers_decide_and_nothing_of_them_is_left() {
        let (info, warned, rest) = lifted(json!({
            "per_page": 3, "total_pages": 2, "total_entries": "5", "next_page": 2, "previous_page": null, "page": 1,
            "links": {"next": "https://here/x?page=2", "previous": null},
        }));
        assert_eq!((info.more(), next(&info), info.total_items), (More::Yes, Some(2), Some(5)));
        assert_eq!((warned, rest), (false, json!({})));
    }

    #[test]
    fn a_cursor_page_counts_on_from_the_page_that_was_asked_for() {
        let link = json!({"page": null, "next_page": null, "links": {"next": "https://here/x?cursor=abc&per_page=2"}});
        let (info, ..) = lifted(link);
        assert_eq!((info.more(), next(&info), info.page), (More::Yes, Some(2), Some(1)));
    }

    #[test]
    fn a_link_elsewhere_is_refused_and_tells_nothing() {
        let (info, warned, _) =
            lifted(json!({"next_page": null, "links": {"next": "https://elsewhere/x?page=2"}}));
        assert_eq!((info.more(), next(&info), warned), (More::Unknown, None, true));
        let (info, warned, _) =
            lifted(json!({"next_page": 2, "links": {"next": "https://elsewhere/x?page=2"}}));
        assert_eq!((info.more(), next(&info), warned), (More::Yes, Some(2), true));
    }

    #[test]
    fn without_a_word_on_more_the_totals_decide_or_nobody_knows() {
        assert_eq!(lifted(json!({"next_page": null})).0.more(), More::No);
        assert_eq!(lifted(json!({"page": 1, "total_pages": 1})).0.more(), More::No);
        assert_eq!(next(&lifted(json!({"page": 1, "total_pages": 3})).0), Some(2));
        assert_eq!(lifted(json!({})).0.more(), More::Unknown);
    }

    #[test]
    fn unusable_values_stay() {
        let odd =
            json!({"page": {"a": 1}, "total_pages": 99_999_999_999_i64, "per_page": -1, "links": "none"});
        let (info, _, rest) = lifted(odd.clone());
        assert_eq!((info.page, info.per_page, rest), (Some(1), None, odd));
    }
}
