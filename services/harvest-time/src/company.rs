//! The company of the Harvest account that the stored token is for, and of no other.
use granary_credential::Credential;
use granary_proto::granary::harvest::v1::GetCompanyResponse;
use granary_rpc::{Error, Violation};

use crate::context::CallContext;
use crate::{answer, asked};

/// Reads the company's settings, unless another account is meant.
pub(crate) async fn company(context: &CallContext) -> Result<GetCompanyResponse, Error> {
    if let Some(meant) = asked::integer(&context.input, "account_id") {
        let wrong = match context.credential()?.0 {
            Credential::HarvestToken { account_id, .. } if *account_id == meant => None,
            Credential::HarvestToken { .. } => Some(
                "is not the Harvest account that the stored token is for; leave it out, or store a token for it",
            ),
            _ => Some("is not told by the stored credential; leave it out"),
        };
        if let Some(wrong) = wrong {
            let violation = Violation { field: "account_id".to_owned(), description: wrong.to_owned() };
            return Err(Error::invalid(vec![violation]));
        }
    }
    answer::item(context).await
}
