//! Posts.

use super::authors::{self, Author};
use super::clock::Now;
use super::companies::Company;
use super::groups::Group;
use super::people::Person;
use super::seed::{mix, pick};

/// A post by its number; 0 is the newest. The first [`BUSY_POSTS`] are by forty busy authors in turn, a person, then a
/// company, so that these have several pages; the others are one by each author.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Post {
    n: u64,
}

/// What a post shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Images,
    Article,
    Text,
    Video,
    Document,
    Job,
    Repost,
    LiveVideo,
    Collaborative,
}

pub(crate) const COUNT: u64 = BUSY_POSTS + authors::COUNT;
const BUSY: u64 = 40;
const BUSY_POSTS: u64 = BUSY * 130;
const IDS: u64 = 7_440_000_000_000_000_001;
/// Minutes between two posts.
const PACE: u64 = 47;
const LATER_PACE: u64 = 19;
const TOPICS: [&str; 8] =
    ["fixtures", "robots", "railways", "hiring", "design", "analytics", "invention", "remote work"];
const OPENINGS: [&str; 5] = [
    "A made-up post about",
    "We are inventing again, this time with",
    "Three lessons that nobody learnt from",
    "Today I want to say a word on",
    "An honest question about",
];

pub(crate) fn all() -> impl Iterator<Item = Post> {
    (0..COUNT).map(|n| Post { n })
}

/// Posts of one author, newest first.
pub(crate) fn by(author: Author) -> impl Iterator<Item = Post> {
    let turn = match author {
        Author::Person(person) if person.number() < BUSY / 2 => Some(2 * person.number()),
        Author::Company(company) if company.number() <= BUSY / 2 => Some(2 * company.number() - 1),
        _ => None,
    };
    let busy = turn.into_iter().flat_map(|turn| (0..BUSY_POSTS / BUSY).map(move |round| round * BUSY + turn));
    busy.chain([BUSY_POSTS + author.number()]).map(|n| Post { n })
}

impl Post {
    /// Finds one by URL, URN or id: the first long number in the text.
    pub(crate) fn find(wanted: &str) -> Option<Self> {
        let mut numbers = wanted.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() >= 15);
        let id: u64 = numbers.next()?.parse().ok()?;
        id.checked_sub(IDS).and_then(Self::at)
    }

    pub(crate) fn at(n: u64) -> Option<Self> {
        (n < COUNT).then_some(Self { n })
    }

    pub(crate) fn number(self) -> u64 {
        self.n
    }

    pub(crate) fn id(self) -> String {
        (IDS + self.n).to_string()
    }

    pub(crate) fn url(self) -> String {
        format!("https://www.linkedin.com/feed/update/urn:li:activity:{}", self.id())
    }

    pub(crate) fn author(self) -> Author {
        match self.n.checked_sub(BUSY_POSTS) {
            Some(a) => Author::at(a),
            None if self.n.is_multiple_of(2) => Author::Person(Person::at(self.n % BUSY / 2)),
            None => Author::Company(Company::at(self.n % BUSY / 2 + 1)),
        }
    }

    pub(crate) fn content(self) -> Content {
        match (self.n + self.n / BUSY) % 10 {
            0 | 4 => Content::Images,
            1 => Content::Article,
            2 => Content::Text,
            3 => Content::Video,
            5 => Content::Document,
            6 => Content::Job,
            7 => Content::Repost,
            8 => Content::LiveVideo,
            _ => Content::Collaborative,
        }
    }

    /// Minutes since it was posted.
    pub(crate) fn age(self) -> u64 {
        match self.n.checked_sub(BUSY_POSTS) {
            None => 5 + self.n * PACE,
            Some(later) => 5 + BUSY_POSTS * PACE + later * LATER_PACE,
        }
    }

    pub(crate) fn posted(self, now: Now) -> i64 {
        now.ago(self.age())
    }

    pub(crate) fn topic(self) -> &'static str {
        if self.n == 0 { TOPICS[0] } else { pick(&TOPICS, mix(100, self.n)) }
    }

    pub(crate) fn text(self) -> String {
        let opening = if self.n == 0 { OPENINGS[0] } else { pick(&OPENINGS, mix(101, self.n)) };
        let mention = self.mentioned().map(|known| format!(" Thanks, {}!", known.name())).unwrap_or_default();
        format!("{opening} {}.{mention}", self.topic())
    }

    /// Whom it mentions.
    pub(crate) fn mentioned(self) -> Option<Author> {
        match self.n % 12 {
            2 => Some(Author::Person(Person::at(mix(102, self.n) % 200))),
            5 => Some(Author::Company(Company::at(1 + mix(102, self.n) % 200))),
            _ => None,
        }
    }

    /// The group it was posted in; the first group has many.
    pub(crate) fn group(self) -> Option<Group> {
        match self.n {
            n if n % 20 == 0 => Some(Group::at(0)),
            n if n % 5 == 0 => Some(Group::at(1 + n / 5 % 400)),
            _ => None,
        }
    }

    /// The older post that a repost shows.
    pub(crate) fn reposted(self) -> Option<Self> {
        (self.content() == Content::Repost).then_some(Self { n: self.n + 3 }).filter(|post| post.n < COUNT)
    }

    /// How many comments it has; the first has more than a page of them.
    pub(crate) fn comments(self) -> u64 {
        match self.n {
            0 => 230,
            n if n < BUSY => 4 + mix(103, n) % 20,
            n => mix(103, n) % 12,
        }
    }

    /// How many reactions it has; nobody reacts twice.
    pub(crate) fn reactions(self) -> u64 {
        match self.n {
            0 => 260,
            n if n < BUSY => 110 - 2 * n,
            n => 10 + mix(104, n) % 80,
        }
    }
}

impl Content {
    /// Whether a `contentType` of the search means it.
    pub(crate) fn is_named(self, wanted: &str) -> bool {
        match wanted {
            "videos" => self == Self::Video,
            "images" => self == Self::Images,
            "live_videos" => self == Self::LiveVideo,
            "documents" => self == Self::Document,
            "collaborative_articles" => self == Self::Collaborative,
            "jobs" => self == Self::Job,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authors_and_posts_know_each_other() {
        let mut posts = 0;
        for author in (0..authors::COUNT).map(Author::at) {
            for post in by(author) {
                assert_eq!(post.author(), author);
                posts += 1;
            }
        }
        assert_eq!(posts, COUNT);
        assert_eq!(by(Author::at(0)).count(), 131);
    }

    #[test]
    fn every_form_finds_the_same_post() {
        for post in all().step_by(97) {
            for form in [
                post.id(),
                post.url(),
                format!("urn:li:activity:{}", post.id()),
                format!("https://www.linkedin.com/posts/a-b-activity-{}-x1Yz/?utm=1", post.id()),
            ] {
                assert_eq!(Post::find(&form), Some(post), "{form}");
            }
        }
        for wrong in ["", "7430000000000000000", "https://www.linkedin.com/posts/x", "7440000000000099999"] {
            assert_eq!(Post::find(wrong), None, "{wrong}");
        }
    }
}
