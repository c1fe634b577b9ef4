//! Pages of a list, by number or by token.

use serde_json::{Value, json};

use super::ask::Ask;
use super::population::seed::mix_text;

/// The rows of one page, and what the answer says of the others.
pub(super) struct Page<T> {
    pub(super) rows: Vec<T>,
    pub(super) pagination: Value,
}

/// How a list hands out tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tokens {
    /// A page number does as well.
    Offered,
    /// A page number without its token gets page 1 again.
    Needed,
    /// The same, and totals are 0.
    NeededWithoutTotals,
}

impl<T> Page<T> {
    /// Cuts by page number; beyond `last` pages there are none, and the page number stays at it.
    pub(super) fn numbered(ask: &Ask<'_>, all: Vec<T>, size: u64, last: u64) -> Self {
        let total = count(&all);
        let number = ask.page().min(last);
        let pagination = json!({
            "totalPages": total.div_ceil(size).min(last),
            "totalElements": total,
            "pageNumber": number,
            "previousElements": (number - 1).saturating_mul(size),
            "pageSize": size,
        });
        Self { rows: cut(all, number, size), pagination }
    }

    /// Cuts by token. `subject` names what the list is of: a token of another one is as good as none.
    pub(super) fn by_token(ask: &Ask<'_>, all: Vec<T>, size: u64, subject: &str, tokens: Tokens) -> Self {
        let number = match (ask.value("paginationToken"), tokens) {
            (Some(token), _) => page_of(ask, subject, token).unwrap_or(1),
            (None, Tokens::Offered) => ask.page(),
            (None, Tokens::Needed | Tokens::NeededWithoutTotals) => 1,
        };
        let total = count(&all);
        let more = number < total.div_ceil(size);
        let shown = if tokens == Tokens::NeededWithoutTotals { 0 } else { total };
        let pagination = json!({
            "totalPages": shown.div_ceil(size),
            "totalElements": shown,
            "pageNumber": number,
            "previousElements": if shown == 0 { 0 } else { (number - 1).saturating_mul(size) },
            "pageSize": size,
            "paginationToken": more.then(|| token(ask, subject, number + 1)),
        });
        Self { rows: cut(all, number, size), pagination }
    }
}

fn cut<T>(all: Vec<T>, number: u64, size: u64) -> Vec<T> {
    let skip = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    all.into_iter().skip(skip).take(usize::try_from(size).unwrap_or(usize::MAX)).collect()
}

fn count<T>(all: &[T]) -> u64 {
    u64::try_from(all.len()).unwrap_or(u64::MAX)
}

/// It holds the page and a check over all that it belongs to.
fn token(ask: &Ask<'_>, subject: &str, page: u64) -> String {
    format!("sbx{page}-{:016x}", mix_text(&format!("{} {subject} {page}", ask.call.path)))
}

fn page_of(ask: &Ask<'_>, subject: &str, given: &str) -> Option<u64> {
    let page = given.strip_prefix("sbx")?.split('-').next()?.parse().ok()?;
    (token(ask, subject, page) == given && page > 1).then_some(page)
}
