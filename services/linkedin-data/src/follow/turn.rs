//! One page of whichever list is followed: those of the `oneof` in `follow.proto`.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::follow_pages_request::List;
use granary_proto::granary::linkedin::v1::follow_pages_response::Page;
use granary_proto::granary::types::v1::PageInfo;
use granary_rpc::{Error, Reason};
use prost::Message;

use crate::answer::{self, Listed};
use crate::context::CallContext;

/// A page that came.
pub(super) struct Turned {
    pub(super) page: Page,
    pub(super) info: PageInfo,
    pub(super) rows: usize,
    /// What upstream billed for it, as far as it said so.
    pub(super) cost: Option<i64>,
}

macro_rules! pages {
    ($($list:ident $name:literal $response:ident;)*) => {
        /// The method that a list is a page of, and its request.
        pub(super) fn request(list: &List) -> (&'static str, Vec<u8>) {
            match list {
                $(List::$list(request) => {
                    (concat!("/granary.linkedin.v1.LinkedInData/", $name), request.encode_to_vec())
                })*
            }
        }

        /// Asks for a page.
        pub(super) async fn page(context: &CallContext) -> Result<Turned, Error> {
            match context.method.descriptor.name() {
                $($name => {
                    let response: wire::$response = Box::pin(answer::list(context)).await?;
                    Ok(turned(context, response, Page::$list))
                })*
                _ => Err(Error::new(Reason::Internal, "the contract lacks a list that is followed")),
            }
        }
    };
}

pages! {
    SearchPeople "SearchPeople" SearchPeopleResponse;
    SearchProfiles "SearchProfiles" SearchProfilesResponse;
    SearchProfileServices "SearchProfileServices" SearchProfileServicesResponse;
    SearchCompanies "SearchCompanies" SearchCompaniesResponse;
    SearchJobs "SearchJobs" SearchJobsResponse;
    SearchPosts "SearchPosts" SearchPostsResponse;
    GetProfilePosts "GetProfilePosts" GetProfilePostsResponse;
    GetCompanyPosts "GetCompanyPosts" GetCompanyPostsResponse;
    GetGroupPosts "GetGroupPosts" GetGroupPostsResponse;
    GetPostComments "GetPostComments" GetPostCommentsResponse;
    GetPostReactions "GetPostReactions" GetPostReactionsResponse;
    GetCommentReplies "GetCommentReplies" GetCommentRepliesResponse;
    GetCommentReactions "GetCommentReactions" GetCommentReactionsResponse;
    GetProfileComments "GetProfileComments" GetProfileCommentsResponse;
    GetProfileReactions "GetProfileReactions" GetProfileReactionsResponse;
    SearchGroups "SearchGroups" SearchGroupsResponse;
    SearchLinkedinAds "SearchLinkedinAds" SearchLinkedinAdsResponse;
    SearchLeads "SearchLeads" SearchLeadsResponse;
}

fn turned<R: Listed>(context: &CallContext, mut response: R, page: impl Fn(R) -> Page) -> Turned {
    if let Some(warnings) = response.warnings() {
        warnings.splice(0..0, context.warnings.iter().cloned());
    }
    let info = response.page().clone().unwrap_or_default();
    let charge = response.charge().and_then(|charge| charge.as_ref());
    let cost = charge.and_then(|charge| charge.cost_micros);
    Turned { info, rows: response.rows(), cost, page: page(response) }
}
