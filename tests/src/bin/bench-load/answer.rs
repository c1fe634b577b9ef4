//! What is asked, and whether what came is the answer. A wrong answer that comes fast must not count as a fast one.
use bytes::{BufMut, Bytes, BytesMut};
use granary_proto::granary::linkedin::v1::{
    GetLinkedinGroupRequest, GetLinkedinGroupResponse, ScrapeProfileRequest, ScrapeProfileResponse,
};
use prost::Message;

use crate::Failure;

/// The simulator's profile of about 60 KB.
const LARGE: &str = "sixty-kilobytes";
/// A group of the simulator of which about 1 KB is answered.
const SMALL: &str = "99000002";
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
    /// About 1 KB
    GetLinkedinGroup,
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
            Self::GetLinkedinGroup => "/granary.linkedin.v1.LinkedInData/GetLinkedinGroup",
        }
    }

    /// The request as one uncompressed frame.
    pub(crate) fn frame(self) -> Result<Bytes, Failure> {
        let message = match self {
            Self::ScrapeProfile => {
                let public_identifier = Some(LARGE.to_owned());
                ScrapeProfileRequest { public_identifier, ..Default::default() }.encode_to_vec()
            }
            Self::GetLinkedinGroup => {
                let group_id = Some(SMALL.to_owned());
                GetLinkedinGroupRequest { group_id, ..Default::default() }.encode_to_vec()
            }
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
            Self::GetLinkedinGroup => {
                let group = GetLinkedinGroupResponse::decode(message)?.element.unwrap_or_default();
                if group.id.as_deref() != Some(SMALL) {
                    return Err("the answer is another group".into());
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
