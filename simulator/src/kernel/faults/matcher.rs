//! Which calls a fault takes.

use std::time::Duration;

use http::Method;

use crate::kernel::call::Call;
use crate::kernel::vendor::Vendor;

/// What a call must be like.
pub(super) struct Matcher {
    /// The word of the vendor.
    pub(super) vendor: &'static str,
    pub(super) method: Option<Method>,
    pub(super) path: Option<PathPattern>,
    pub(super) credential: Option<String>,
    pub(super) late: Option<Late>,
}

/// Looks at the rows of a run that is over, within this time after its end; None knows no end.
pub(super) struct Late(pub(super) Option<Duration>);

pub(super) enum PathPattern {
    Exact(String),
    Prefix(String),
}

impl Matcher {
    pub(super) fn fits(&self, vendor: &dyn Vendor, call: &Call) -> bool {
        let path = || match &self.path {
            None => true,
            Some(PathPattern::Exact(path)) => *path == call.path,
            Some(PathPattern::Prefix(prefix)) => call.path.starts_with(prefix),
        };
        let credential = |wanted: &String| call.credentials.iter().any(|arrived| arrived.value == *wanted);
        self.vendor == vendor.word()
            && self.method.as_ref().is_none_or(|method| method == call.method)
            && path()
            && self.credential.as_ref().is_none_or(credential)
            && self.late.as_ref().is_none_or(|late| late.fits(vendor, call))
    }
}

impl Late {
    fn fits(&self, vendor: &dyn Vendor, call: &Call) -> bool {
        let over = vendor.rows_since_the_end(call);
        over.is_some_and(|since| self.0.is_none_or(|within| since < within))
    }
}
