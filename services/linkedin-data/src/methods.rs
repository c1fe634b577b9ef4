//! Every method by its name: its request, its answer, and the way it goes. Which that is stands in the contract, and
//! `build.rs` reads it there.
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::linked_in_data_server::LinkedInData;
use granary_proto::granary::types::v1::{Charge, PageInfo, Warning};
use tonic::{Request, Response, Status};

use crate::answer::{Answered, Listed};
use crate::service::Service;
use crate::session::Session;
use crate::streamed::Streamed;
use crate::{answer, bulk, collect, employees, follow, owner, probe};

macro_rules! methods {
    (
        unary { $($name:ident $rpc:literal ($request:ident) -> $response:ident by $way:path;)* }
        streams {
            $($many:ident $many_rpc:literal ($ask:ident) -> $part:ident as $stream:ident by $many_way:path;)*
        }
    ) => {
        #[tonic::async_trait]
        impl LinkedInData for Service {
            $(async fn $name(
                &self,
                request: Request<wire::$request>,
            ) -> Result<Response<wire::$response>, Status> {
                let session = Session::open(self, concat!("/granary.linkedin.v1.LinkedInData/", $rpc), &request)?;
                drop(request);
                // Boxed, since some ways hold a whole answer or a run while they wait.
                let outcome = Box::pin($way(&session)).await;
                session.close(outcome)
            })*

            $(type $stream = Streamed<wire::$part>;

            async fn $many(
                &self,
                request: Request<wire::$ask>,
            ) -> Result<Response<Self::$stream>, Status> {
                let path = concat!("/granary.linkedin.v1.LinkedInData/", $many_rpc);
                let session = Session::open(self, path, &request)?;
                drop(request);
                Box::pin($many_way(session)).await.map(Response::new)
            })*
        }
    };
}

/// What an answer holds besides its own.
macro_rules! answered {
    ($response:ident $($part:ident)*) => {
        impl Answered for wire::$response {
            $(answered!(@ $part);)*
        }
    };
    (@ charge) => {
        fn charge(&mut self) -> Option<&mut Option<Charge>> {
            Some(&mut self.charge)
        }
    };
    (@ no_proof) => {
        fn is_proof(&self) -> bool {
            false
        }
    };
    (@ warnings) => {
        fn warnings(&mut self) -> Option<&mut Vec<Warning>> {
            Some(&mut self.warnings)
        }
    };
}

macro_rules! listed {
    ($response:ident) => {
        impl Listed for wire::$response {
            fn rows(&self) -> usize {
                self.elements.len()
            }

            fn page(&mut self) -> &mut Option<PageInfo> {
                &mut self.page_info
            }
        }
    };
}

include!(concat!(env!("OUT_DIR"), "/methods.rs"));
