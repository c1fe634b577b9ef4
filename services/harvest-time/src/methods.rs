//! Every method on one line: its request, its answer, and the way it goes.
use granary_proto::granary::harvest::v1 as wire;
use granary_proto::granary::harvest::v1::harvest_time_server::HarvestTime;
use granary_proto::granary::internal::v1::harvest_probes_server::HarvestProbes;
use granary_proto::granary::internal::v1::{ProbeCredentialRequest, ProbeCredentialResponse};
use tonic::{Request, Response, Status};

use crate::context::CallContext;
use crate::service::Service;
use crate::{answer, company, write};

macro_rules! methods {
    ($($name:ident $rpc:literal ($request:ident) -> $response:ident by $way:path;)*) => {
        #[tonic::async_trait]
        impl HarvestTime for Service {
            $(async fn $name(
                &self,
                request: Request<wire::$request>,
            ) -> Result<Response<wire::$response>, Status> {
                let context = CallContext::open(self, concat!("/granary.harvest.v1.HarvestTime/", $rpc), &request)?;
                drop(request);
                context.close($way(&context).await)
            })*
        }
    };
}

methods! {
    log_time_entry "LogTimeEntry" (LogTimeEntryRequest) -> LogTimeEntryResponse by write::time;
    list_time_entries "ListTimeEntries" (ListTimeEntriesRequest) -> ListTimeEntriesResponse by answer::list;
    list_projects "ListProjects" (ListProjectsRequest) -> ListProjectsResponse by answer::list;
    list_users "ListUsers" (ListUsersRequest) -> ListUsersResponse by answer::list;
    get_user "GetUser" (GetUserRequest) -> GetUserResponse by answer::item;
    get_company "GetCompany" (GetCompanyRequest) -> GetCompanyResponse by company::company;
    list_project_task_assignments "ListProjectTaskAssignments" (ListProjectTaskAssignmentsRequest)
        -> ListProjectTaskAssignmentsResponse by answer::list;
    list_my_project_assignments "ListMyProjectAssignments" (ListMyProjectAssignmentsRequest)
        -> ListMyProjectAssignmentsResponse by answer::list;
    stop_timer "StopTimer" (StopTimerRequest) -> StopTimerResponse by write::stop;
    restart_timer "RestartTimer" (RestartTimerRequest) -> RestartTimerResponse by write::restart;
    update_time_entry "UpdateTimeEntry" (UpdateTimeEntryRequest) -> UpdateTimeEntryResponse by write::time;
    delete_time_entry "DeleteTimeEntry" (DeleteTimeEntryRequest) -> DeleteTimeEntryResponse by write::delete;
}

#[tonic::async_trait]
impl HarvestProbes for Service {
    async fn probe_harvest_token(
        &self,
        request: Request<ProbeCredentialRequest>,
    ) -> Result<Response<ProbeCredentialResponse>, Status> {
        let context =
            CallContext::open(self, "/granary.internal.v1.HarvestProbes/ProbeHarvestToken", &request)?;
        context.close(answer::probe(&context).await)
    }
}
