use http::Method;

use super::ask::Ask;
use super::envelope::Envelope;
use super::{
    ads, comments, companies, connections, geo, groups, jobs, leads, people, platform, posts, profile,
    reactions, services,
};
use crate::call::{Call, Reply};
use crate::decimal::Micros;

/// One endpoint.
pub(super) struct Route {
    path: &'static str,
    method: Method,
    pub(super) price: Price,
    pub(super) answer: fn(&Ask<'_>) -> Result<Envelope, Reply>,
}

/// What a call costs when it finds something. Every key pays the prices of the starter tier here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    /// None where no price is published: then the answer does not tell one, and nothing is paid.
    pub(super) cost: Option<Micros>,
    pub(super) code: Option<&'static str>,
    /// The answer is a list.
    pub(super) rows: bool,
}

/// An answer that stands in no envelope is an `Err`.
const ROUTES: &[Route] = &[
    get("/linkedin/profile", item(6_400, "linkedinProfile"), profile::get),
    get("/linkedin/profile-id", item(4_000, "linkedinProfileId"), profile::id),
    post("/linkedin/email-search-by-profile", item(13_600, "linkedinEmailSearch"), profile::email),
    get("/linkedin/profile-search", list(4_000, "linkedinProfileSearch"), people::search),
    get("/linkedin/lead-search", list(100_000, "linkedinLeadSearch"), leads::search),
    get("/linkedin-sales-nav/lead-search", list(100_000, "linkedinLeadSearch"), leads::search),
    get("/linkedin-sales-nav/account-search", list(100_000, "linkedinAccountSearch"), companies::accounts),
    get("/linkedin/company", item(4_000, "linkedinCompany"), companies::get),
    get("/linkedin/company-search", list(4_000, "linkedinCompanySearch"), companies::search),
    get("/linkedin/company-people-stats", item(4_000, "linkedinCompanyPeopleStats"), companies::people_stats),
    get("/linkedin/job", item(1_000, "linkedinJob"), jobs::get),
    get("/linkedin/job-search", list(1_000, "linkedinJobSearch"), jobs::search),
    get("/linkedin/geo-id-search", Price { cost: Some(Micros(0)), code: None, rows: true }, geo::search),
    get("/linkedin/post", item(4_000, "linkedinPost"), posts::get),
    get("/linkedin/post-search", list(4_000, "linkedinPostSearch"), posts::search),
    get("/linkedin/profile-posts", list(4_000, "linkedinProfilePosts"), posts::of_profile),
    get("/linkedin/company-posts", list(4_000, "linkedinCompanyPosts"), posts::of_company),
    get("/linkedin/post-comment", item(4_000, "linkedinPostComment"), comments::get),
    get("/linkedin/post-comments", list(4_000, "linkedinPostComments"), comments::of_post),
    get("/linkedin/post-comment-replies", list(4_000, "linkedinPostCommentReplies"), comments::replies),
    get("/linkedin/profile-comments", list(4_000, "linkedinProfileComments"), comments::of_profile),
    get("/linkedin/post-reactions", list(4_000, "linkedinPostReactions"), reactions::of_post),
    get("/linkedin/comment-reactions", list(4_000, "linkedinPostReactions"), reactions::of_comment),
    get("/linkedin/profile-reactions", list(4_000, "linkedinProfileReactions"), reactions::of_profile),
    get("/linkedin/group", item(2_000, "linkedinGroup"), groups::get),
    get("/linkedin/group-search", list(2_000, "linkedinGroup"), groups::search),
    get("/linkedin/service-search", list(4_000, "linkedinServiceSearch"), services::search),
    get("/linkedin/ad", item(1_600, "linkedinAd"), ads::get),
    get("/linkedin/ad-search", list(1_600, "linkedinAdSearch"), ads::search),
    post("/linkedin/send-connection", UNPUBLISHED, connections::send),
    get("/linkedin/sent-connections", UNPUBLISHED, connections::sent),
    get("/linkedin/received-connections", UNPUBLISHED, connections::received),
    post("/linkedin/accept-connection", UNPUBLISHED, connections::accept),
    post("/linkedin/send-message", UNPUBLISHED, connections::message),
    post("/linkedin/follow", UNPUBLISHED, connections::follow),
    get("/linkedin/my-profile", UNPUBLISHED, connections::my_profile),
    get("/linkedin/test", UNPUBLISHED, platform::test),
    get("/users/my-api-user", UNPUBLISHED, platform::api_user),
    get("/users/my-private-account-pools", UNPUBLISHED, platform::pools),
    get("/users/subscriptions-info", UNPUBLISHED, platform::subscriptions),
];
const UNPUBLISHED: Price = Price { cost: None, code: None, rows: false };

pub(super) fn find(call: &Call) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == call.path && route.method == call.method)
}

/// What a call to that path costs; nothing where there is no such path.
pub(super) fn price(call: &Call) -> Price {
    let found = ROUTES.iter().find(|route| route.path == call.path);
    found.map_or(Price { cost: Some(Micros(0)), ..UNPUBLISHED }, |route| route.price)
}

const fn item(cost: i64, code: &'static str) -> Price {
    Price { cost: Some(Micros(cost)), code: Some(code), rows: false }
}

const fn list(cost: i64, code: &'static str) -> Price {
    Price { cost: Some(Micros(cost)), code: Some(code), rows: true }
}

const fn get(path: &'static str, price: Price, answer: fn(&Ask<'_>) -> Result<Envelope, Reply>) -> Route {
    Route { path, method: Method::GET, price, answer }
}

const fn post(path: &'static str, price: Price, answer: fn(&Ask<'_>) -> Result<Envelope, Reply>) -> Route {
    Route { path, method: Method::POST, price, answer }
}
