//! What one person did with posts, as lists of it have it: each row holds the post.

use serde_json::{Value, json};

use super::clock::{Now, written};
use super::comments::Comment;
use super::pictures::picture_url;
use super::reactions::Reaction;
use super::{feedback_rows, post_row};

/// A comment as lists of one person's comments have it.
pub(crate) fn comment(comment: Comment, now: Now) -> Value {
    let mut row = feedback_rows::comment(comment, now);
    row["post"] = post_row::row(comment.post, now);
    row["engagement"] = json!({
        "likes": comment.reactions(),
        "comments": comment.replies().count(),
        "shares": 0,
        "reactions": row["reactionTypeCounts"],
    });
    row
}

/// As the list of one person's reactions has it.
pub(crate) fn reaction(reaction: &Reaction, now: Now) -> Value {
    let person = reaction.person;
    let created = now.ago(reaction.post.age() / 2);
    json!({
        "id": reaction.urn(),
        "action": format!("{} {} this", person.name(), verb(reaction.code)),
        "postId": reaction.post.id(),
        "linkedinUrl": reaction.post.url(),
        "createdAt": written(created),
        "createdAtTimestamp": created,
        "actor": {"id": person.id(), "linkedinUrl": person.url(), "picture": picture_url(&person.slug(), 100)},
        "post": post_row::row(reaction.post, now),
    })
}

fn verb(code: &str) -> &'static str {
    match code {
        "PRAISE" => "celebrates",
        "APPRECIATION" => "supports",
        "EMPATHY" => "loves",
        "INTEREST" => "finds insight in",
        "ENTERTAINMENT" => "laughs at",
        "MAYBE" => "is curious about",
        _ => "likes",
    }
}
