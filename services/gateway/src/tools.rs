//! Tools by name: JSON in, JSON out, and between them the same ticket and the same forwarding as for a typed call. Who may
//! not call a tool for an account pays for no conversion.
mod catalogue;
mod context;
mod conversion;
mod turns;
mod verify;

use granary_proto::Method;
use granary_proto::granary::gateway::v1::tool_service_server::ToolService;
use granary_proto::granary::gateway::v1::{
    ExecuteToolRequest, ExecuteToolResponse, ListToolsRequest, ListToolsResponse, VerifyCredentialRequest,
    VerifyCredentialResponse,
};
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{GetConnectedAccountRequest, GetConnectedAccountResponse};
use granary_rpc::{Error, Identifier, Reason};
use prost::{DecodeError, Message};
use tonic::{Request, Response, Status};

use crate::core::Core;
use crate::forward::{Behalf, Outgoing};
use crate::frames::{self, Answered, unary};
use context::Context;

/// Largest answer of a tool, in bytes: bigger than any upstream answer that is accepted.
const MAX_ANSWER: usize = 32 << 20;

/// The tool service of one thread.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    core: Core,
}

impl Tools {
    pub(crate) fn new(core: Core) -> Self {
        Self { core }
    }

    fn method(&self, name: &str) -> Result<&'static Method, Error> {
        let table = self.core.shared.table;
        let unknown = || Error::new(Reason::ToolUnknown, catalogue::is_no_tool(table, name));
        table.tool(name).ok_or_else(unknown)
    }

    /// The kinds that an account holds and can use, as credential-vault tells the caller.
    async fn held(&self, account: &Identifier, context: &Context) -> Result<Vec<CredentialKind>, Status> {
        let method = self.core.shared.table.path(catalogue::ACCOUNT);
        let method = method.ok_or_else(granary_server::stack::unknown_method)?;
        let request = GetConnectedAccountRequest { identifier: account.as_str().to_owned() };
        let answer = self.forward(method, &request.encode_to_vec(), context, Behalf::Caller).await?;
        Ok(catalogue::usable(GetConnectedAccountResponse::decode(answer.message).map_err(unreadable)?))
    }

    /// Sends one message, and returns the one that is answered.
    async fn forward(
        &self,
        method: &'static Method,
        message: &[u8],
        context: &Context,
        behalf: Behalf,
    ) -> Result<Answered, Status> {
        let Context { deadline, id, headers, .. } = context;
        let call = Outgoing { method, headers, id, deadline: *deadline, body: unary(message) };
        frames::answered(self.core.forward(call, behalf).await?, MAX_ANSWER).await
    }
}

#[tonic::async_trait]
impl ToolService for Tools {
    async fn list_tools(
        &self,
        request: Request<ListToolsRequest>,
    ) -> Result<Response<ListToolsResponse>, Status> {
        let context = Context::of(&request)?;
        let request = request.get_ref();
        let account = match request.identifier.as_str() {
            "" => None,
            identifier => Some(context.account(identifier)?),
        };
        let mut answer = catalogue::page(&self.core, &context.caller, request)?;
        if let Some(account) = account {
            let held = self.held(&account, &context).await?;
            catalogue::mark_missing(&mut answer.tools, &held);
        }
        Ok(Response::new(answer))
    }

    async fn execute_tool(
        &self,
        request: Request<ExecuteToolRequest>,
    ) -> Result<Response<ExecuteToolResponse>, Status> {
        let context = Context::of(&request)?;
        let ExecuteToolRequest { identifier, tool_name, input } = request.into_inner();
        let method = self.method(&tool_name)?;
        context.caller.check_scope(method.scope)?;
        let account = context.account(&identifier)?;
        // Held until the answer is there; what waits for its reader then is bounded by itself.
        let _long = context.caller.lasts(method)?;
        let asked = conversion::input(method, input, &context).await?;
        let ticket = self.core.ticket(&context.caller, &account, method, context.deadline).await?;
        let behalf = Behalf::Account { caller: context.caller.clone(), account, ticket };
        let answered = self.forward(method, &asked.message, &context, behalf).await?;
        conversion::answer(method, answered, asked.form, asked.warnings, &context).await.map(Response::new)
    }

    async fn verify_credential(
        &self,
        request: Request<VerifyCredentialRequest>,
    ) -> Result<Response<VerifyCredentialResponse>, Status> {
        let context = Context::of(&request)?;
        self.verify(request.into_inner(), &context).await.map(Response::new)
    }
}

fn unreadable(error: DecodeError) -> Error {
    Error::new(Reason::Internal, "a service's answer cannot be read").caused_by(error)
}
