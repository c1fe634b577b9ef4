//! What is asked, and whether what came is the answer. A wrong answer that comes fast must not count as a fast one.
use bytes::{BufMut, Bytes, BytesMut};
use granary_proto::granary::linkedin::v1::{
    GetMyApiUserRequest, GetMyApiUserResponse, ScrapeProfileRequest, ScrapeProfileResponse,
};
use prost::Message;

use crate::Failure;

/// The simulator's profile of about 60 KB.
const LARGE: &str = "sixty-kilobytes";
/// Five bytes before a message: a flag and the length.
const PREFIX: usize = 5;
/// Balances, costs and ids in an answer have more or fewer digits from call to call.
const SLACK: usize = 256;
/// Of so many answers one is decoded; the others are known by their size, since decoding each would cost what is measured.
const DECODED: usize = 64;

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(crate) enum Method {
    /// About 60 KB
    ScrapeProfile,
    /// Less than 1 KB
    GetMyApiUser,
}

/// Checks the answers of one run.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    method: Method,
    /// Bytes of the first answer.
    usual: usize,
    seen: usize,
}

impl Method {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::ScrapeProfile => "/granary.linkedin.v1.LinkedInData/ScrapeProfile",
            Self::GetMyApiUser => "/granary.linkedin.v1.LinkedInData/GetMyApiUser",
        }
    }

    /// The request as one uncompressed frame.
    pub(crate) fn frame(self) -> Result<Bytes, Failure> {
        let message = match self {
            Self::ScrapeProfile => {
                let public_identifier = Some(LARGE.to_owned());
                ScrapeProfileRequest { public_identifier, ..Default::default() }.encode_to_vec()
            }
            Self::GetMyApiUser => GetMyApiUserRequest::default().encode_to_vec(),
        };
        let mut frame = BytesMut::with_capacity(PREFIX + message.len());
        frame.put_u8(0);
        frame.put_u32(u32::try_from(message.len())?);
        frame.put_slice(&message);
        Ok(frame.freeze())
    }

    fn check(self, message: &[u8]) -> Result<(), Failure> {
        match self {
            Self::ScrapeProfile => {
                let profile = ScrapeProfileResponse::decode(message)?.element.unwrap_or_default();
                if profile.public_identifier.as_deref() != Some(LARGE) || profile.experience.is_empty() {
                    return Err("the answer is another profile".into());
                }
            }
            Self::GetMyApiUser => {
                let user = GetMyApiUserResponse::decode(message)?.api_user.unwrap_or_default();
                if user.usage.and_then(|usage| usage.balance).is_none() {
                    return Err("the answer names no balance".into());
                }
            }
        }
        Ok(())
    }
}

impl Checker {
    pub(crate) fn new(method: Method) -> Self {
        Self { method, usual: 0, seen: 0 }
    }

    /// Checks one whole body and returns its size.
    pub(crate) fn check(&mut self, body: &[u8]) -> Result<usize, Failure> {
        let message = body.get(PREFIX..).ok_or("the answer holds no message")?;
        if self.seen.is_multiple_of(DECODED) {
            self.method.check(message)?;
            self.usual = body.len();
        } else if body.len().abs_diff(self.usual) > SLACK {
            return Err(format!("an answer of {} bytes among those of {}", body.len(), self.usual).into());
        }
        self.seen += 1;
        Ok(body.len())
    }
}
