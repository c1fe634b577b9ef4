//! Ads on the wire.

use serde_json::{Value, json};

use super::Ad;
use crate::harvestapi::population::clock::{Now, day};
use crate::harvestapi::population::pictures::picture_url;
use crate::harvestapi::population::seed::mix;

const FORMATS: [(&str, &str); 4] = [
    ("SPONSORED_VIDEO", "Video Ad"),
    ("SPONSORED_STATUS_UPDATE", "Single Image Ad"),
    ("SPONSORED_UPDATE_CAROUSEL", "Carousel Ad"),
    ("SPONSORED_MESSAGE", "Message Ad"),
];
const IMPRESSIONS: [&str; 4] = ["<1k", "1k-10k", "10k-50k", "50k-100k"];

/// An ad's page.
pub(crate) fn element(ad: Ad, now: Now) -> Value {
    let (n, company) = (ad.number(), ad.advertiser());
    let (kind, format) = format(ad);
    let name = format!("ad-{n}");
    let video = kind == "SPONSORED_VIDEO";
    let landing = format!("https://{}/landing", company.domain());
    let slides: Vec<_> = if kind == "SPONSORED_UPDATE_CAROUSEL" {
        (1..=3).map(|at| json!({"imageUrl": picture_url(&format!("{name}-{at}"), 400), "targetUrl": landing, "title": format!("Slide {at}")})).collect()
    } else {
        Vec::new()
    };
    let (from, to) = ad.ran(now);
    let share = 50 + mix(154, n) % 50;
    json!({
        "id": ad.id(),
        "variants": [{
            "advertiser": {
                "name": company.name(),
                "linkedinUrl": company.url(),
                "imageUrl": picture_url(&company.logo(), 100),
                "headline": "Promoted",
            },
            "content": {
                "description": ad.text(),
                "commentary": ad.text(),
                "imageUrl": (!video).then(|| picture_url(&name, 800)),
                "videoThumbnailUrl": video.then(|| picture_url(&name, 400)),
                "videoSource": (video && n % 8 == 4).then(|| json!([{"src": format!("https://media.example.com/{name}.mp4"), "type": "video/mp4"}])),
                "targetUrl": landing,
                "headline": ad.headline(),
                "ctaLabel": "Learn more",
                "slides": slides,
            },
            "creativeType": kind,
        }],
        "about": {
            "format": format,
            "advertiserName": company.name(),
            "advertiserUrl": company.url(),
            "paidBy": format!("{}, Inc.", company.name()),
            "ranFrom": day(from),
            "ranTo": day(to),
        },
        "impressions": {
            "total": IMPRESSIONS[usize::try_from(n % 4).unwrap_or(0)],
            "byCountry": [{"name": ad.place().country(), "percentage": format!("{share}%")}],
        },
        "targeting": {
            "segments": [{"name": "Language", "includes": ["English"], "excludes": []}],
            "parameters": [{"name": "Location", "targeted": true, "excluded": false}],
        },
    })
}

/// A row of the ad search.
pub(crate) fn row(ad: Ad) -> Value {
    let company = ad.advertiser();
    let (kind, _) = format(ad);
    let mut row = json!({
        "id": ad.id(),
        "advertiser": {"name": company.name(), "imageUrl": picture_url(&company.logo(), 100), "headline": "Promoted"},
        "content": {
            "headline": ad.headline(),
            "description": ad.text(),
            "commentary": ad.text(),
            "pageUrl": ad.url(),
            "imageUrl": (kind != "SPONSORED_VIDEO").then(|| picture_url(&format!("ad-{}", ad.number()), 800)),
        },
        "creativeType": kind,
    });
    if kind == "SPONSORED_MESSAGE" {
        row["content"]["message"] = json!("Hello from nobody.");
        row["content"]["messageAuthor"] = json!(company.name());
    }
    row
}

fn format(ad: Ad) -> (&'static str, &'static str) {
    FORMATS[usize::try_from(ad.number() % 4).unwrap_or(0)]
}
