//! Filters narrow, and do so truthfully: what a filter lets through is looked up and compared.

use serde_json::{Value, json};

use crate::support::World;

async fn search(world: &World, query: &str) -> (u64, Vec<Value>) {
    let body = world.linkedin(&format!("/linkedin/{query}")).await.json();
    assert_eq!(body["status"], 200, "{query}: {body}");
    (body["pagination"]["totalElements"].as_u64().unwrap(), body["elements"].as_array().unwrap().clone())
}

#[tokio::test]
async fn leads_are_narrowed_by_every_filter() {
    let world = World::new().await;
    let (all, _) = search(&world, "lead-search").await;
    assert_eq!(all, 5005);
    for filter in [
        "search=engineer",
        "currentCompanies=90000001",
        "pastCompanies=https%3A%2F%2Fwww.linkedin.com%2Fcompany%2Fplaceholder-analytics-fx",
        "schools=90000101",
        "locations=California,Berlin",
        "geoIds=990100001",
        "currentJobTitles=VP%20of%20Engineering,CTO",
        "pastJobTitles=Recruiter",
        "firstNames=Ada,Hugo",
        "lastNames=Farnsby",
        "industryIds=4,96",
        "yearsAtCurrentCompanyIds=1,5",
        "yearsOfExperienceIds=3",
        "seniorityLevelIds=300,310",
        "functionIds=8",
        "recentlyChangedJobs=true",
        "postedOnLinkedin=true",
        "profileLanguages=de",
        "companyHeadcount=201-500,10001%2B",
        "companyHeadquarterLocations=Sampleville",
    ] {
        let (some, rows) = search(&world, &format!("lead-search?{filter}")).await;
        assert!(0 < some && some < all && !rows.is_empty(), "{filter}: {some}");
    }
    // An exclusion is what its filter leaves.
    for (name, values) in [
        ("CurrentCompanies", "90000001"),
        ("PastCompanies", "90000002"),
        ("Schools", "90000101"),
        ("Locations", "California"),
        ("GeoIds", "990100001"),
        ("CurrentJobTitles", "CTO"),
        ("PastJobTitles", "Recruiter"),
        ("IndustryIds", "4"),
        ("SeniorityLevelIds", "300,310"),
        ("FunctionIds", "8"),
        ("CompanyHeadquarterLocations", "Texas"),
    ] {
        let plain = format!("{}{}", name[..1].to_lowercase(), &name[1..]);
        let (with, _) = search(&world, &format!("lead-search?{plain}={values}")).await;
        let (without, _) = search(&world, &format!("lead-search?exclude{name}={values}")).await;
        assert_eq!(with + without, all, "{name}");
    }
    let (_, rows) = search(&world, "lead-search?currentCompanies=examplio-robotics-fx&currentJobTitles=engineer&locations=United%20States").await;
    assert!(!rows.is_empty());
    for row in rows {
        let position = &row["currentPositions"][0];
        assert_eq!(position["companyId"], "90000001");
        assert!(position["title"].as_str().unwrap().to_lowercase().contains("engineer"));
        assert!(row["location"]["linkedinText"].as_str().unwrap().ends_with("United States"));
        assert!(
            position["startedOn"]["year"].is_number() && position["tenureAtCompany"]["numYears"].is_number()
        );
    }
    // Geo ids override places, and a Sales Navigator URL everything but the page.
    let (by_id, _) = search(&world, "lead-search?geoIds=990200001&locations=Berlin").await;
    assert_eq!(by_id, search(&world, "lead-search?geoIds=990200001").await.0);
    let url = "https%3A%2F%2Fwww.linkedin.com%2Fsales%2Fsearch%2Fpeople%3Fquery%3Dx";
    assert_eq!(
        search(&world, &format!("lead-search?salesNavUrl={url}&search=nobody&firstNames=Ada")).await.0,
        all
    );
}

#[tokio::test]
async fn people_companies_groups_and_services_are_narrowed() {
    let world = World::new().await;
    for (list, filters) in [
        (
            "profile-search",
            &[
                "search=VP",
                "currentCompany=90000001",
                "currentCompanyId=90000001,90000002",
                "currentCompanyUniversalName=examplio-robotics-fx",
                "pastCompany=90000003",
                "school=90000102",
                "firstName=Ada",
                "lastName=Goldwick",
                "title=Recruiter",
                "location=Paris",
                "geoId=990200001",
                "industryId=4",
                "keywordsCompany=robotics",
                "keywordsSchool=polytechnic",
                "followerOf=examplio-robotics-fx",
            ][..],
        ),
        (
            "company-search",
            &[
                "search=robotics",
                "location=Germany",
                "geoId=990100001",
                "companySize=1-10,10001%2B",
                "industryId=4,6",
            ],
        ),
        ("group-search", &["search=robotics"]),
        ("service-search", &["search=training", "location=London", "geoId=990000501"]),
    ] {
        let (all, _) = search(&world, list).await;
        for filter in filters {
            let (some, rows) = search(&world, &format!("{list}?{filter}")).await;
            assert!(0 < some && some < all && !rows.is_empty(), "{list} {filter}: {some} of {all}");
        }
        let nothing = search(&world, &format!("{list}?search=nobody-has-this")).await;
        assert_eq!(nothing, (0, Vec::new()), "{list}");
    }
    let (_, rows) = search(&world, "company-search?companySize=201-500&search=a").await;
    for row in rows.iter().take(10) {
        let company = world
            .linkedin(&format!("/linkedin/company?companyId={}", row["id"].as_str().unwrap()))
            .await
            .json();
        assert_eq!(company["element"]["employeeCountRange"], json!({"start": 201, "end": 500}));
    }
}

#[tokio::test]
async fn jobs_are_narrowed_to_what_they_say() {
    let world = World::new().await;
    let (all, _) = search(&world, "job-search").await;
    for (filter, name, wanted) in [
        ("workplaceType=office", "workplaceType", "on_site"),
        ("workplaceType=remote", "workplaceType", "remote"),
        ("employmentType=part-time", "employmentType", "part_time"),
        ("employmentType=temporary", "employmentType", "temporary"),
        ("experienceLevel=director", "experienceLevel", "director"),
        ("experienceLevel=mid-senior", "experienceLevel", "mid_senior_level"),
    ] {
        let (some, rows) = search(&world, &format!("job-search?{filter}")).await;
        assert!(0 < some && some < all, "{filter}");
        for row in rows.iter().take(5) {
            let job =
                world.linkedin(&format!("/linkedin/job?jobId={}", row["id"].as_str().unwrap())).await.json();
            assert_eq!(job["element"][name], wanted, "{filter}");
        }
    }
    for filter in [
        "search=rust",
        "companyId=90000001,90000002",
        "company=examplio-robotics-fx",
        "companyUniversalName=examplio-robotics-fx",
        "location=Berlin",
        "geoId=990200001",
        "postedLimit=24h",
        "postedLimit=1h",
        "postedLimit=week",
        "postedLimit=month",
        "salary=120k%2B",
        "salary=40k+,200k+",
        "industryId=4",
        "functionId=eng",
        "under10Applicants=true",
        "easyApply=true",
        "employmentType=contract,internship",
    ] {
        let (some, rows) = search(&world, &format!("job-search?{filter}")).await;
        assert!(0 < some && some < all && !rows.is_empty(), "{filter}: {some} of {all}");
    }
    let dates = |rows: &[Value]| {
        rows.iter().map(|row| row["postedDate"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (_, rows) = search(&world, "job-search?sortBy=date&search=engineer").await;
    assert!(dates(&rows).is_sorted_by(|a, b| a >= b));
    let (_, rows) = search(&world, "job-search?salary=100k%2B").await;
    for row in rows.iter().take(5) {
        let job =
            world.linkedin(&format!("/linkedin/job?jobId={}", row["id"].as_str().unwrap())).await.json();
        assert!(job["element"]["salary"]["min"].as_u64().unwrap() >= 100_000);
    }
    let whole = world.linkedin("/linkedin/job?jobId=4390000001&withCompany=true").await.json();
    assert!(whole["element"]["company"]["specialities"].is_array());
}

#[tokio::test]
async fn posts_are_narrowed_by_author_time_and_content() {
    let world = World::new().await;
    let (all, _) = search(&world, "post-search").await;
    for filter in [
        "search=robots",
        "profile=avery-sampleton-fx0001",
        "profileId=ACoAAFX0000AverySampleton000000000000001",
        "company=90000001",
        "companyUniversalName=examplio-robotics-fx,placeholder-analytics-fx",
        "authorsCompany=90000001",
        "authorsIndustryId=4",
        "mentioningMember=person-0001",
        "mentioningCompany=90000001",
        "contentType=videos",
        "contentType=images",
        "contentType=live_videos",
        "contentType=documents",
        "contentType=collaborative_articles",
        "contentType=jobs",
        "authorKeywords=recruiter",
        "group=99000001",
        "group=https%3A%2F%2Fwww.linkedin.com%2Fgroups%2F99000007",
        "postedLimit=24h",
        "postedLimit=week",
        "postedLimit=month",
        "targetUrl=https%3A%2F%2Fwww.linkedin.com%2Fcompany%2Fexamplio-robotics-fx%2F",
    ] {
        let (some, rows) = search(&world, &format!("post-search?{filter}")).await;
        assert!(0 < some && some < all && !rows.is_empty(), "{filter}: {some} of {all}");
    }
    let (_, rows) =
        search(&world, "post-search?profile=avery-sampleton-fx0001,person-0001&company=90000001&sortBy=date")
            .await;
    let stamps: Vec<_> = rows.iter().map(|row| row["postedAt"]["timestamp"].as_i64().unwrap()).collect();
    assert!(stamps.is_sorted_by(|a, b| a >= b));
    for row in rows {
        let by = row["author"]["name"].as_str().unwrap();
        assert!(row["author"]["id"] == "90000001" || row["author"]["publicIdentifier"].is_string(), "{by}");
    }
    // A limit of the search counts beforehand; one that is applied afterwards leaves the totals alone.
    let day =
        i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_millis()).unwrap() - 86_400_000 - 120_000;
    let (some, rows) = search(&world, "post-search?postedLimit=24h&sortBy=date").await;
    assert!(
        usize::try_from(some).unwrap() == rows.len()
            && rows.iter().all(|row| row["postedAt"]["timestamp"].as_i64().unwrap() > day)
    );
    let (total, rows) = search(&world, "post-search?scrapePostedLimit=24h&sortBy=date").await;
    assert!(total == all && usize::try_from(some).unwrap() == rows.len());
    let (_, rows) = search(&world, "post-search?scrapePostedLimit=24h&sortBy=date&page=2").await;
    assert!(rows.is_empty());
}

#[tokio::test]
async fn ads_places_and_accounts_are_found() {
    let world = World::new().await;
    let (all, _) = search(&world, "ad-search").await;
    let year = format!("{}", jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year() - 1);
    for filter in [
        "keyword=robot",
        "accountOwner=Examplio%20Robotics",
        "accountOwner=https%3A%2F%2Fwww.linkedin.com%2Fcompany%2Fexamplio-robotics-fx",
        "countries=US,GB",
        "dateOption=last-30-days",
        "dateOption=current-month",
        "dateOption=current-year",
        "dateOption=last-year",
        &format!("dateOption=custom-date-range&startdate={year}-03-01&enddate={year}-03-31"),
    ] {
        let (some, rows) = search(&world, &format!("ad-search?{filter}")).await;
        assert!(0 < some && some < all && !rows.is_empty(), "{filter}: {some} of {all}");
    }
    assert_eq!(search(&world, "ad-search?countries=ALL").await.0, all);
    // The URL of a search takes the place of everything else.
    let url = "https%3A%2F%2Fwww.linkedin.com%2Fad-library%2Fsearch%3Fkeyword%3Ddrum";
    let by_url = search(&world, &format!("ad-search?searchUrl={url}&keyword=robot")).await;
    assert_eq!(by_url, search(&world, "ad-search?keyword=drum").await);
    let places = world.linkedin("/linkedin/geo-id-search?search=sampleville").await.json();
    assert_eq!(
        (&places["entityId"], &places["elements"][0], &places["cost"]),
        (
            &json!("sampleville"),
            &json!({"geoId": "990000501", "title": "Sampleville, California, United States"}),
            &json!(0)
        )
    );
    let accounts = world
        .linkedin(
            "/linkedin-sales-nav/account-search?companyHeadcount=51-200&excludeHeadquarterLocations=Germany",
        )
        .await
        .json();
    assert!(accounts["elements"].as_array().unwrap().iter().all(|row| row["employeeCountRange"] == "51-200"));
    assert_eq!(accounts["elements"].as_array().unwrap().len(), 25);
}
