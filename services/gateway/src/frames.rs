//! One message as a gRPC frame, and one frame as a message.
use bytes::{BufMut, Bytes, BytesMut};
use granary_rpc::metadata::CHARGE_MICROS;
use granary_rpc::{Error, Reason};
use http::{HeaderMap, HeaderValue, Response};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tonic::metadata::MetadataValue;
use tonic::{Code, Status};

use crate::body::Outbound;
use crate::relay::Relay;

/// Flag and length.
const PREFIX: usize = 5;

/// The one message of an answer, and what upstream charged for it.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) message: Bytes,
    pub(crate) charge: Charged,
}

/// What upstream charged, as a service tells it in an answer's headers.
#[derive(Clone, Debug)]
pub(crate) struct Charged(Option<HeaderValue>);

impl Charged {
    fn of(headers: &HeaderMap) -> Self {
        Self(headers.get(CHARGE_MICROS).cloned())
    }

    /// The failure of a call that was charged for.
    pub(crate) fn beside(&self, error: Error) -> Status {
        let micros = self.0.as_ref().and_then(|value| value.to_str().ok());
        let Some(micros) = micros else { return error.into() };
        let mut status = Status::from(error.with("charge_micros", micros));
        if let Ok(value) = MetadataValue::try_from(micros) {
            status.metadata_mut().insert(CHARGE_MICROS, value);
        }
        status
    }
}

/// A request body of one message.
pub(crate) fn unary(message: &[u8]) -> Outbound {
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    // A request that large was refused when it came in.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    Outbound::new(frame.freeze())
}

/// The one message of an answer, or the status that it ended with.
pub(crate) async fn collect(response: Response<Box<Relay>>, limit: usize) -> Result<Bytes, Status> {
    answered(response, limit).await.map(|answered| answered.message)
}

/// The same, with what was charged.
pub(crate) async fn answered(response: Response<Box<Relay>>, limit: usize) -> Result<Answered, Status> {
    let (parts, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&parts.headers).filter(|s| s.code() != Code::Ok) {
        return Err(passed_on(&status));
    }
    let charge = Charged::of(&parts.headers);
    let collected = Limited::new(body, limit).collect().await.map_err(|e| match e.downcast::<Status>() {
        Ok(status) => *status,
        Err(error) if error.is::<LengthLimitError>() => {
            charge.beside(Error::new(Reason::LimitExceeded, "the answer is larger than a tool may answer"))
        }
        Err(_) => charge.beside(Error::new(Reason::ServiceUnavailable, "the service's answer was cut off")),
    })?;
    if let Some(status) =
        collected.trailers().and_then(Status::from_header_map).filter(|s| s.code() != Code::Ok)
    {
        return Err(passed_on(&status));
    }
    let mut bytes = collected.to_bytes();
    let whole = bytes.len() >= PREFIX
        && bytes[0] == 0
        && usize::try_from(u32::from_be_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]))
            == Ok(bytes.len() - PREFIX);
    if !whole {
        return Err(charge.beside(Error::new(Reason::Internal, "the service's answer is not one message")));
    }
    Ok(Answered { message: bytes.split_off(PREFIX), charge })
}

/// A service's own refusal, without what else stood in its headers, but for what upstream charged.
fn passed_on(status: &Status) -> Status {
    let mut passed = Status::with_details(status.code(), status.message(), status.details().to_vec().into());
    if let Some(charge) = status.metadata().get(CHARGE_MICROS) {
        passed.metadata_mut().insert(CHARGE_MICROS, charge.clone());
    }
    passed
}
