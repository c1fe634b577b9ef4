//! Holds the input of a start against the schema of the actor.

use super::actor::Actor;
use super::errors::bad;
use super::input::Input;
use super::options::Options;
use super::plan::{MAX_INPUTS, Plan};
use super::status::End;
use super::token::Settings;
use super::{employees, profiles};
use crate::kernel::reply::Reply;

/// A passing shortage at LinkedIn, as the actors tell of it.
const SHORTAGE: End = End::failed("rate limited: No available resource");

/// What the run would do, or what is wrong with its input.
pub(super) fn plan(
    actor: Actor,
    input: Option<&Input>,
    options: &Options,
    settings: &Settings,
) -> Result<Plan, Reply> {
    let Some(input) = input else { return Ok(Plan::nothing(End::failed("Input is missing!"))) };
    let plan = match actor {
        Actor::Profiles => profiles::plan(input)?,
        Actor::Employees => employees::plan(input, options, settings)?,
    };
    if plan.groups.is_empty() {
        return Ok(plan);
    }
    if options.cap.is_some_and(|cap| cap < actor.least_cap()) {
        return Ok(Plan::nothing(End::CAPPED));
    }
    if settings.unavailable {
        return Ok(Plan::nothing(SHORTAGE));
    }
    if plan.steps() > MAX_INPUTS {
        return Err(bad("invalid-input", "Input is not valid: it asks for too many profiles"));
    }
    Ok(plan)
}
