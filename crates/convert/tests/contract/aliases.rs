//! Parameters under the names that another catalogue publishes: the same request, and never beside the field's own name.
use granary_convert::{parse_input, published_input_schema};
use granary_proto::options::field_rule;
use prost_reflect::MessageDescriptor;
use serde_json::{Value, json};

fn request(tool: &str) -> MessageDescriptor {
    granary_proto::policy_table().unwrap().tool(tool).unwrap().descriptor.input()
}

#[test]
fn what_the_catalogue_publishes_is_the_request_that_is_meant() {
    let post = "https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001";
    let comment = "https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A7440000000000000001%2C7440000000000000009%29";
    let person = "https://www.linkedin.com/in/jeffweiner08";
    let id = "ACoAABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (tool, published, own) in [
        ("harvestapi_get_post", json!({"url": post}), json!({"post_url": post})),
        (
            "harvestapi_get_ad",
            json!({"url": "https://www.linkedin.com/ad-library/detail/123456"}),
            json!({"ad_url": "https://www.linkedin.com/ad-library/detail/123456"}),
        ),
        (
            "harvestapi_get_group",
            json!({"url": "https://www.linkedin.com/groups/12345"}),
            json!({"group_url": "https://www.linkedin.com/groups/12345"}),
        ),
        ("harvestapi_get_comment_reactions", json!({"url": comment}), json!({"comment_url": comment})),
        ("harvestapi_bulk_scrape_profiles", json!({"profile_urls": [person]}), json!({"urls": [person]})),
        ("harvestapi_get_profile_posts", json!({"profile": person}), json!({"profile_url": person})),
        (
            "harvestapi_get_profile_posts",
            json!({"profile_public_identifier": "jeffweiner08"}),
            json!({"public_identifier": "jeffweiner08"}),
        ),
        ("harvestapi_get_profile_posts", json!({"profile_id": id}), json!({"public_identifier": id})),
        ("harvestapi_get_profile_comments", json!({"profile": person}), json!({"profile_url": person})),
        ("harvestapi_get_profile_reactions", json!({"profile_id": id}), json!({"public_identifier": id})),
        (
            "harvestapi_get_company_posts",
            json!({"company": "https://www.linkedin.com/company/microsoft"}),
            json!({"company_url": "https://www.linkedin.com/company/microsoft"}),
        ),
        (
            "harvestapi_get_company_posts",
            json!({"company_universal_name": "microsoft"}),
            json!({"universal_name": "microsoft"}),
        ),
        (
            "harvestapi_search_jobs",
            json!({"search": "rust", "company_id": "1035"}),
            json!({"keywords": "rust", "company": "1035"}),
        ),
        (
            "harvestapi_search_people",
            json!({"search": "a", "current_job_titles": "CTO,VP Engineering", "locations": "San Francisco, CA",
                "current_companies": "1035", "industry_ids": "96", "geo_ids": "90000084"}),
            json!({"keywords": "a", "title": "CTO,VP Engineering", "location": "San Francisco, CA",
                "company": "1035", "industry": "96", "geo_id": "90000084"}),
        ),
        ("harvestapi_scrape_profile", json!({"profile_id": id}), json!({"public_identifier": id})),
        (
            "harvestapi_search_posts",
            json!({"profile_id": id, "company_id": "1035"}),
            json!({"profile": id, "company": "1035"}),
        ),
        (
            "harvestapi_search_ads",
            json!({"keyword": "a", "date_option": "custom-date-range", "startdate": "2026-03-01", "enddate": "2026-03-02"}),
            json!({"keyword": "a", "date_option": "custom-date-range", "start_date": "2026-03-01", "end_date": "2026-03-02"}),
        ),
        ("harvestapi_search_services", json!({"search": "UX design"}), json!({"search": "UX design"})),
    ] {
        let request = request(tool);
        let read =
            |input: &Value| parse_input(&request, input).unwrap_or_else(|e| panic!("{tool} {input}: {e}"));
        assert_eq!(read(&published), read(&own), "{tool} {published}");
    }
}

#[test]
fn a_field_is_given_under_one_of_its_names() {
    for input in [
        json!({"url": "x", "post_url": "x"}),
        json!({"url": "x", "postUrl": "x"}),
        json!({"post_url": null, "url": "x"}),
    ] {
        let error = parse_input(&request("get_linkedin_post"), &input).unwrap_err();
        let twice =
            |v: &granary_rpc::Violation| v.field == "post_url" && v.description.contains("given twice");
        assert!(error.violations().iter().any(twice), "{input}: {error}");
    }
    let both = json!({"profile_id": "a", "profile_public_identifier": "b"});
    assert!(
        parse_input(&request("get_profile_posts"), &both).unwrap_err().to_string().contains("given twice")
    );
    // The lowerCamelCase form, as of any other name; and a slip finds the alias.
    let input = json!({"profileUrls": ["https://www.linkedin.com/in/a"]});
    assert!(parse_input(&request("bulk_scrape_profiles"), &input).is_ok());
    let slip = parse_input(&request("bulk_scrape_profiles"), &json!({"profile_url": ["a"]})).unwrap_err();
    assert!(slip.to_string().contains("did you mean profile_urls?"), "{slip}");
}

#[test]
fn a_published_schema_names_what_is_taken() {
    let mut differing = 0;
    for method in granary_proto::policy_table().unwrap().tools() {
        let request = method.descriptor.input();
        let Some(schema) = published_input_schema(&request) else { continue };
        differing += 1;
        let properties = schema["properties"].as_object().unwrap();
        let expected = request.fields().map(|field| match field_rule(&field).aliases.first() {
            Some(alias) => alias.clone(),
            None => field.name().to_owned(),
        });
        assert!(expected.eq(properties.keys().cloned()), "{}: {properties:?}", method.tool);
    }
    assert!(differing >= 10, "{differing}");
}
