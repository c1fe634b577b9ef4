//! The short texts of enum values, read from the option that stands beside each of them.
use crate::granary::policy::v1::{CredentialKind, Effect, Exposure, Scope};
use crate::options::{number_of, text_of};

macro_rules! texts {
    ($type:ident) => {
        impl $type {
            /// The short text by which people and tools know the value; the proto name where it has none.
            pub fn text(self) -> &'static str {
                text_of(concat!("granary.policy.v1.", stringify!($type)), self as i32)
                    .unwrap_or_else(|| self.as_str_name())
            }

            /// The value of that short text, if there is one.
            pub fn from_text(text: &str) -> Option<Self> {
                number_of(concat!("granary.policy.v1.", stringify!($type)), text)
                    .and_then(|n| Self::try_from(n).ok())
            }
        }
    };
}

texts!(CredentialKind);
texts!(Effect);
texts!(Exposure);
texts!(Scope);
