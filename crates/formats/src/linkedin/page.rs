//! Addresses of LinkedIn's pages: read as people paste them, written in one form, and known by what they show.
#[cfg(test)]
mod tests;

use granary_rpc::absent::is_absent;

use crate::escapes::{self, Fault, MARKS, decoded_segment, visible};
use crate::format::{digits, slug};
use crate::url;

/// What a page shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shows {
    Anything,
    Person,
    Company,
    Job,
    Group,
    Post,
    Comment,
    Ad,
    AdSearch,
    SalesSearch,
}

/// The address of a page.
pub(crate) struct Page {
    host: String,
    /// The segments of its path, with their escapes taken apart.
    path: Vec<String>,
    /// Whether the path ends in a slash.
    slash: bool,
    query: String,
    /// Whether a comma stands in its path as it is: two addresses may have been written as one.
    has_comma: bool,
}

/// Whether a text is meant as an address, and not as a slug or a name.
pub(crate) fn is_address(text: &str) -> bool {
    let text = text.trim_start_matches(OPENING).to_ascii_lowercase();
    text.contains("://") || text.contains("linkedin.com/") || text.starts_with("www.")
}

/// What stands before an address where it was copied out of a sentence.
const OPENING: &[char] = &['<', '(', '[', '"', '\'', '“', '‘', '«', ' '];
/// What stands after it.
const CLOSING: &[char] =
    &['>', '"', '\'', '”', '’', '»', '.', ',', ';', ':', '!', '?', '。', '，', '！', '？', '、'];

impl Page {
    /// Reads an address; a scheme that is missing, or is http, is meant as https.
    pub(crate) fn read(text: &str) -> Result<Self, Fault> {
        visible(text)?;
        // An address that was cut short names somebody else.
        let cut = text.contains('…') || text.split(['/', '?']).any(|part| part.trim_end().ends_with("..."));
        let text = tidy(text);
        if cut || text.contains(url::is_odd) {
            return Err(Fault::Other);
        }
        let rest = url::without_scheme(text);
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at_checked(end).ok_or(Fault::Other)?;
        let host = linkedin(authority).ok_or(Fault::Other)?;
        let tail = tail.split('#').next().unwrap_or_default();
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        visible(&decoded_lossy(query))?;
        let mut path: Vec<&str> = path.split('/').skip(1).collect();
        let slash = path.last().is_some_and(|last| last.is_empty());
        if slash {
            path.pop();
        }
        // LinkedIn's own mails and its pages for telephones have the same paths behind a word of theirs.
        while path.len() > 1 && path.first().is_some_and(|first| PREFIXES.contains(first)) {
            path.remove(0);
        }
        let has_comma = path.iter().any(|segment| segment.contains(','));
        let mut path = path.into_iter().map(segment).collect::<Result<Vec<_>, _>>()?;
        if let Some(first) = path.first_mut() {
            first.make_ascii_lowercase();
        }
        Ok(Self { host, path, slash, query: query.to_owned(), has_comma }.in_todays_form())
    }

    /// The same page by the address that it has today, where an old one names it.
    fn in_todays_form(mut self) -> Self {
        let is_update = self.at(0) == "feed" && self.at(1) == "update";
        let names = |urn: &str| urn.strip_prefix("urn:li:").is_some_and(|kind| self.at(2).starts_with(kind));
        let is_post = is_update && POSTS.into_iter().any(names);
        let is_groups = self.path.len() == 1 && self.at(0) == "groups";
        let group = self.parameters().find(|(name, _)| *name == "gid").map(|(_, id)| id.to_owned());
        if let Some(id) = group.filter(|id| is_groups && digits(id)) {
            self.path.push(id);
            self.query.clear();
        }
        match self.path.as_mut_slice() {
            [first, ..] if first == "company-beta" => "company".clone_into(first),
            [_, _, urn, ..] if is_post => urn.insert_str(0, "urn:li:"),
            _ => {}
        }
        self
    }

    /// The same as one text, without a fragment.
    pub(crate) fn written(&self) -> String {
        let mut text = format!("https://{}", self.host);
        // A comma of a person's address would part it in two where a list is a text.
        let comma = if self.at(0) == "in" { "%2C" } else { "," };
        for segment in &self.path {
            text.push('/');
            text.push_str(&escapes::written(segment).replace(',', comma));
        }
        if self.slash {
            text.push('/');
        }
        if !self.query.is_empty() {
            text.push('?');
            text.push_str(&self.query);
        }
        text
    }

    /// Whether that is what the page shows.
    pub(crate) fn shows(&self, what: Shows) -> bool {
        let (first, slug) = (self.at(0), self.at(1).to_ascii_lowercase());
        match what {
            Shows::Anything => !first.is_empty(),
            Shows::Person => {
                let is_one = !self.has_comma && !self.at(1).contains('@');
                first == "in" && self.names(1) && !NO_PERSONS.contains(&slug.as_str()) && is_one
            }
            Shows::Company => {
                matches!(first, "company" | "school" | "showcase") && self.names(1) && slug != "unavailable"
            }
            Shows::Group => first == "groups" && self.names(1) && !NO_GROUPS.contains(&slug.as_str()),
            Shows::Job => {
                let named = self.at(1) == "view" && self.at(2).ends_with(|c: char| c.is_ascii_digit());
                first == "jobs" && (named || self.asks("currentJobId", digits))
            }
            Shows::Post => {
                let article = first == "pulse" && self.names(1);
                let shared = first == "posts" && is_share(self.at(1));
                let highlit = first == "feed"
                    && self.asks("highlightedUpdateUrn", |urn| is_urn_of_post(&decoded_lossy(urn)));
                article || shared || highlit || self.path.iter().any(|segment| is_urn_of_post(segment))
            }
            Shows::Comment => {
                let asked =
                    COMMENTS.iter().any(|name| self.asks(name, |urn| is_whole_urn(&decoded_lossy(urn))));
                asked && self.shows(Shows::Post) || self.path.iter().any(|s| is_urn_of_comment(s))
            }
            Shows::Ad => first == "ad-library" && self.at(1) == "detail" && digits(self.at(2)),
            Shows::AdSearch => first == "ad-library" && self.at(1) == "search" && self.asks_for_something(),
            Shows::SalesSearch => {
                let is_search = self.at(1) == "search" && self.at(2) == "people" && self.asks_for_something();
                first == "sales" && (is_search || self.at(1) == "lists" && !self.at(2).is_empty())
            }
        }
    }

    /// The part of a person's or a company's address that names whom it shows.
    pub(crate) fn slug(&self) -> &str {
        self.at(1)
    }

    fn at(&self, index: usize) -> &str {
        self.path.get(index).map_or("", String::as_str)
    }

    /// Whether something is named there, and not what a program writes for nothing.
    fn names(&self, index: usize) -> bool {
        !self.at(index).is_empty() && !is_absent(self.at(index))
    }

    /// Whether any parameter of a search says what is looked for.
    fn asks_for_something(&self) -> bool {
        self.parameters().any(|(name, value)| {
            let value = decoded_lossy(value);
            // What stands in a search that nothing was chosen in yet.
            let rest =
                ["filters:List()", "spellCorrectionEnabled:true", "recentSearchParam:()", "(", ")", ","]
                    .iter()
                    .fold(value.clone(), |text, empty| text.replace(empty, ""));
            !matches!(name, "viewAllFilters" | "sessionId") && !rest.trim().is_empty() && !is_absent(&value)
        })
    }

    /// Whether the query has a parameter of that name with such a value.
    fn asks(&self, name: &str, fits: impl Fn(&str) -> bool) -> bool {
        self.parameters().any(|(n, value)| n == name && fits(value))
    }

    /// The names and values in the query.
    fn parameters(&self) -> impl Iterator<Item = (&str, &str)> {
        self.query.split('&').filter_map(|pair| pair.split_once('='))
    }
}

/// What stands before the paths that are known.
const PREFIXES: [&str; 5] = ["comm", "mwlite", "m", "profile", "organization-guest"];
/// What stands in the place of a person and is nobody: whoever looks, and where LinkedIn leads to from what is not there any more.
const NO_PERSONS: [&str; 2] = ["me", "unavailable"];
/// What stands in the place of a group's id and is none.
const NO_GROUPS: [&str; 4] = ["discover", "my-groups", "create", "requests"];
/// The beginnings of what names a post.
const POSTS: [&str; 4] = ["urn:li:activity:", "urn:li:ugcPost:", "urn:li:share:", "urn:li:groupPost:"];
/// The kinds of a post, as they stand before its number in the last part of its address.
const SHARES: [&str; 4] = ["activity-", "ugcPost-", "share-", "groupPost-"];

/// Digits, with a dash between them for a group and its post.
fn number(text: &str) -> bool {
    text.split('-').all(digits)
}

fn is_urn_of_post(text: &str) -> bool {
    POSTS.iter().any(|urn| text.strip_prefix(urn).is_some_and(number))
}

/// Whether a text ends in a kind of post and its number, as "jane-doe_lamps-activity-7123-AbCd" does.
fn is_share(text: &str) -> bool {
    let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
    SHARES.iter().any(|kind| text.split(kind).skip(1).any(numbered))
}

/// Whether a text is a URN with something in it, and with nothing that is not there.
fn is_whole_urn(text: &str) -> bool {
    text.starts_with("urn:li:") && !["undefined", "null"].iter().any(|word| text.contains(word))
}

fn decoded_lossy(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The parameters by which the page of a post names a comment.
const COMMENTS: [&str; 4] = ["commentUrn", "dashCommentUrn", "replyUrn", "dashReplyUrn"];

/// Whether a text names a comment: its URN, or the digits in it.
pub(crate) fn is_comment(text: &str) -> bool {
    digits(text) || is_urn_of_comment(text)
}

fn is_urn_of_comment(text: &str) -> bool {
    let urns = ["urn:li:comment:", "urn:li:fsd_comment:", "urn:li:fs_comment:"];
    is_whole_urn(text) && urns.iter().any(|urn| text.len() > urn.len() && text.starts_with(urn))
}

/// The address alone, where it was copied with what stood around it.
fn tidy(text: &str) -> &str {
    let mut text = text.trim().trim_start_matches(OPENING);
    loop {
        let unpaired = |open: char, close: char| {
            text.ends_with(close) && text.matches(close).count() > text.matches(open).count()
        };
        let cut = text.ends_with(CLOSING) || unpaired('(', ')') || unpaired('[', ']');
        let Some((last, _)) = text.char_indices().next_back().filter(|_| cut) else { return text };
        text = text.get(..last).unwrap_or_default();
    }
}

/// LinkedIn's host in small letters, where it is one, at the port of the scheme.
fn linkedin(authority: &str) -> Option<String> {
    let (host, port) = url::host_and_port(authority)?;
    let host = host.to_ascii_lowercase();
    let own = host == "linkedin.com" || host.ends_with(".linkedin.com");
    (own && port.is_none_or(|port| matches!(port, 443 | 80))).then_some(host)
}

/// A segment with its escapes taken apart. Signs that are escaped may stand in it, as in the title of a job for C#; as they are,
/// they would be something else.
fn segment(text: &str) -> Result<String, Fault> {
    let whole = decoded_segment(text)?;
    let plain = whole.replace(MARKS, "-");
    if slug(&plain) && !text.contains(['[', ']']) { Ok(whole.into_owned()) } else { Err(Fault::Other) }
}
