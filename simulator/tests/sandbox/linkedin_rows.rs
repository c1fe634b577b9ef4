//! Every search finds something, and whatever stands in a row can be asked for.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::support::World;

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}

/// The rows of a list that must be a success.
async fn rows(world: &World, path: &str) -> Vec<Value> {
    let body = world.linkedin(path).await.json();
    assert_eq!(body["status"], 200, "{path}: {body}");
    body["elements"].as_array().unwrap().clone()
}

async fn element(world: &World, path: &str) -> Value {
    let body = world.linkedin(path).await.json();
    assert_eq!((&body["status"], &body["error"]), (&json!(200), &Value::Null), "{path}");
    assert!(body["element"].is_object(), "{path}: {body}");
    body["element"].clone()
}

#[tokio::test]
async fn an_a_finds_something_everywhere_and_thousands_in_all() {
    let world = World::new().await;
    for (path, size, least) in [
        ("profile-search", 10, 1000),
        ("lead-search", 25, 1000),
        ("company-search", 50, 1000),
        ("job-search", 25, 1000),
        ("post-search", 50, 1000),
        ("group-search", 10, 1000),
        ("service-search", 10, 1000),
    ] {
        let body = world.linkedin(&format!("/linkedin/{path}?search=a")).await.json();
        assert_eq!(body["elements"].as_array().unwrap().len(), size, "{path}");
        let page = &body["pagination"];
        assert_eq!((&page["pageNumber"], &page["pageSize"]), (&json!(1), &json!(size)), "{path}");
        assert!(page["totalElements"].as_u64().unwrap() >= least, "{path}: {page}");
        assert!(body["elements"][0]["hidden"] != true);
    }
    let ads = world.linkedin("/linkedin/ad-search?keyword=a").await.json();
    assert!(
        ads["elements"].as_array().unwrap().len() == 24
            && ads["pagination"]["totalElements"].as_u64().unwrap() >= 1000
    );
    let places = world.linkedin("/linkedin/geo-id-search?search=a").await.json();
    assert!(places["elements"].as_array().unwrap().len() == 10 && places["pagination"].is_null());
}

#[tokio::test]
async fn every_id_and_url_in_a_row_resolves() {
    let world = World::new().await;
    let text = |row: &Value, name: &str| encoded(row[name].as_str().unwrap());
    for page in [1, 7, 300] {
        for row in rows(&world, &format!("/linkedin/profile-search?page={page}")).await {
            if row["hidden"] == true {
                assert!(row["id"] == "" && row["publicIdentifier"] == "" && row["linkedinUrl"] == "");
                continue;
            }
            for name in ["id", "publicIdentifier", "linkedinUrl"] {
                let profile =
                    element(&world, &format!("/linkedin/profile?query={}&main=true", text(&row, name))).await;
                assert_eq!(profile["id"], row["id"]);
                for job in profile["experience"].as_array().unwrap() {
                    let company =
                        element(&world, &format!("/linkedin/company?companyId={}", text(job, "companyId")))
                            .await;
                    assert_eq!(company["universalName"], job["companyUniversalName"]);
                }
                for school in profile["education"].as_array().unwrap() {
                    let page = element(
                        &world,
                        &format!("/linkedin/company?url={}", text(school, "schoolLinkedinUrl")),
                    )
                    .await;
                    assert_eq!((&page["id"], &page["name"]), (&school["schoolId"], &school["schoolName"]));
                }
            }
        }
    }
    for (list, item, names) in [
        (
            "company-search?page=60",
            "company?",
            &[("id", "companyId"), ("universalName", "universalName"), ("linkedinUrl", "url")][..],
        ),
        ("job-search?page=240", "job?", &[("id", "jobId"), ("url", "url")]),
        ("group-search?page=200", "group?", &[("id", "groupId"), ("linkedinUrl", "url")]),
        ("ad-search?", "ad?", &[("id", "adId")]),
        ("post-search?page=200", "post?", &[("id", "post"), ("linkedinUrl", "url")]),
        ("lead-search?page=100", "profile?main=true&", &[("id", "query"), ("linkedinUrl", "url")]),
        (
            "service-search?page=100",
            "profile?main=true&",
            &[("id", "profileId"), ("linkedinProfileUrl", "url")],
        ),
    ] {
        let rows = rows(&world, &format!("/linkedin/{list}")).await;
        assert!(!rows.is_empty(), "{list}");
        for row in rows {
            for (name, parameter) in names {
                let found =
                    element(&world, &format!("/linkedin/{item}{parameter}={}", text(&row, name))).await;
                assert_eq!(found["id"], row["id"], "{list}");
            }
        }
    }
    for ad in rows(&world, "/linkedin/ad-search").await {
        let found = element(&world, &format!("/linkedin/ad?url={}", text(&ad["content"], "pageUrl"))).await;
        assert_eq!(found["id"], ad["id"]);
    }
}

#[tokio::test]
async fn what_hangs_on_a_post_resolves_too() {
    let world = World::new().await;
    let post = rows(&world, "/linkedin/post-search").await[0].clone();
    let post = encoded(post["linkedinUrl"].as_str().unwrap());
    let comments = rows(&world, &format!("/linkedin/post-comments?post={post}")).await;
    assert_eq!(comments.len(), 100);
    let mut replies =
        rows(&world, &format!("/linkedin/post-comment-replies?url={}", comments[0]["id"].as_str().unwrap()))
            .await;
    assert_eq!((replies.len(), &comments[0]["numComments"]), (100, &json!(130)));
    replies.truncate(3);
    for row in comments.iter().take(12).chain(&replies) {
        for form in ["id", "linkedinUrl"] {
            let url = encoded(row[form].as_str().unwrap());
            assert_eq!(element(&world, &format!("/linkedin/post-comment?url={url}")).await, *row);
            let reactions = rows(&world, &format!("/linkedin/comment-reactions?url={url}")).await;
            let counted: u64 = row["reactionTypeCounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["count"].as_u64().unwrap())
                .sum();
            assert_eq!(u64::try_from(reactions.len()).unwrap(), counted.min(100));
        }
        let url = encoded(row["actor"]["linkedinUrl"].as_str().unwrap());
        let path = if row["actor"]["type"] == "company" { "company" } else { "profile" };
        assert_eq!(element(&world, &format!("/linkedin/{path}?url={url}")).await["id"], row["actor"]["id"]);
        assert_eq!(row["actor"]["author"], row["actor"]["id"] == "ACoAAFX0000AverySampleton000000000000001");
    }
    for reaction in rows(&world, &format!("/linkedin/post-reactions?post={post}")).await {
        let id = reaction["actor"]["id"].as_str().unwrap();
        assert!(reaction["id"].as_str().unwrap().contains(id));
    }
}

/// The names that are documented for each shape; each must stand in some row, with a value.
#[tokio::test]
async fn every_documented_field_appears() {
    let world = World::new().await;
    let mut profiles = Vec::new();
    for n in 0..40 {
        let email = if n % 2 == 1 { "&findEmail=true" } else { "" };
        profiles.push(element(&world, &format!("/linkedin/profile?query=person-{:04}{email}", 1 + n)).await);
    }
    let mut companies = Vec::new();
    let mut jobs = Vec::new();
    let mut groups = Vec::new();
    let mut ads = Vec::new();
    for n in 0..45 {
        companies.push(
            element(
                &world,
                &format!(
                    "/linkedin/company?companyId={}",
                    if n < 5 { 90_000_001 + n } else { 91_000_001 + n }
                ),
            )
            .await,
        );
        jobs.push(element(&world, &format!("/linkedin/job?jobId={}", 4_390_000_001_u64 + n)).await);
        groups.push(element(&world, &format!("/linkedin/group?groupId={}", 99_000_001 + n)).await);
        ads.push(element(&world, &format!("/linkedin/ad?adId={}", 990_000_901 + n)).await);
    }
    let posts = rows(&world, "/linkedin/post-search?sortBy=date").await;
    let post = encoded(posts[0]["linkedinUrl"].as_str().unwrap());
    let comments = rows(&world, &format!("/linkedin/post-comments?post={post}")).await;
    let mine = rows(&world, "/linkedin/profile-comments?profile=avery-sampleton-fx0001").await;
    for (rows, names) in [
        (
            &profiles,
            "id publicIdentifier linkedinUrl firstName lastName headline about openToWork hiring premium influencer \
            memorialized creator verified photo emails websites companyWebsites registeredAt topSkills connectionsCount followerCount \
            location objectUrn currentPosition profileTopEducation profilePicture coverPicture experience education certifications \
            projects volunteering receivedRecommendations skills publications courses patents honorsAndAwards languages organizations \
            causes featured services moreProfiles interests primaryLocale composeOptionType profileActions",
        ),
        (
            &companies,
            "id universalName linkedinUrl name tagline website phone logo foundedOn employeeCount employeeCountRange \
            followerCount description companyType locations specialities industries logos backgroundCover backgroundCovers active \
            jobSearchUrl pageVerified pageType showcase paidCompany autoGenerated callToActionUrl crunchbaseFundingData fundingData \
            similarOrganizations affiliatedPages",
        ),
        (
            &jobs,
            "id title linkedinUrl url jobState postedDate descriptionText descriptionHtml location employmentType workplaceType \
            workRemoteAllowed easyApplyUrl applyMethod applicants hiringTeam company companyName companyLogo companyLink \
            companyUniversalName salary jobFunctions industries experienceLevel benefits views expireAt new closedAt \
            jobApplicationLimitReached applicantTrackingSystem",
        ),
        (
            &groups,
            "id linkedinUrl name memberCount logo heroImage description rules createdAt groupPlusStatusActive \
            postApprovalEnabled invitationLevel welcomeNote automatedWelcomeNoteEnabled publicVisibility admins",
        ),
        (&ads, "id variants about impressions targeting"),
        (
            &posts,
            "id linkedinUrl content contentAttributes author postedAt postImages postVideo article repostId repost repostedBy \
            newsletterUrl newsletterTitle socialContent engagement comments reactions",
        ),
        (
            &comments,
            "id linkedinUrl commentary createdAt createdAtTimestamp numComments numShares numImpressions \
            reactionTypeCounts postId actor pinned contributed edited replies",
        ),
        (&mine, "post engagement"),
    ] {
        let empty = [json!(null), json!([]), json!(""), json!({})];
        let seen: BTreeSet<_> = rows
            .iter()
            .flat_map(|row| row.as_object().unwrap())
            .filter(|(_, value)| !empty.contains(value))
            .map(|(name, _)| name.as_str())
            .collect();
        let missing: Vec<_> = names.split_whitespace().filter(|name| !seen.contains(name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
