//! `Debug` for messages that carry secrets: the name only, so that no log line can show a field by accident.
use std::fmt;

use crate::granary::internal::v1::{AuthenticateRequest, AuthenticateResponse};
use crate::granary::vault::v1::{
    ApifyToken, CreateApiKeyResponse, HarvestToken, HarvestapiKey, LinkedinSession,
};

macro_rules! masked {
    ($($message:ident),* $(,)?) => {
        $(impl fmt::Debug for $message {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($message), "(masked)"))
            }
        })*
    };
}

masked!(
    ApifyToken,
    AuthenticateRequest,
    AuthenticateResponse,
    CreateApiKeyResponse,
    HarvestToken,
    HarvestapiKey,
    LinkedinSession,
);
