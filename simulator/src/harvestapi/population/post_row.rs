//! A post on the wire.

use serde_json::{Value, json};

use super::authors::Author;
use super::clock::{Now, PICTURES_EXPIRE, written};
use super::pictures::{expiring, picture_url};
use super::posts::{Content, Post};
use super::{comments, feedback_rows, reactions};

/// A post, with the one that it shows, if it is a repost.
pub(crate) fn row(post: Post, now: Now) -> Value {
    let mut row = plain(post, now);
    if let Some(shown) = post.reposted() {
        row["repostId"] = json!(shown.id());
        row["repost"] = plain(shown, now);
        let author = post.author();
        let by = author.written();
        row["repostedBy"] = json!({
            "name": author.name(),
            "publicIdentifier": by["publicIdentifier"],
            "universalName": by["universalName"],
            "linkedinUrl": author.url(),
        });
    }
    // A few of each come with some posts.
    if post.content() == Content::Text {
        row["comments"] =
            comments::of(post).take(2).map(|comment| feedback_rows::comment(comment, now)).collect();
        row["reactions"] =
            reactions::of_post(post).take(2).map(|reaction| feedback_rows::reaction(&reaction)).collect();
    }
    row
}

/// How people took to something: reactions by type, most frequent first.
fn engagement(post: Post) -> Value {
    json!({
        "likes": post.reactions(),
        "comments": post.comments(),
        "shares": post.reactions() / 20,
        "reactions": reactions::counts(reactions::of_post(post)),
    })
}

fn plain(post: Post, now: Now) -> Value {
    let (n, content) = (post.number(), post.content());
    let name = format!("post-{n}");
    let images = if content == Content::Images {
        vec![
            json!({"url": picture_url(&name, 800), "width": 800, "height": 600, "expiresAt": PICTURES_EXPIRE}),
        ]
    } else {
        Vec::new()
    };
    let newsletter = content == Content::Collaborative && n.is_multiple_of(2);
    json!({
        "id": post.id(),
        "linkedinUrl": post.url(),
        "content": post.text(),
        "contentAttributes": attributes(post),
        "author": post.author().written(),
        "postedAt": posted_at(post, now),
        "postImages": images,
        "postVideo": matches!(content, Content::Video | Content::LiveVideo).then(|| json!({
            "thumbnailUrl": picture_url(&name, 400),
            "videoUrl": format!("https://media.example.com/{name}.mp4"),
        })),
        "article": (content == Content::Article).then(|| article(post)),
        "repostId": null,
        "repost": null,
        "repostedBy": null,
        "newsletterUrl": newsletter.then(|| format!("https://www.linkedin.com/newsletters/invented-{n}")),
        "newsletterTitle": newsletter.then_some("The Inventor's Weekly"),
        "socialContent": {
            "hideCommentsCount": false,
            "hideReactionsCount": false,
            "hideSocialActivityCounts": false,
            "hideShareAction": false,
            "hideSendAction": false,
            "hideRepostsCount": false,
            "hideViewsCount": true,
            "hideReactAction": false,
            "hideCommentAction": false,
            "shareUrl": format!("https://www.linkedin.com/posts/activity-{}-share", post.id()),
            "showContributionExperience": false,
            "showSocialDetail": true,
        },
        "engagement": engagement(post),
    })
}

/// Where the topic and the mention stand in the text, in UTF-16 units; all of our texts have one for each character.
fn attributes(post: Post) -> Value {
    let text = post.text();
    let place = |part: &str| text.find(part).map(|start| (start, start + part.len())).unwrap_or_default();
    let (start, end) = place(post.topic());
    let tag = post.topic().replace(' ', "");
    let mut list = vec![json!({
        "start": start,
        "end": end,
        "type": "hashtag",
        "hyperlink": format!("https://www.linkedin.com/feed/hashtag/{tag}"),
        "textLink": null,
    })];
    if let Some(mentioned) = post.mentioned() {
        let (start, end) = place(&mentioned.name());
        let kind = if matches!(mentioned, Author::Person(_)) { "PROFILE_MENTION" } else { "COMPANY_NAME" };
        list.push(json!({"start": start, "end": end, "type": kind, "hyperlink": mentioned.url(), "textLink": mentioned.name()}));
    }
    Value::Array(list)
}

fn posted_at(post: Post, now: Now) -> Value {
    let moment = post.posted(now);
    let (count, short, long) = match post.age() {
        minutes @ 0..60 => (minutes, "m", "minute"),
        minutes @ 60..1440 => (minutes / 60, "h", "hour"),
        minutes @ 1440..10_080 => (minutes / 1440, "d", "day"),
        minutes @ 10_080..43_200 => (minutes / 10_080, "w", "week"),
        minutes => (minutes / 43_200, "mo", "month"),
    };
    let plural = if count == 1 { "" } else { "s" };
    json!({
        "timestamp": moment,
        "date": written(moment),
        "postedAgoShort": format!("{count}{short}"),
        "postedAgoText": format!("{count} {long}{plural} ago"),
    })
}

fn article(post: Post) -> Value {
    let n = post.number();
    let name = format!("article-{n}");
    // The vendor's OpenAPI has an object, its client a text.
    let image = if n % 50 == 49 { json!(picture_url(&name, 1200)) } else { expiring(&name, 1200) };
    json!({
        "title": format!("More about {}", post.topic()),
        "subtitle": "blog.example.com",
        "link": format!("https://blog.example.com/{n}"),
        "linkLabel": n.is_multiple_of(3).then_some("Read on"),
        "description": n.is_multiple_of(4).then_some("An article that was never written."),
        "image": image,
    })
}
