//! Tools by name: JSON in, JSON out, and between them the same ticket and the same forwarding as for a typed call.
mod catalogue;
mod frames;

use bytes::Bytes;
use granary_convert as convert;
use granary_proto::Method;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::gateway::v1::execute_tool_response::Output;
use granary_proto::granary::gateway::v1::tool_service_server::ToolService;
use granary_proto::granary::gateway::v1::{
    ExecuteToolRequest, ExecuteToolResponse, ListToolsRequest, ListToolsResponse,
};
use granary_proto::granary::policy::v1::CredentialKind;
use granary_proto::granary::vault::v1::{GetConnectedAccountRequest, GetConnectedAccountResponse};
use granary_rpc::{Deadline, Error, Identifier, Reason, Violation};
use granary_server::RequestId;
use granary_server::stack::LaterAccount;
use http::{HeaderMap, HeaderValue};
use prost::{DecodeError, Message};
use prost_reflect::DynamicMessage;
use tonic::{Request, Response, Status};

use crate::admit::Admitted;
use crate::core::Core;
use crate::forward::{Behalf, Outgoing};

pub(crate) use frames::{collect, unary};

/// Largest answer of a tool, in bytes: bigger than any upstream answer that is accepted.
const MAX_ANSWER: usize = 32 << 20;

/// The tool service of one thread.
#[derive(Clone, Debug)]
pub(crate) struct Tools {
    core: Core,
}

/// What the gateway found out about a call before it reached this service.
struct Context {
    caller: Admitted,
    deadline: Deadline,
    id: RequestId,
    headers: HeaderMap,
    later: Option<LaterAccount>,
}

impl Tools {
    pub(crate) fn new(core: Core) -> Self {
        Self { core }
    }

    fn method(&self, name: &str) -> Result<&'static Method, Error> {
        self.core.shared.table.tool(name).ok_or_else(|| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            Error::new(Reason::ToolUnknown, format!("there is no tool \"{shown}\"; ListTools names them all"))
        })
    }

    async fn execute(
        &self,
        method: &'static Method,
        input: DynamicMessage,
        context: Context,
        account: Identifier,
    ) -> Result<DynamicMessage, Status> {
        let caller = context.caller.clone();
        let ticket = self.core.ticket(&caller, &account, method, context.deadline).await?;
        let behalf = Behalf::Account { caller, account, ticket };
        let answer = self.forward(method, &input.encode_to_vec(), &context, behalf).await?;
        DynamicMessage::decode(method.descriptor.output(), answer).map_err(|e| unreadable(e).into())
    }

    /// The kinds that an account holds and can use, as credential-vault tells the caller.
    async fn held(&self, account: &Identifier, context: &Context) -> Result<Vec<CredentialKind>, Status> {
        let method = self.core.shared.table.path(catalogue::ACCOUNT);
        let method = method.ok_or_else(granary_server::stack::unknown_method)?;
        let request = GetConnectedAccountRequest { identifier: account.as_str().to_owned() };
        let answer = self.forward(method, &request.encode_to_vec(), context, Behalf::Caller).await?;
        Ok(catalogue::usable(GetConnectedAccountResponse::decode(answer).map_err(unreadable)?))
    }

    /// Sends one message, and returns the one that is answered.
    async fn forward(
        &self,
        method: &'static Method,
        message: &[u8],
        context: &Context,
        behalf: Behalf,
    ) -> Result<Bytes, Status> {
        let Context { deadline, id, headers, .. } = context;
        let call = Outgoing { method, headers, id, deadline: *deadline, body: unary(message) };
        collect(self.core.forward(call, behalf).await?, MAX_ANSWER).await
    }
}

#[tonic::async_trait]
impl ToolService for Tools {
    async fn list_tools(
        &self,
        request: Request<ListToolsRequest>,
    ) -> Result<Response<ListToolsResponse>, Status> {
        let context = Context::of(&request)?;
        let mut answer = catalogue::page(&self.core, context.caller.principal(), request.get_ref())?;
        let identifier = &request.get_ref().identifier;
        if !identifier.is_empty() {
            let account = Identifier::parse(identifier.as_str()).map_err(|v| Error::invalid(vec![v]))?;
            context.caller.check_account(account.as_str())?;
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
        let descriptor = method.descriptor.input();
        let (input, as_struct) = match input {
            Some(Input::ToolInput(value)) => {
                (convert::tool_input(&descriptor, &convert::struct_to_json(value)), true)
            }
            Some(Input::ToolInputJson(text)) => (convert::tool_input_text(&descriptor, &text), false),
            None => (convert::tool_input_text(&descriptor, "{}"), false),
        };
        let account = Identifier::parse(identifier);
        let (input, account) = together(input, account)?;
        context.names(&account);
        let convert::ToolInput { message, warnings: mut told } = input;
        let answer = self.execute(method, message, context, account).await?;
        let convert::ToolOutput { data, charge, warnings } = convert::tool_output(&answer);
        told.extend(warnings);
        let output = if as_struct {
            Output::Data(convert::json_to_struct(&data))
        } else {
            Output::DataJson(data.to_string())
        };
        Ok(Response::new(ExecuteToolResponse { output: Some(output), charge, warnings: told }))
    }
}

fn unreadable(error: DecodeError) -> Error {
    Error::new(Reason::Internal, "a service's answer cannot be read").caused_by(error)
}

/// The faults of the input and of the identifier, in one answer.
fn together(
    input: Result<convert::ToolInput, Error>,
    account: Result<Identifier, Violation>,
) -> Result<(convert::ToolInput, Identifier), Error> {
    match (input, account) {
        (Ok(input), Ok(account)) => Ok((input, account)),
        (Err(error), Ok(_)) => Err(error),
        (Ok(_), Err(violation)) => Err(Error::invalid(vec![violation])),
        (Err(error), Err(violation)) => {
            Err(Error::invalid(error.violations().iter().cloned().chain([violation]).collect()))
        }
    }
}

impl Context {
    /// The account stood in the body; the call's line in the log is to name it.
    fn names(&self, account: &Identifier) {
        if let (Some(later), Ok(value)) = (&self.later, HeaderValue::try_from(account.to_header())) {
            // Set once at most: a call has one account.
            let _ = later.0.set(value);
        }
    }

    fn of<T>(request: &Request<T>) -> Result<Self, Error> {
        let extensions = request.extensions();
        let found =
            (extensions.get::<Admitted>(), extensions.get::<Deadline>(), extensions.get::<RequestId>());
        let (Some(caller), Some(deadline), Some(id)) = found else {
            return Err(Error::new(Reason::Internal, "the call was not admitted"));
        };
        let headers = request.metadata().clone().into_headers();
        let later = extensions.get::<LaterAccount>().cloned();
        Ok(Self { caller: caller.clone(), deadline: *deadline, id: id.clone(), headers, later })
    }
}
