//! A reaction on the wire.

use serde_json::{Value, json};

use super::people::actor;
use super::reactions::Reaction;

/// As lists of reactions to one thing have it.
pub(crate) fn row(reaction: &Reaction) -> Value {
    json!({
        "id": reaction.urn(),
        "reactionType": reaction.code,
        "postId": reaction.post.id(),
        "actor": actor(reaction.person),
    })
}
