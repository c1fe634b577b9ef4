//! A good input for each tool, and the credentials that it needs.
use granary_credential::{Credential, Secret};
use granary_proto::Method;
use granary_proto::granary::policy::v1::{CredentialKind, Exposure};
use serde_json::{Value, json};

use crate::{KEY, key, session};

pub(crate) const TOKEN: &str = "canary-apify-93be71";
const POST: &str = "https://www.linkedin.com/posts/someone_lamp-activity-7330000000000000001-x";

pub(crate) const COMMENT: &str = "https://www.linkedin.com/feed/update/urn:li:activity:7330000000000000001?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A7330000000000000001%2C7330000000000000101%29";

/// The methods of the service that callers reach and that are answered once.
pub(crate) fn methods() -> Vec<&'static Method> {
    let table = granary_proto::policy_table().unwrap();
    let all = table.process("linkedin-data");
    all.filter(|m| m.exposure == Exposure::Gateway && !m.descriptor.is_server_streaming()).collect()
}

/// What the account holds for a method.
pub(crate) fn held(method: &Method) -> Vec<Credential> {
    let one = |need: &Vec<CredentialKind>| match need[0] {
        CredentialKind::LinkedinSession => session(),
        CredentialKind::ApifyToken => Credential::ApifyToken { token: Secret::new(TOKEN.to_owned()) },
        _ => key(KEY),
    };
    method.needs.iter().map(one).collect()
}

/// An input that is taken.
pub(crate) fn good(tool: &str) -> Value {
    let person = "https://www.linkedin.com/in/someone";
    match tool {
        "scrape_profile" | "get_profile_posts" | "get_profile_comments" | "get_profile_reactions" => {
            json!({"public_identifier": "someone"})
        }
        "search_people" => json!({"title": ["Keeper of Lanterns"]}),
        "search_leads" => json!({"current_job_titles": ["Keeper of Lanterns"]}),
        "scrape_company" | "get_company_posts" => json!({"universal_name": "beacon-works-invented"}),
        "scrape_job" => json!({"job_id": "518000001"}),
        "search_jobs" => json!({"keywords": "lantern keeper"}),
        "get_linkedin_post" => json!({"post_url": POST}),
        "get_group_posts" | "get_linkedin_group" => json!({"group_id": "77000001"}),
        "get_post_comments" | "get_post_reactions" => json!({"post": POST}),
        "get_comment_replies" | "get_comment_reactions" => json!({"comment_url": COMMENT}),
        "search_linkedin_ads" => json!({"keyword": "lantern"}),
        "get_linkedin_ad_details" => json!({"ad_id": "770000901"}),
        "send_connection_request" => json!({"profile": person}),
        "accept_connection_request" => json!({"invitation_id": "7", "shared_secret": "invented"}),
        "send_linkedin_message" => json!({"recipient_profile": person, "message": "The lamp is lit"}),
        "bulk_scrape_profiles" => json!({"urls": [person]}),
        "get_bulk_run" => json!({"run_id": "runInvented01"}),
        "bulk_scrape_company_employees" => json!({"companies": ["beacon-works-invented"], "max_items": 3}),
        "get_my_api_user"
        | "get_private_account_pools"
        | "get_sent_connection_requests"
        | "get_received_connection_requests"
        | "my_profile"
        | "" => json!({}),
        _ => json!({"search": "lanterns"}),
    }
}
