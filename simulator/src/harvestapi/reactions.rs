//! Reactions to posts and to comments.

use super::ask::Ask;
use super::comments::whose;
use super::envelope::Envelope;
use super::pages::{Page, Tokens};
use super::population::authors::Author;
use super::population::comments::Comment;
use super::population::posts::Post;
use super::population::reactions::{self, Reaction};
use super::population::{activity_rows, feedback_rows};
use crate::kernel::reply::Reply;

const SIZE: u64 = 100;

pub(super) fn of_post(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["post", "url"]) else {
        return Ok(Envelope::failure(ask.price, 400, "post is required"));
    };
    Ok(match Post::find(wanted) {
        Some(post) => numbered(ask, reactions::of_post(post).collect()),
        None => Envelope::failure(ask.price, 404, "Post not found"),
    })
}

pub(super) fn of_comment(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["url", "comment"]) else {
        return Ok(Envelope::failure(ask.price, 400, "url is required"));
    };
    Ok(match Comment::find(wanted) {
        Some(comment) => numbered(ask, reactions::of_comment(comment).collect()),
        None => Envelope::failure(ask.price, 404, "Comment not found"),
    })
}

/// Pages of companies react to nothing here.
pub(super) fn of_profile(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some(author) = whose(ask) else {
        return Ok(Envelope::failure(ask.price, 400, "profile is required"));
    };
    let Some(author) = author else { return Ok(Envelope::failure(ask.price, 404, "Profile not found")) };
    let found = match author {
        Author::Person(person) => reactions::by(person).collect(),
        Author::Company(_) => Vec::new(),
    };
    let page = Page::by_token(ask, found, SIZE, &author.id(), Tokens::NeededWithoutTotals);
    let rows = page.rows.iter().map(|reaction| activity_rows::reaction(reaction, ask.now)).collect();
    Ok(Envelope::rows(ask.price, rows, page.pagination))
}

fn numbered(ask: &Ask<'_>, found: Vec<Reaction>) -> Envelope {
    let page = Page::numbered(ask, found, SIZE, u64::MAX);
    Envelope::rows(ask.price, page.rows.iter().map(feedback_rows::reaction).collect(), page.pagination)
}
