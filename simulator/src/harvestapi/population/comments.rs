//! Comments on posts, and replies to comments.

use super::authors::Author;
use super::clock::Now;
use super::companies::Company;
use super::people::Person;
use super::posts::{self, Post};
use super::seed::mix;

/// A comment on a post, or a reply to such a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Comment {
    pub(crate) post: Post,
    at: u64,
    /// Its place among the replies to the comment at `at`.
    reply: Option<u64>,
}

const IDS: u64 = 7_450_000_000_000_000_000;
const REPLY_IDS: u64 = 7_460_000_000_000_000_000;
/// Comments that one post may have, and replies that one comment may have, as far as ids go.
const MAX_COMMENTS: u64 = 1000;

/// Comments on a post, best first.
pub(crate) fn of(post: Post) -> impl Iterator<Item = Comment> {
    (0..post.comments()).map(move |at| Comment { post, at, reply: None })
}

/// Comments that somebody wrote, those on the newest posts first; replies are left out.
pub(crate) fn by(author: Author) -> impl Iterator<Item = Comment> {
    posts::all().flat_map(of).filter(move |comment| comment.author() == author)
}

impl Comment {
    /// Finds a comment or a reply by id, URN or URL: the last number of theirs in the text, whether escaped or not.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        let numbers = wanted.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok());
        numbers.filter_map(Self::with_id).next_back()
    }

    pub(crate) fn id(self) -> String {
        let at = self.post.number() * MAX_COMMENTS + self.at;
        match self.reply {
            None => (IDS + at).to_string(),
            Some(reply) => (REPLY_IDS + at * MAX_COMMENTS + reply).to_string(),
        }
    }

    pub(crate) fn url(self) -> String {
        let urn = |id: &str| format!("urn%3Ali%3Acomment%3A%28activity%3A{}%2C{id}%29", self.post.id());
        let parent = Self { reply: None, ..self };
        let reply = self.reply.map(|_| format!("&replyUrn={}", urn(&self.id()))).unwrap_or_default();
        format!("{}?commentUrn={}{reply}", self.post.url(), urn(&parent.id()))
    }

    /// The URN under which reactions know it.
    pub(crate) fn urn(self) -> String {
        format!("urn:li:comment:(activity:{},{})", self.post.id(), self.id())
    }

    /// Replies to it, oldest first; the very first comment has more than a page of them.
    pub(crate) fn replies(self) -> impl Iterator<Item = Self> {
        let count = match (self.reply, self.post.number(), self.at) {
            (Some(_), ..) => 0,
            (None, 0, 0) => 130,
            (None, _, at) if at % 3 == 0 => 1 + at % 4,
            _ => 0,
        };
        (0..count).map(move |reply| Self { reply: Some(reply), ..self })
    }

    /// A quarter of the first comments is by twenty busy people, so that these have several pages.
    pub(crate) fn author(self) -> Author {
        let n = self.post.number();
        match (self.reply, self.at) {
            (None, 0) if n.is_multiple_of(4) => Author::Person(Person::at((n / 4 + 1) % 20)),
            (None, at) if at % 11 == 10 => Author::Company(Company::at(1 + mix(110 + at, n) % 200)),
            (None, at) => Author::Person(Person::at(mix(110 + at, n))),
            (Some(0), _) => self.post.author(),
            (Some(reply), at) => Author::Person(Person::at(mix(111 + reply, n * MAX_COMMENTS + at))),
        }
    }

    /// After its post, or after the comment that it replies to.
    pub(crate) fn created(self, now: Now) -> i64 {
        let (after_post, after_comment) =
            (mix(112, self.at) % 30, self.reply.map_or(0, |reply| 1 + reply % 30));
        now.ago(self.post.age() - (after_post + after_comment).min(self.post.age()))
    }

    pub(crate) fn reactions(self) -> u64 {
        match (self.post.number(), self.at, self.reply) {
            (0, 0, None) => 120,
            (n, at, None) => 1 + mix(113 + at, n) % 6,
            (_, at, Some(reply)) => (at + reply) % 3,
        }
    }

    /// What tells it from every other comment, as a number.
    pub(crate) fn key(self) -> u64 {
        (self.post.number() * MAX_COMMENTS + self.at) * MAX_COMMENTS + self.reply.map_or(999, |reply| reply)
    }

    fn with_id(id: u64) -> Option<Self> {
        let (at, reply) = match id.checked_sub(REPLY_IDS) {
            Some(all) => (all / MAX_COMMENTS, Some(all % MAX_COMMENTS)),
            None => (id.checked_sub(IDS)?, None),
        };
        let post = Post::at(at / MAX_COMMENTS)?;
        let comment = of(post).nth(usize::try_from(at % MAX_COMMENTS).ok()?)?;
        match reply {
            None => Some(comment),
            Some(reply) => comment.replies().nth(usize::try_from(reply).ok()?),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_finds_the_same_comment() {
        for post in posts::all().step_by(31) {
            for comment in of(post).flat_map(|comment| std::iter::once(comment).chain(comment.replies())) {
                let decoded = comment
                    .url()
                    .replace("%3A", ":")
                    .replace("%28", "(")
                    .replace("%2C", ",")
                    .replace("%29", ")");
                for form in [comment.id(), comment.url(), comment.urn(), decoded] {
                    assert_eq!(Comment::find(&form), Some(comment), "{form}");
                }
            }
        }
        for wrong in [
            "",
            "7450000000000000999",
            "https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001",
        ] {
            assert_eq!(Comment::find(wrong), None, "{wrong}");
        }
    }
}
