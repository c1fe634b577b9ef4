//! A list of tools holds what was asked for and no more, so that an agent's prompt need not.
use granary_proto::granary::gateway::v1::{ListToolsRequest, ListToolsResponse, Tool, ToolView};
use granary_proto::granary::policy::v1::{Effect, Scope};
use granary_rpc::Reason;
use granary_testkit::{Client, Up};
use prost::Message;
use serde_json::{Value, json};
use tonic::Status;
use tonic_types::StatusExt;

use crate::support::{ready_account, reason};

async fn list(client: &Client, request: ListToolsRequest) -> Result<ListToolsResponse, Status> {
    client.tools().list_tools(request).await.map(tonic::Response::into_inner)
}

fn named(names: &[&str]) -> ListToolsRequest {
    ListToolsRequest { names: names.iter().map(|name| (*name).to_owned()).collect(), ..Default::default() }
}

fn names(answer: &ListToolsResponse) -> Vec<&str> {
    answer.tools.iter().map(|tool| tool.name.as_str()).collect()
}

#[tokio::test]
async fn a_view_holds_the_schemas_that_it_is_for() {
    let up = Up::start().await;
    let client = up.client();
    let view = async |view: ToolView| {
        let answer =
            list(&client, ListToolsRequest { view: view.into(), ..Default::default() }).await.unwrap();
        println!("{}: {} bytes", view.as_str_name(), answer.encoded_len());
        answer
    };
    let basic = view(ToolView::Basic).await;
    let input = view(ToolView::Input).await;
    let full = view(ToolView::Full).await;
    assert_eq!(view(ToolView::Unspecified).await, input, "the input's schema is the default");
    assert_eq!((names(&basic), names(&full)), (names(&input), names(&input)));
    let stripped = |tool: &Tool, input: bool| Tool {
        input_schema_json: if input { tool.input_schema_json.clone() } else { String::new() },
        output_schema_json: String::new(),
        ..tool.clone()
    };
    for ((basic, input), full) in basic.tools.iter().zip(&input.tools).zip(&full.tools) {
        assert!(!full.output_schema_json.is_empty() && !full.input_schema_json.is_empty(), "{}", full.name);
        assert_eq!((basic, input), (&stripped(full, false), &stripped(full, true)));
    }
    assert!(basic.encoded_len() * 2 < input.encoded_len() && input.encoded_len() * 2 < full.encoded_len());
    let one = list(&client, named(&["log_time_entry"])).await.unwrap();
    println!("one tool, with its input's schema: {} bytes", one.encoded_len());
    assert!(one.encoded_len() < 4_096);
    let request = ListToolsRequest { view: 9, effects: vec![0, 7], page_size: -1, ..Default::default() };
    let status = list(&client, request).await.unwrap_err();
    let faults = status.get_details_bad_request().unwrap().field_violations;
    let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
    assert_eq!(fields, ["effects[0]", "effects[1]", "page_size", "view"]);
}

#[tokio::test]
async fn tools_are_listed_by_name_and_effect() {
    let up = Up::start().await;
    let client = up.client();
    let asked = named(&["scrape_profile", "get_company", "get_company", "search_people"]);
    let answer = list(&client, asked.clone()).await.unwrap();
    assert_eq!(names(&answer), ["get_company", "scrape_profile", "search_people"]);
    let charged = ListToolsRequest { effects: vec![Effect::ChargedRead.into()], ..asked.clone() };
    assert_eq!(names(&list(&client, charged).await.unwrap()), ["scrape_profile", "search_people"]);
    let writes = ListToolsRequest { effects: vec![Effect::Write.into()], ..Default::default() };
    let answer = list(&client, writes).await.unwrap();
    assert!(answer.tools.len() >= 8 && answer.tools.iter().all(|tool| tool.effect() == Effect::Write));
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = ListToolsRequest { page_size: 1, page_token: token, ..asked.clone() };
        let page = list(&client, page).await.unwrap();
        found.extend(page.tools.into_iter().map(|tool| tool.name));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    assert_eq!(found, ["get_company", "scrape_profile", "search_people"]);
}

#[tokio::test]
async fn a_name_that_no_tool_has_is_told_with_the_one_that_was_meant() {
    let up = Up::start().await;
    let client = up.client();
    let status = list(&client, named(&["log_tme_entry", "get_company", "nonsense"])).await.unwrap_err();
    let faults = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!((faults[0].field.as_str(), faults[1].field.as_str()), ("names[0]", "names[2]"));
    assert!(faults[0].description.contains("did you mean log_time_entry?"), "{faults:?}");
    assert_eq!(reason(Err::<(), _>(status)), Reason::ToolUnknown);
    let status = client.call("a", "harvestapi_get_pst", "{}").await.unwrap_err();
    assert!(status.message().contains("did you mean harvestapi_get_post?"), "{status:?}");
    // However many and however long, they fit into what clients take of trailers.
    let long = "ключ".repeat(2_000);
    let status = list(&client, named(&[long.as_str(); 100])).await.unwrap_err();
    let size: usize = status.into_http::<()>().headers().values().map(http::HeaderValue::len).sum();
    assert!(size < 7_000, "{size} bytes");
    assert_eq!(reason(list(&client, named(&["x"; 101])).await), Reason::InvalidInput);
}

#[tokio::test]
async fn a_key_without_the_scope_of_a_tool_that_it_names_is_told() {
    let up = Up::start().await;
    let client = up.client();
    let reader = client.with_key(&client.key("", &[Scope::TimeRead.into()], &[]).await.key_text);
    assert!(list(&reader, named(&["get_company"])).await.is_ok());
    let status = list(&reader, named(&["get_company", "log_time_entry"])).await.unwrap_err();
    let info = status.get_details_error_info().unwrap();
    assert_eq!(
        (info.metadata["scope"].as_str(), info.metadata["tool"].as_str()),
        ("time:write", "log_time_entry")
    );
    assert_eq!(reason(Err::<(), _>(status)), Reason::ScopeMissing);
    let all = list(&reader, ListToolsRequest::default()).await.unwrap();
    assert!(!names(&all).contains(&"log_time_entry"), "unnamed ones are left out");
}

/// As others publish it: the tool under its alias, its parameters under their names, and a call that takes them.
#[tokio::test]
async fn a_tool_under_its_published_name_has_the_parameters_that_are_published_there() {
    let up = Up::start().await;
    let (client, sandbox) = (up.client(), up.sandbox());
    ready_account(&client, &sandbox, "a").await;
    let answer = list(&client, named(&["harvestapi_get_post", "get_linkedin_post"])).await.unwrap();
    assert_eq!(names(&answer), ["get_linkedin_post", "harvestapi_get_post"]);
    let schema = |tool: &Tool| serde_json::from_str::<Value>(&tool.input_schema_json).unwrap();
    let (own, published) = (schema(&answer.tools[0]), schema(&answer.tools[1]));
    assert_eq!(published["properties"]["url"], own["properties"]["post_url"]);
    assert!(published["properties"].get("post_url").is_none(), "{published}");
    assert!(answer.tools[1].aliases.contains(&"get_linkedin_post".to_owned()));
    assert!(!answer.tools[1].aliases.contains(&"harvestapi_get_post".to_owned()));

    let url = "https://www.linkedin.com/feed/update/urn:li:activity:7440000000000000001";
    for (tool, input) in [
        ("harvestapi_get_post", json!({"url": url})),
        ("harvestapi_search_services", json!({"search": "UX design"})),
        ("harvestapi_search_people", json!({"current_job_titles": "CTO", "locations": "San Francisco, CA"})),
        ("harvestapi_search_jobs", json!({"search": "engineer"})),
    ] {
        client.call("a", tool, &input.to_string()).await.unwrap_or_else(|e| panic!("{tool}: {e:?}"));
    }
    let both = json!({"url": url, "post_url": url}).to_string();
    assert_eq!(reason(client.call("a", "harvestapi_get_post", &both).await), Reason::InvalidInput);
}
