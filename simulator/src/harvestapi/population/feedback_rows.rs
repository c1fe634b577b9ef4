//! Comments and reactions on the wire.

use serde_json::{Value, json};

use super::clock::{Now, written};
use super::comments::Comment;
use super::people::actor;
use super::reactions::{self, Reaction};
use super::seed::{mix, pick};

const TEXTS: [&str; 6] = [
    "Nicely invented.",
    "Agreed.",
    "I had not thought of that, and neither did you.",
    "Thank you!",
    "Where can one not buy this?",
    "A fair point, if it were one.",
];

/// A comment or a reply.
pub(crate) fn comment(comment: Comment, now: Now) -> Value {
    let luck = mix(115, comment.key());
    let created = comment.created(now);
    let author = comment.author();
    let shown: Vec<_> = if luck % 7 == 3 { comment.replies().take(2).collect() } else { Vec::new() };
    let mut row = json!({
        "id": comment.id(),
        "linkedinUrl": comment.url(),
        "commentary": pick(&TEXTS, luck / 16),
        "createdAt": written(created),
        "createdAtTimestamp": created,
        "numComments": comment.replies().count(),
        "numShares": (luck % 9 == 4).then_some(0),
        "numImpressions": (luck % 5 == 2).then_some(10 + luck % 900),
        "reactionTypeCounts": reactions::counts(reactions::of_comment(comment)),
        "postId": comment.post.id(),
        "actor": author.as_actor(author == comment.post.author()),
        "pinned": false,
        "contributed": false,
        "edited": luck % 8 == 5,
    });
    if !shown.is_empty() {
        row["replies"] = shown.into_iter().map(|reply| self::comment(reply, now)).collect();
    }
    row
}

/// A reaction as lists of reactions to one thing have it.
pub(crate) fn reaction(reaction: &Reaction) -> Value {
    json!({
        "id": reaction.urn(),
        "reactionType": reaction.code,
        "postId": reaction.post.id(),
        "actor": actor(reaction.person),
    })
}
