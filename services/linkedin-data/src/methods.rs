//! Every method on one line: its request, its answer, and the way it goes.
use granary_proto::granary::internal::v1::linked_in_probes_server::LinkedInProbes;
use granary_proto::granary::internal::v1::{ProbeCredentialRequest, ProbeCredentialResponse};
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::linked_in_data_server::LinkedInData;
use granary_proto::granary::types::v1::{Charge, PageInfo, Warning};
use tonic::{Request, Response, Status};

use crate::answer::{Answered, Listed};
use crate::context::CallContext;
use crate::service::Service;
use crate::streamed::Streamed;
use crate::{answer, bulk, collect, employees, follow, owner, probe};

macro_rules! methods {
    (
        elements by $element_way:path { $($element:ident $element_rpc:literal ($element_request:ident) -> $element_response:ident;)* }
        lists by $list_way:path { $($list:ident $list_rpc:literal ($list_request:ident) -> $list_response:ident;)* }
        others { $($other:ident $other_rpc:literal ($other_request:ident) -> $other_response:ident by $other_way:path;)* }
        streams {
            $($many:ident $many_rpc:literal ($ask:ident) -> $part:ident as $stream:ident by $many_way:path;)*
        }
    ) => {
        #[tonic::async_trait]
        impl LinkedInData for Service {
            $(async fn $element(
                &self,
                request: Request<wire::$element_request>,
            ) -> Result<Response<wire::$element_response>, Status> {
                unary!(self, $element_rpc, request, $element_way)
            })*

            $(async fn $list(
                &self,
                request: Request<wire::$list_request>,
            ) -> Result<Response<wire::$list_response>, Status> {
                unary!(self, $list_rpc, request, $list_way)
            })*

            $(async fn $other(
                &self,
                request: Request<wire::$other_request>,
            ) -> Result<Response<wire::$other_response>, Status> {
                unary!(self, $other_rpc, request, $other_way)
            })*

            $(type $stream = Streamed<wire::$part>;

            async fn $many(
                &self,
                request: Request<wire::$ask>,
            ) -> Result<Response<Self::$stream>, Status> {
                let path = concat!("/granary.linkedin.v1.LinkedInData/", $many_rpc);
                let context = CallContext::open(self, path, &request)?;
                drop(request);
                Box::pin($many_way(context)).await.map(Response::new)
            })*
        }

        $(answered!($element_response charge warnings);)*
        $(answered!($list_response charge warnings);)*
        $(listed!($list_response);)*
    };
}

macro_rules! unary {
    ($service:ident, $rpc:literal, $request:ident, $way:path) => {{
        let path = concat!("/granary.linkedin.v1.LinkedInData/", $rpc);
        let context = CallContext::open($service, path, &$request)?;
        drop($request);
        // Boxed, since some ways hold a whole answer or a run while they wait.
        let outcome = Box::pin($way(&context)).await;
        context.close(outcome)
    }};
}

/// What an answer holds besides its own.
macro_rules! answered {
    ($response:ident $($part:ident)*) => {
        impl Answered for wire::$response {
            $(answered!(@ $part);)*
        }
    };
    (@ charge) => {
        fn charge(&mut self) -> Option<&mut Option<Charge>> {
            Some(&mut self.charge)
        }
    };
    (@ no_proof) => {
        fn is_proof(&self) -> bool {
            false
        }
    };
    (@ warnings) => {
        fn warnings(&mut self) -> Option<&mut Vec<Warning>> {
            Some(&mut self.warnings)
        }
    };
}

macro_rules! listed {
    ($response:ident) => {
        impl Listed for wire::$response {
            fn rows(&self) -> usize {
                self.elements.len()
            }

            fn page(&mut self) -> &mut Option<PageInfo> {
                &mut self.page_info
            }
        }
    };
}

methods! {
    // One object of HarvestAPI, by the endpoint that the contract declares.
    elements by answer::element {
        scrape_profile "ScrapeProfile" (ScrapeProfileRequest) -> ScrapeProfileResponse;
        scrape_company "ScrapeCompany" (ScrapeCompanyRequest) -> ScrapeCompanyResponse;
        scrape_job "ScrapeJob" (ScrapeJobRequest) -> ScrapeJobResponse;
        get_linkedin_post "GetLinkedinPost" (GetLinkedinPostRequest) -> GetLinkedinPostResponse;
        get_linkedin_group "GetLinkedinGroup" (GetLinkedinGroupRequest) -> GetLinkedinGroupResponse;
        get_linkedin_ad_details "GetLinkedinAdDetails" (GetLinkedinAdDetailsRequest)
            -> GetLinkedinAdDetailsResponse;
        send_connection_request "SendConnectionRequest" (SendConnectionRequestRequest)
            -> SendConnectionRequestResponse;
        get_sent_connection_requests "GetSentConnectionRequests" (GetSentConnectionRequestsRequest)
            -> GetSentConnectionRequestsResponse;
        get_received_connection_requests "GetReceivedConnectionRequests" (GetReceivedConnectionRequestsRequest)
            -> GetReceivedConnectionRequestsResponse;
        accept_connection_request "AcceptConnectionRequest" (AcceptConnectionRequestRequest)
            -> AcceptConnectionRequestResponse;
        send_linkedin_message "SendLinkedinMessage" (SendLinkedinMessageRequest)
            -> SendLinkedinMessageResponse;
        my_profile "MyProfile" (MyProfileRequest) -> MyProfileResponse;
    }
    // A page of a list.
    lists by answer::list {
        search_people "SearchPeople" (SearchPeopleRequest) -> SearchPeopleResponse;
        search_profiles "SearchProfiles" (SearchProfilesRequest) -> SearchProfilesResponse;
        search_profile_services "SearchProfileServices" (SearchProfileServicesRequest)
            -> SearchProfileServicesResponse;
        search_geo_id "SearchGeoId" (SearchGeoIdRequest) -> SearchGeoIdResponse;
        search_companies "SearchCompanies" (SearchCompaniesRequest) -> SearchCompaniesResponse;
        search_jobs "SearchJobs" (SearchJobsRequest) -> SearchJobsResponse;
        search_posts "SearchPosts" (SearchPostsRequest) -> SearchPostsResponse;
        get_profile_posts "GetProfilePosts" (GetProfilePostsRequest) -> GetProfilePostsResponse;
        get_company_posts "GetCompanyPosts" (GetCompanyPostsRequest) -> GetCompanyPostsResponse;
        get_group_posts "GetGroupPosts" (GetGroupPostsRequest) -> GetGroupPostsResponse;
        get_post_comments "GetPostComments" (GetPostCommentsRequest) -> GetPostCommentsResponse;
        get_post_reactions "GetPostReactions" (GetPostReactionsRequest) -> GetPostReactionsResponse;
        get_comment_replies "GetCommentReplies" (GetCommentRepliesRequest) -> GetCommentRepliesResponse;
        get_comment_reactions "GetCommentReactions" (GetCommentReactionsRequest)
            -> GetCommentReactionsResponse;
        get_profile_comments "GetProfileComments" (GetProfileCommentsRequest) -> GetProfileCommentsResponse;
        get_profile_reactions "GetProfileReactions" (GetProfileReactionsRequest)
            -> GetProfileReactionsResponse;
        search_groups "SearchGroups" (SearchGroupsRequest) -> SearchGroupsResponse;
        search_linkedin_ads "SearchLinkedinAds" (SearchLinkedinAdsRequest) -> SearchLinkedinAdsResponse;
        search_leads "SearchLeads" (SearchLeadsRequest) -> SearchLeadsResponse;
    }
    others {
        get_my_api_user "GetMyApiUser" (GetMyApiUserRequest) -> GetMyApiUserResponse by owner::owner;
        get_private_account_pools "GetPrivateAccountPools" (GetPrivateAccountPoolsRequest)
            -> GetPrivateAccountPoolsResponse by owner::pools;
        bulk_scrape_profiles "BulkScrapeProfiles" (BulkScrapeProfilesRequest)
            -> BulkScrapeProfilesResponse by bulk::all;
        bulk_scrape_company_employees "BulkScrapeCompanyEmployees" (BulkScrapeCompanyEmployeesRequest)
            -> BulkScrapeCompanyEmployeesResponse by employees::employees;
        get_bulk_run "GetBulkRun" (GetBulkRunRequest) -> GetBulkRunResponse by collect::run;
    }
    streams {
        stream_bulk_scrape_profiles "StreamBulkScrapeProfiles" (StreamBulkScrapeProfilesRequest)
            -> StreamBulkScrapeProfilesResponse as StreamBulkScrapeProfilesStream by bulk::stream;
        follow_pages "FollowPages" (FollowPagesRequest)
            -> FollowPagesResponse as FollowPagesStream by follow::stream;
    }
}

answered!(GetMyApiUserResponse charge warnings);
// An answer of no documented shape, and of a path that is inferred: not even a list in it shows who answered.
answered!(GetPrivateAccountPoolsResponse charge warnings no_proof);
listed!(GetPrivateAccountPoolsResponse);
answered!(BulkScrapeProfilesResponse charge warnings);
answered!(BulkScrapeCompanyEmployeesResponse charge warnings);
answered!(GetBulkRunResponse charge warnings);

impl Answered for ProbeCredentialResponse {
    fn charge(&mut self) -> Option<&mut Option<Charge>> {
        Some(&mut self.charge)
    }
}

macro_rules! probes {
    ($($name:ident $rpc:literal by $way:path;)*) => {
        #[tonic::async_trait]
        impl LinkedInProbes for Service {
            $(async fn $name(
                &self,
                request: Request<ProbeCredentialRequest>,
            ) -> Result<Response<ProbeCredentialResponse>, Status> {
                let context = CallContext::open(self, concat!("/granary.internal.v1.LinkedInProbes/", $rpc), &request)?;
                context.close($way(&context).await)
            })*
        }
    };
}

probes! {
    probe_harvestapi_key "ProbeHarvestapiKey" by probe::key;
    probe_linkedin_session "ProbeLinkedinSession" by probe::session;
    probe_apify_token "ProbeApifyToken" by probe::apify;
}
