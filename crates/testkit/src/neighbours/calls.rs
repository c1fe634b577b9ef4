//! The calls that good callers make.
use std::time::Duration;

use granary_proto::google::r#type::{Date, Decimal};
use granary_proto::granary::harvest::v1::{GetCompanyRequest, LogTimeEntryRequest};
use granary_proto::granary::linkedin::v1::{GetMyApiUserRequest, ScrapeProfileRequest};
use granary_proto::granary::vault::v1::GetConnectedAccountRequest;
use granary_rpc::error;
use tonic::{Code, Request, Status};

use super::Answered;
use crate::client::Client;

/// The deadline of each call.
pub const DEADLINE: Duration = Duration::from_secs(5);
/// How long after its deadline an answer may arrive; after that, there is none.
const GRACE_TIMEOUT: Duration = Duration::from_secs(1);

/// A call that good callers make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Good {
    /// A read of harvest-time.
    Company,
    /// A write of harvest-time.
    TimeEntry,
    /// A free read of linkedin-data.
    ApiUser,
    /// A charged read of linkedin-data, of 52 KB.
    Profile,
    /// A read of credential-vault.
    Account,
}

/// Makes one call. The answer of a write is the id of what was written.
///
/// # Errors
/// What the call was answered with, or DEADLINE_EXCEEDED without a reason where nothing came.
pub async fn call(client: &Client, account: &str, good: Good) -> Result<Answered, Status> {
    let made = async {
        match make(client, account, good).await {
            Err(status) if never_left(&status) => make(client, account, good).await,
            answered => answered,
        }
    };
    let answered = tokio::time::timeout(DEADLINE + GRACE_TIMEOUT, made).await;
    answered.unwrap_or_else(|_| Err(Status::deadline_exceeded("nothing came, not even at the deadline")))
}

async fn make(client: &Client, account: &str, good: Good) -> Result<Answered, Status> {
    match good {
        Good::Company => {
            client.harvest(account).get_company(within(GetCompanyRequest::default())).await?;
        }
        Good::TimeEntry => {
            let entry = LogTimeEntryRequest {
                project_id: 12_345_678,
                task_id: 87_654_321,
                spent_date: Some(Date { year: 2026, month: 3, day: 31 }),
                hours: Some(Decimal { value: "1.5".into() }),
                ..Default::default()
            };
            let answer = client.harvest(account).log_time_entry(within(entry)).await?.into_inner();
            return Ok(Answered::Entry(answer.time_entry.and_then(|entry| entry.id).expect("its id")));
        }
        Good::ApiUser => {
            client.linkedin(account).get_my_api_user(within(GetMyApiUserRequest {})).await?;
        }
        Good::Profile => {
            let public_identifier = Some("sixty-kilobytes".to_owned());
            let request = ScrapeProfileRequest { public_identifier, ..Default::default() };
            let answer = client.linkedin(account).scrape_profile(within(request)).await?.into_inner();
            let cost = answer.charge.and_then(|charge| charge.cost_micros).expect("its cost");
            return Ok(Answered::Charged(cost));
        }
        Good::Account => {
            let request = GetConnectedAccountRequest { identifier: account.to_owned() };
            client.accounts().get_connected_account(within(request)).await?;
        }
    }
    Ok(Answered::Read)
}

/// Whether a call never left this client, whose connection was turned over in that moment. Every gRPC library sends such a call
/// again by itself, except tonic's.
fn never_left(status: &Status) -> bool {
    status.code() == Code::Cancelled && status.message() == "operation was canceled"
}

fn within<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    request
}

/// A failure in a few words: its code, its reason where it has one, and its text.
pub fn told(status: &Status) -> String {
    let reason = error::reason_of(status).map_or_else(|| "no reason".to_owned(), |r| format!("{r:?}"));
    format!("{:?}, {reason}: {}", status.code(), status.message())
}
