//! Every method on one line: its request, its answer, and the way it goes.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::linked_in_data_server::LinkedInData;
use tonic::{Request, Response, Status};

use crate::answer;
use crate::service::Service;
use crate::session::Session;

macro_rules! methods {
    ($($name:ident $rpc:literal ($request:ident) -> $response:ident by $way:path;)*) => {
        #[tonic::async_trait]
        impl LinkedInData for Service {
            $(async fn $name(
                &self,
                request: Request<wire::$request>,
            ) -> Result<Response<wire::$response>, Status> {
                let session = Session::open(self, concat!("/granary.linkedin.v1.LinkedInData/", $rpc), &request)?;
                drop(request);
                session.close($way(&session).await)
            })*
        }
    };
}

methods! {
    scrape_profile "ScrapeProfile" (ScrapeProfileRequest) -> ScrapeProfileResponse by answer::element;
    get_my_api_user "GetMyApiUser" (GetMyApiUserRequest) -> GetMyApiUserResponse by answer::owner;
    probe_harvestapi_key "ProbeHarvestapiKey" (ProbeHarvestapiKeyRequest) -> ProbeHarvestapiKeyResponse
        by answer::probe;
}
