//! Reactions to posts and to comments.

use serde_json::{Value, json};

use super::comments::Comment;
use super::people::{self, Person};
use super::posts::{self, Post};
use super::seed::{mix, pick};

/// Somebody's reaction to a post or to a comment on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reaction {
    pub(crate) post: Post,
    comment: Option<Comment>,
    pub(crate) person: Person,
    pub(crate) code: &'static str,
}

/// The more frequent ones stand more than once.
const CODES: [&str; 12] = [
    "LIKE",
    "LIKE",
    "LIKE",
    "LIKE",
    "LIKE",
    "EMPATHY",
    "EMPATHY",
    "PRAISE",
    "APPRECIATION",
    "INTEREST",
    "ENTERTAINMENT",
    "MAYBE",
];
/// Reactions to one thing are by people this far apart. It shares no divisor with their number, so that nobody comes twice.
const STEP: u64 = 17;
/// The number that, times [`STEP`], leaves a remainder of 1 when divided by the number of people.
const INVERSE: u64 = inverse();

pub(crate) fn of_post(post: Post) -> impl Iterator<Item = Reaction> {
    let first = first(post.number());
    (0..post.reactions()).map(move |at| {
        let person = Person::at(first + at * STEP);
        Reaction { post, comment: None, person, code: code(post.number(), at) }
    })
}

pub(crate) fn of_comment(comment: Comment) -> impl Iterator<Item = Reaction> {
    let first = first(comment.key());
    (0..comment.reactions()).map(move |at| {
        let person = Person::at(first + at * STEP);
        Reaction { post: comment.post, comment: Some(comment), person, code: code(comment.key(), at) }
    })
}

/// Somebody's reactions to posts, newest first.
pub(crate) fn by(person: Person) -> impl Iterator<Item = Reaction> {
    posts::all().filter_map(move |post| {
        let distance =
            (person.number() + people::COUNT - first(post.number()) % people::COUNT) % people::COUNT;
        let at = distance * INVERSE % people::COUNT;
        (at < post.reactions()).then(|| Reaction {
            post,
            comment: None,
            person,
            code: code(post.number(), at),
        })
    })
}

/// How many there are of each type, the most frequent first.
pub(crate) fn counts(reactions: impl Iterator<Item = Reaction>) -> Value {
    let mut counts: Vec<(&str, u64)> = Vec::new();
    for reaction in reactions {
        match counts.iter_mut().find(|(code, _)| *code == reaction.code) {
            Some((_, count)) => *count += 1,
            None => counts.push((reaction.code, 1)),
        }
    }
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counts.into_iter().map(|(code, count)| json!({"type": code, "count": count})).collect()
}

impl Reaction {
    pub(crate) fn urn(&self) -> String {
        let target = self.comment.map_or_else(|| format!("urn:li:activity:{}", self.post.id()), Comment::urn);
        format!("urn:li:fsd_reaction:(urn:li:fsd_profile:{},{target},0)", self.person.id())
    }
}

fn first(key: u64) -> u64 {
    mix(120, key) % people::COUNT
}

fn code(key: u64, at: u64) -> &'static str {
    pick(&CODES, mix(121, key.wrapping_mul(1000).wrapping_add(at)))
}

const fn inverse() -> u64 {
    let mut candidate = 1;
    while candidate * STEP % people::COUNT != 1 {
        candidate += 1;
    }
    candidate
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_posts_know_the_same_reactions() {
        let post = posts::all().next().unwrap();
        for reaction in of_post(post) {
            let same = by(reaction.person).find(|other| other.post == post).unwrap();
            assert_eq!((same.code, same.urn()), (reaction.code, reaction.urn()));
        }
        let mut people: Vec<_> = of_post(post).map(|reaction| reaction.person.number()).collect();
        people.sort_unstable();
        people.dedup();
        assert_eq!(people.len(), 260);
    }
}
