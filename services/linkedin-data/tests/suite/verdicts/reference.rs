//! What the reference says of the vendors' refusals and successes, written a second time.
use serde_json::Value;

use super::bodies::Reply;

/// What a call with a key, and perhaps a session, says of them: the kind that was refused.
pub(super) fn refused(has_session: bool, told: &Reply, owner: &Reply) -> Option<&'static str> {
    if is_bad_key(told) || refuses(told, 401) && (!has_session || names_the_key(told)) {
        return Some("harvestapi_key");
    }
    if !has_session || !(refuses(told, 401) || refuses(told, 403)) {
        return None;
    }
    // A refusal of two credentials is settled by the owner of the key, which needs no other.
    if is_owner(owner) {
        return Some("linkedin_session");
    }
    (refuses(owner, 401) || is_bad_key(owner)).then_some("harvestapi_key")
}

/// The one answer without an envelope that was observed, and nothing beside it.
fn is_bad_key(told: &Reply) -> bool {
    told.status == 401 && body(told) == serde_json::json!({"error": {"error": "Invalid API key"}})
}

/// What a call with a token says of it.
pub(super) fn refused_by_apify(told: &Reply) -> bool {
    let types = ["invalid-token", "token-not-provided", "user-or-token-not-found"];
    told.status == 401 && body(told)["error"]["type"].as_str().is_some_and(|kind| types.contains(&kind))
}

/// The kinds that an answer to a call of HarvestAPI shows to be taken: all that went with it, where what was asked for came.
pub(super) fn shows_what_was_asked_for(rpc: &str, told: &Reply) -> bool {
    let body = body(told);
    let element = &body["element"];
    let is_there = |keys: &[&str]| keys.iter().any(|key| !is_nothing(&element[key]));
    let is_entity = element.is_object() && element["success"] != false;
    // An error beside it, or a success that is denied, says that it is not what was asked for.
    let is_denied = !is_no_error(&body["error"]) || body["success"] == false || body["success"] == "false";
    is_success(told)
        && !is_denied
        && match rpc {
            // No shape of the pools is published.
            "GetPrivateAccountPools" => false,
            "GetMyApiUser" | "ProbeHarvestapiKey" => is_owner(told),
            "SendConnectionRequest" => is_entity && is_there(&["connectionId"]),
            "AcceptConnectionRequest" => {
                is_entity && is_there(&["createdAt", "connectedMember", "entityUrn"])
            }
            "SendLinkedinMessage" => is_entity && is_there(&["originToken", "backendUrn", "entityUrn"]),
            "GetSentConnectionRequests" => is_entity && element["sentInvitations"].is_array(),
            "GetReceivedConnectionRequests" => is_entity && element["receivedInvitations"].is_array(),
            "ScrapeProfile"
            | "ScrapeCompany"
            | "ScrapeJob"
            | "GetLinkedinPost"
            | "GetLinkedinGroup"
            | "GetLinkedinAdDetails"
            | "MyProfile"
            | "ProbeLinkedinSession" => {
                is_entity && element["id"].as_str().is_some_and(|id| !id.trim().is_empty())
            }
            // Rows, but not rows with nothing in any of them, or with nothing but what is wrong.
            _ => body["elements"].as_array().is_some_and(|rows| {
                const FAULTS: [&str; 7] =
                    ["error", "errors", "message", "success", "status", "statusCode", "code"];
                let shows = |row: &Value| {
                    row.as_object().is_some_and(|row| row.keys().any(|key| !FAULTS.contains(&key.as_str())))
                };
                rows.is_empty() || rows.iter().any(shows)
            }),
        }
}

/// Whether an answer of Apify is about a user, or about a run with its dataset.
pub(super) fn shows_a_user_or_a_run(rpc: &str, told: &Reply) -> bool {
    let data = &body(told)["data"];
    let is_there = |key: &str| data[key].as_str().is_some_and(|id| !id.trim().is_empty());
    told.status == 200 && is_there("id") && (rpc == "ProbeApifyToken" || is_there("defaultDatasetId"))
}

/// Whether an envelope, which names an entity, an element or elements, tells this status; HTTP may say success all the same.
fn refuses(told: &Reply, status: u16) -> bool {
    let body = body(told);
    let is_envelope = ["element", "elements", "entityId"].iter().any(|key| body.get(key).is_some());
    is_envelope && [200, status].contains(&told.status) && status_of(&body) == Some(u64::from(status))
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value == false || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// What stands under "error" where nothing is wrong.
fn is_no_error(value: &Value) -> bool {
    is_nothing(value) || *value == serde_json::json!({}) || *value == serde_json::json!([])
}

fn names_the_key(told: &Reply) -> bool {
    let error = &body(told)["error"];
    let words = [error.as_str(), error["error"].as_str()].into_iter().flatten();
    words.into_iter().any(|words| words.to_lowercase().contains("invalid api key"))
}

/// Whether it tells of a user or of a wallet, and of nothing that is wrong.
fn is_owner(told: &Reply) -> bool {
    let body = body(told);
    let is_wrong = body["success"] == false || !is_no_error(&body["error"]) || !is_nothing(&body["message"]);
    let user =
        ["id", "email", "membershipTier", "totalBalance"].iter().any(|key| !is_nothing(&body["user"][key]));
    is_success(told) && !is_wrong && (user || !body["usage"]["balance"].is_null())
}

/// Whether both statuses say that it is one.
fn is_success(told: &Reply) -> bool {
    told.status == 200 && status_of(&body(told)).is_none_or(|status| (200..300).contains(&status))
}

/// The envelope's status, a number or a text.
fn status_of(body: &Value) -> Option<u64> {
    let status = &body["status"];
    status.as_u64().or_else(|| status.as_str()?.parse().ok())
}

fn body(told: &Reply) -> Value {
    serde_json::from_slice(&told.body).unwrap_or_default()
}
