//! Comments on posts, and replies to them.

use serde_json::Value;

use super::ask::Ask;
use super::envelope::Envelope;
use super::pages::{Page, Tokens};
use super::population::authors::Author;
use super::population::clock::Now;
use super::population::comments::{self, Comment};
use super::population::companies::Company;
use super::population::people::Person;
use super::population::posts::Post;
use super::population::{activity_rows, feedback_rows};
use crate::kernel::reply::Reply;

const SIZE: u64 = 100;

/// One comment or reply.
pub(super) fn get(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["url", "comment"]) else {
        return Ok(Envelope::failure(ask.price, 400, "url is required"));
    };
    Ok(match Comment::find(wanted) {
        Some(comment) => {
            Envelope::element(ask.price, comment.id(), &feedback_rows::comment(comment, ask.now))
        }
        None => Envelope::failure(ask.price, 404, "Comment not found"),
    })
}

/// By relevance, pages after the first are had by token alone.
pub(super) fn of_post(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["post", "url"]) else {
        return Ok(Envelope::failure(ask.price, 400, "post is required"));
    };
    let Some(post) = Post::find(wanted) else {
        return Ok(Envelope::failure(ask.price, 404, "Post not found"));
    };
    let mut found: Vec<_> = comments::of(post).collect();
    let by_date = ask.value("sortBy") == Some("date");
    if by_date {
        found.sort_by_key(|comment| std::cmp::Reverse(comment.created(ask.now)));
    }
    let tokens = if by_date { Tokens::Offered } else { Tokens::Needed };
    Ok(listed(ask, found, &format!("{} {by_date}", post.id()), tokens, feedback_rows::comment))
}

/// There is no page number here.
pub(super) fn replies(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some((_, wanted)) = ask.first(&["url", "comment"]) else {
        return Ok(Envelope::failure(ask.price, 400, "url is required"));
    };
    Ok(match Comment::find(wanted) {
        Some(comment) => {
            listed(ask, comment.replies().collect(), &comment.id(), Tokens::Needed, feedback_rows::comment)
        }
        None => Envelope::failure(ask.price, 404, "Comment not found"),
    })
}

pub(super) fn of_profile(ask: &Ask<'_>) -> Result<Envelope, Reply> {
    let Some(author) = whose(ask) else {
        return Ok(Envelope::failure(ask.price, 400, "profile is required"));
    };
    let Some(author) = author else { return Ok(Envelope::failure(ask.price, 404, "Profile not found")) };
    let found = comments::by(author).collect();
    Ok(listed(ask, found, &author.id(), Tokens::NeededWithoutTotals, activity_rows::comment))
}

/// Whom a list is about; within, None where nobody is so called.
pub(super) fn whose(ask: &Ask<'_>) -> Option<Option<Author>> {
    if let Some((_, wanted)) = ask.first(&["profile", "profileId", "profilePublicIdentifier"]) {
        return Some(Person::find(wanted).map(Author::Person));
    }
    if let Some((_, wanted)) = ask.first(&["company", "companyId", "companyUniversalName"]) {
        return Some(Company::find(wanted).map(Author::Company));
    }
    ask.value("targetUrl").map(Author::find)
}

/// One page; the limit of time is applied to what was fetched.
fn listed(
    ask: &Ask<'_>,
    found: Vec<Comment>,
    subject: &str,
    tokens: Tokens,
    row: fn(Comment, Now) -> Value,
) -> Envelope {
    let page = Page::by_token(ask, found, SIZE, subject, tokens);
    let limit = ask.value("postedLimit").unwrap_or_default();
    let fresh = |comment: &Comment| ask.now.within(limit, comment.created(ask.now));
    let rows = page.rows.into_iter().filter(fresh).map(|comment| row(comment, ask.now)).collect();
    Envelope::rows(ask.price, rows, page.pagination)
}
