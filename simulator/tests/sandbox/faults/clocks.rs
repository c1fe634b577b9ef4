//! The clock of the other side, which is not ours.

use jiff::Timestamp;
use jiff::fmt::strtime;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::World;

/// Seconds from now to the date in a header.
fn ahead(text: &str) -> i64 {
    let parsed = strtime::parse("%a, %d %b %Y %H:%M:%S GMT", text).unwrap().to_datetime().unwrap();
    let at = parsed.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp();
    at.as_second() - Timestamp::now().as_second()
}

async fn headers(world: &World, effect: Value) -> (i64, Option<i64>) {
    world.fault(json!({"api": "harvest", "status": 429, "effect": effect})).await;
    let answer = world.harvest(Method::GET, "/v2/users/me", None).await;
    assert_eq!(answer.status, 429);
    assert_eq!(answer.headers.get_all("date").iter().count(), 1);
    (ahead(answer.header("date").unwrap()), answer.header("retry-after").map(ahead))
}

#[tokio::test]
async fn a_date_is_off_and_a_wait_goes_by_it() {
    let world = World::new().await;
    let near = |seen: i64, wanted: i64| (seen - wanted).abs() <= 2;
    for (offset, wait) in [(-600, 8), (600, 8), (0, 30), (3600, -5)] {
        let (date, retry) =
            headers(&world, json!({"clock_offset_s": offset, "retry_after_date": wait})).await;
        assert!(near(date, offset), "{offset}: {date}");
        assert!(near(retry.unwrap(), offset + wait), "{offset} {wait}: {retry:?}");
        assert!((retry.unwrap() - date - wait).abs() <= 1, "{offset} {wait}: {date} {retry:?}");
    }
    let (date, retry) = headers(&world, json!({"retry_after_date": 9})).await;
    assert!(near(date, 0) && near(retry.unwrap(), 9));
    // Answers that are right otherwise come from such a clock as well.
    world.fault(json!({"api": "harvest", "clock_offset_s": -86_400})).await;
    let answer = world.harvest(Method::GET, "/v2/users/me", None).await;
    assert!(answer.status == 200 && near(ahead(answer.header("date").unwrap()), -86_400));
}
