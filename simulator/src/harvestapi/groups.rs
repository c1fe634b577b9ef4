//! Groups: one, and their search.

use super::ask::Ask;
use super::envelope::Envelope;
use super::pages::Page;
use super::population::groups::{self, Group};
use super::text::Words;
use crate::kernel::reply::Reply;

const SIZE: u64 = 10;

pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["url", "groupId"]) else {
        return Ok(Envelope::failure(ask.price, 400, "url or groupId is required"));
    };
    Ok(match Group::find(wanted) {
        Some(group) => Envelope::element(ask.price, group.id(), &groups::element(group)),
        None => Envelope::failure(ask.price, 404, "Group not found"),
    })
}

pub(super) fn search(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let words = Words::parse(ask.value("search"));
    let found =
        groups::all().filter(|group| words.are_in(|| format!("{} {}", group.name(), group.summary())));
    let page = Page::numbered(ask, found.collect(), SIZE, u64::MAX);
    Ok(Envelope::rows(ask.price, page.rows.into_iter().map(groups::row).collect(), page.pagination))
}
