use serde_json::{Value, json};

use super::Comment;
use crate::harvestapi::data::clock::{Now, written};
use crate::harvestapi::data::{posts, reactions};

const TEXTS: [&str; 6] = [
    "Nicely invented.",
    "Agreed.",
    "I had not thought of that, and neither did you.",
    "Thank you!",
    "Where can one not buy this?",
    "A fair point, if it were one.",
];

/// A comment or a reply.
pub(crate) fn row(comment: Comment, now: Now) -> Value {
    let key = comment.key();
    let created = comment.created(now);
    let author = comment.author();
    let shown: Vec<_> = if key % 7 == 3 { comment.replies().take(2).collect() } else { Vec::new() };
    let mut row = json!({
        "id": comment.id(),
        "linkedinUrl": comment.url(),
        "commentary": TEXTS[usize::try_from(super::mix(114, key) % 6).unwrap_or(0)],
        "createdAt": written(created),
        "createdAtTimestamp": created,
        "numComments": comment.replies().count(),
        "numShares": (key % 9 == 4).then_some(0),
        "numImpressions": (key % 5 == 2).then_some(10 + key % 900),
        "reactionTypeCounts": reactions::counts(reactions::of_comment(comment)),
        "postId": comment.post.id(),
        "actor": author.as_actor(author == comment.post.author()),
        "pinned": false,
        "contributed": false,
        "edited": key % 8 == 5,
    });
    if !shown.is_empty() {
        row["replies"] = shown.into_iter().map(|reply| self::row(reply, now)).collect();
    }
    row
}

/// A comment as lists of one person's comments have it.
pub(crate) fn row_with_post(comment: Comment, now: Now) -> Value {
    let mut row = row(comment, now);
    row["post"] = posts::row(comment.post, now);
    row["engagement"] = json!({
        "likes": comment.reactions(),
        "comments": comment.replies().count(),
        "shares": 0,
        "reactions": row["reactionTypeCounts"],
    });
    row
}
