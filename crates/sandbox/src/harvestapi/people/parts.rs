//! Pieces that recur in profiles.

use serde_json::{Value, json};

pub(super) fn school(n: usize) -> Value {
    let (from, until) = (2010 - 4 * n, 2014 - 4 * n);
    json!({
        "schoolName": "Institute of Invented Studies",
        "schoolLinkedinUrl": "https://www.linkedin.com/school/institute-of-invented-studies-fx/",
        "schoolId": (90_000_101 + n).to_string(),
        "degree": "Bachelor of Science",
        "fieldOfStudy": "Computer Science",
        "skills": [],
        "startDate": {"month": null, "year": from, "text": from.to_string()},
        "endDate": {"month": null, "year": until, "text": until.to_string()},
        "period": format!("{from} - {until}"),
        "schoolLogo": picture("logo-iis"),
    })
}

pub(super) fn location(city: &str, place: &str) -> Value {
    json!({
        "linkedinText": place,
        "countryCode": "US",
        "parsed": {
            "text": place,
            "countryCode": "US",
            "regionCode": null,
            "country": "United States",
            "countryFull": "United States of America",
            "state": "California",
            "city": city,
        },
    })
}

pub(super) fn picture(name: &str) -> Value {
    let url = |size: u32| format!("https://media.example.com/{name}_{size}.jpg");
    let sizes: Vec<_> = [100, 200, 400, 800]
        .into_iter()
        .map(|size| json!({"url": url(size), "width": size, "height": size}))
        .collect();
    json!({"url": url(800), "sizes": sizes})
}

pub(super) fn dashed(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "-")
}
