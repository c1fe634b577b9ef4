//! One message as a gRPC frame, and one frame as a message.
use bytes::{BufMut, Bytes, BytesMut};
use granary_rpc::{Error, Reason};
use http::Response;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use tonic::{Code, Status};

use crate::body::{Outbound, Relay};

/// Flag and length.
const PREFIX: usize = 5;

/// A request body of one message.
pub(crate) fn unary(message: &[u8]) -> Outbound {
    let mut frame = BytesMut::with_capacity(PREFIX + message.len());
    frame.put_u8(0);
    // A request that large was refused when it came in.
    frame.put_u32(u32::try_from(message.len()).unwrap_or(u32::MAX));
    frame.put_slice(message);
    Outbound::Own(Full::new(frame.freeze()))
}

/// The one message of an answer, or the status that it ended with.
pub(crate) async fn collect(response: Response<Relay>, limit: usize) -> Result<Bytes, Status> {
    let (parts, body) = response.into_parts();
    if let Some(status) = Status::from_header_map(&parts.headers).filter(|s| s.code() != Code::Ok) {
        return Err(passed_on(&status));
    }
    let collected = Limited::new(body, limit).collect().await.map_err(|e| match e.downcast::<Status>() {
        Ok(status) => *status,
        Err(error) if error.is::<LengthLimitError>() => {
            Error::new(Reason::LimitExceeded, "the answer is larger than a tool may answer").into()
        }
        Err(_) => Error::new(Reason::ServiceUnavailable, "the service's answer was cut off").into(),
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
        return Err(Error::new(Reason::Internal, "the service's answer is not one message").into());
    }
    Ok(bytes.split_off(PREFIX))
}

/// A service's own refusal, without what else stood in its headers, but for what upstream charged.
fn passed_on(status: &Status) -> Status {
    let mut passed = Status::with_details(status.code(), status.message(), status.details().to_vec().into());
    if let Some(charge) = status.metadata().get(granary_rpc::metadata::CHARGE_MICROS) {
        passed.metadata_mut().insert(granary_rpc::metadata::CHARGE_MICROS, charge.clone());
    }
    passed
}
