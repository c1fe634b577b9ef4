//! A tool's input as its request, and its answer as JSON. Small ones are converted at once, large ones in turn beside the
//! serving thread, within the call's own deadline.
use std::sync::LazyLock;

use granary_convert as convert;
use granary_proto::Method;
use granary_proto::granary::gateway::v1::ExecuteToolResponse;
use granary_proto::granary::gateway::v1::execute_tool_request::Input;
use granary_proto::granary::gateway::v1::execute_tool_response::Output;
use granary_proto::granary::types::v1::Warning;
use granary_rpc::{Deadline, Error, Reason};
use prost::Message;
use prost_reflect::DynamicMessage;

use super::context::Context;
use super::turns::Turns;
use crate::frames::Answered;

/// Largest input that is converted on the serving thread, in bytes: well below a millisecond.
const SMALL_INPUT: usize = 64 << 10;
/// Largest answer that is converted on the serving thread, in bytes of its message.
const SMALL_ANSWER: usize = 256 << 10;

/// Apart, so that inputs, which cost nothing yet, do not hold up answers, which were paid for.
static INPUTS: LazyLock<Turns> = LazyLock::new(Turns::of_machine);
static ANSWERS: LazyLock<Turns> = LazyLock::new(Turns::of_machine);

/// How a tool was called, and so is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Struct,
    Text,
}

/// A tool's request.
pub(super) struct Asked {
    pub(super) message: Vec<u8>,
    pub(super) form: Form,
    pub(super) warnings: Vec<Warning>,
}

/// Converts an input; every fault of it is told.
pub(super) async fn input(
    method: &'static Method,
    input: Option<Input>,
    context: &Context,
) -> Result<Asked, Error> {
    let size = match &input {
        Some(Input::ToolInput(structure)) => structure.encoded_len(),
        Some(Input::ToolInputJson(text)) => text.len(),
        None => 0,
    };
    converted(&INPUTS, size <= SMALL_INPUT, context, move || asked(method, input)).await?
}

/// Converts an answer, to which the input's warnings belong as well.
///
/// # Errors
/// Where its turn comes too late, with what it cost and, of a write, that its outcome is not known to the caller.
pub(super) async fn answer(
    method: &'static Method,
    answered: Answered,
    form: Form,
    warnings: Vec<Warning>,
    context: &Context,
) -> Result<ExecuteToolResponse, tonic::Status> {
    let Answered { message, charge } = answered;
    let small = message.len() <= SMALL_ANSWER;
    let answer = move || told(method, &message, form, warnings);
    match converted(&ANSWERS, small, context, answer).await {
        Ok(answer) => Ok(answer?),
        Err(error) if method.is_read() => Err(charge.beside(error)),
        Err(error) => Err(charge.beside(error.with("outcome", "unknown"))),
    }
}

async fn converted<T: Send + 'static>(
    turns: &Turns,
    small: bool,
    context: &Context,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Error> {
    if small {
        return Ok(work());
    }
    if context.deadline.remaining().is_zero() {
        return Err(Deadline::error());
    }
    turns.take(&context.caller.principal().tenant, context.deadline, work).await
}

fn asked(method: &Method, input: Option<Input>) -> Result<Asked, Error> {
    let desc = method.descriptor.input();
    let (input, form) = match input {
        Some(Input::ToolInput(structure)) => (convert::tool_input_struct(&desc, structure)?, Form::Struct),
        Some(Input::ToolInputJson(text)) => (convert::tool_input_text(&desc, &text)?, Form::Text),
        None => (convert::tool_input_text(&desc, "{}")?, Form::Text),
    };
    Ok(Asked { message: input.message.encode_to_vec(), form, warnings: input.warnings })
}

fn told(
    method: &Method,
    message: &[u8],
    form: Form,
    mut told: Vec<Warning>,
) -> Result<ExecuteToolResponse, Error> {
    let answer = DynamicMessage::decode(method.descriptor.output(), message).map_err(|error| {
        Error::new(Reason::Internal, "a service's answer cannot be read").caused_by(error)
    })?;
    let convert::ToolOutput { data, charge, warnings } = convert::tool_output(&answer);
    told.extend(warnings);
    let output = match form {
        Form::Struct => Output::Data(convert::json_to_struct(&data)),
        Form::Text => Output::DataJson(data.to_string()),
    };
    Ok(ExecuteToolResponse { output: Some(output), charge, warnings: told })
}
