//! One page of whichever list is followed. The lists stand in the contract, and `build.rs` reads them there.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::follow_pages_request::List;
use granary_proto::granary::linkedin::v1::follow_pages_response::Page;
use granary_proto::granary::types::v1::PageInfo;
use granary_rpc::{Error, Reason};
use prost::Message;

use crate::answer::{self, Listed};
use crate::session::Session;

/// A page that came.
pub(super) struct Turned {
    pub(super) page: Page,
    pub(super) info: PageInfo,
    pub(super) rows: usize,
    /// What upstream billed for it, as far as it said so.
    pub(super) cost: Option<i64>,
}

macro_rules! pages {
    ($($list:ident $name:literal $response:ident;)*) => {
        /// The method that a list is a page of, and its request.
        pub(super) fn request(list: &List) -> (&'static str, Vec<u8>) {
            match list {
                $(List::$list(request) => {
                    (concat!("/granary.linkedin.v1.LinkedInData/", $name), request.encode_to_vec())
                })*
            }
        }

        /// Asks for a page.
        pub(super) async fn page(session: &Session) -> Result<Turned, Error> {
            match session.method.descriptor.name() {
                $($name => {
                    let response: wire::$response = Box::pin(answer::list(session)).await?;
                    Ok(turned(session, response, Page::$list))
                })*
                _ => Err(Error::new(Reason::Internal, "the contract lacks a list that is followed")),
            }
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/pages.rs"));

fn turned<R: Listed>(session: &Session, mut response: R, page: impl Fn(R) -> Page) -> Turned {
    if let Some(warnings) = response.warnings() {
        warnings.splice(0..0, session.warnings.iter().cloned());
    }
    let info = response.page().clone().unwrap_or_default();
    let charge = response.charge().and_then(|charge| charge.as_ref());
    let cost = charge.and_then(|charge| charge.cost_micros);
    Turned { info, rows: response.rows(), cost, page: page(response) }
}
