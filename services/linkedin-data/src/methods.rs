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
        unary {
            $($kind:ident by $way:path { $($name:ident $rpc:literal ($request:ident) -> $response:ident;)* })*
        }
        streams {
            $($many:ident $many_rpc:literal ($ask:ident) -> $part:ident as $stream:ident by $many_way:path;)*
        }
    ) => {
        #[tonic::async_trait]
        impl LinkedInData for Service {
            $($(async fn $name(
                &self,
                request: Request<wire::$request>,
            ) -> Result<Response<wire::$response>, Status> {
                let path = concat!("/granary.linkedin.v1.LinkedInData/", $rpc);
                let context = CallContext::open(self, path, &request)?;
                drop(request);
                // Boxed, since some ways hold a whole answer or a run while they wait.
                let outcome = Box::pin($way(&context)).await;
                context.close(outcome)
            })*)*

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

        $($(answer!($kind $response);)*)*
    };
}

/// What is read of an answer, by the kind of it.
macro_rules! answer {
    (element $response:ident) => {
        answered!($response charge warnings);
    };
    (list $response:ident) => {
        answered!($response charge warnings);
        listed!($response);
    };
    (unproven_list $response:ident) => {
        answered!($response charge warnings no_proof);
        listed!($response);
    };
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
    unary {
        // One object of HarvestAPI, by the endpoint that the contract declares.
        element by answer::element {
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
        list by answer::list {
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
        element by owner::owner {
            get_my_api_user "GetMyApiUser" (GetMyApiUserRequest) -> GetMyApiUserResponse;
        }
        // An answer of no documented shape, and of a path that is inferred: not even a list in it shows who answered.
        unproven_list by owner::pools {
            get_private_account_pools "GetPrivateAccountPools" (GetPrivateAccountPoolsRequest)
                -> GetPrivateAccountPoolsResponse;
        }
        // Actors of Apify.
        element by bulk::all {
            bulk_scrape_profiles "BulkScrapeProfiles" (BulkScrapeProfilesRequest) -> BulkScrapeProfilesResponse;
        }
        element by employees::employees {
            bulk_scrape_company_employees "BulkScrapeCompanyEmployees" (BulkScrapeCompanyEmployeesRequest)
                -> BulkScrapeCompanyEmployeesResponse;
        }
        element by collect::run {
            get_bulk_run "GetBulkRun" (GetBulkRunRequest) -> GetBulkRunResponse;
        }
    }
    streams {
        stream_bulk_scrape_profiles "StreamBulkScrapeProfiles" (StreamBulkScrapeProfilesRequest)
            -> StreamBulkScrapeProfilesResponse as StreamBulkScrapeProfilesStream by bulk::stream;
        follow_pages "FollowPages" (FollowPagesRequest)
            -> FollowPagesResponse as FollowPagesStream by follow::stream;
    }
}

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
