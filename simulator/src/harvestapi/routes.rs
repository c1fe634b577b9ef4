//! The endpoints of HarvestAPI.

use http::Method;

use super::ask::Ask;
use super::envelope::Envelope;
use super::price::Price;
use super::{
    ads, comments, companies, connections, geo, groups, jobs, leads, people, platform, posts, profile,
    reactions, services,
};
use crate::kernel::call::Call;
use crate::kernel::reply::Reply;

/// One endpoint.
pub(super) struct Route {
    path: &'static str,
    method: Method,
    pub(super) price: Price,
    pub(super) answer: fn(&Ask<'_>) -> Result<Envelope, Reply>,
}

/// An answer that stands in no envelope is an `Err`.
const ROUTES: &[Route] = &[
    get("/linkedin/profile", Price::item(6_400, "linkedinProfile"), profile::get),
    get("/linkedin/profile-id", Price::item(4_000, "linkedinProfileId"), profile::id),
    post("/linkedin/email-search-by-profile", Price::item(13_600, "linkedinEmailSearch"), profile::email),
    get("/linkedin/profile-search", Price::list(4_000, "linkedinProfileSearch"), people::search),
    get("/linkedin/lead-search", Price::list(100_000, "linkedinLeadSearch"), leads::search),
    get("/linkedin-sales-nav/lead-search", Price::list(100_000, "linkedinLeadSearch"), leads::search),
    get(
        "/linkedin-sales-nav/account-search",
        Price::list(100_000, "linkedinAccountSearch"),
        companies::accounts,
    ),
    get("/linkedin/company", Price::item(4_000, "linkedinCompany"), companies::get),
    get("/linkedin/company-search", Price::list(4_000, "linkedinCompanySearch"), companies::search),
    get(
        "/linkedin/company-people-stats",
        Price::item(4_000, "linkedinCompanyPeopleStats"),
        companies::people_stats,
    ),
    get("/linkedin/job", Price::item(1_000, "linkedinJob"), jobs::get),
    get("/linkedin/job-search", Price::list(1_000, "linkedinJobSearch"), jobs::search),
    get("/linkedin/geo-id-search", Price { rows: true, ..Price::FREE }, geo::search),
    get("/linkedin/post", Price::item(4_000, "linkedinPost"), posts::get),
    get("/linkedin/post-search", Price::list(4_000, "linkedinPostSearch"), posts::search),
    get("/linkedin/profile-posts", Price::list(4_000, "linkedinProfilePosts"), posts::of_profile),
    get("/linkedin/company-posts", Price::list(4_000, "linkedinCompanyPosts"), posts::of_company),
    get("/linkedin/post-comment", Price::item(4_000, "linkedinPostComment"), comments::get),
    get("/linkedin/post-comments", Price::list(4_000, "linkedinPostComments"), comments::of_post),
    get(
        "/linkedin/post-comment-replies",
        Price::list(4_000, "linkedinPostCommentReplies"),
        comments::replies,
    ),
    get("/linkedin/profile-comments", Price::list(4_000, "linkedinProfileComments"), comments::of_profile),
    get("/linkedin/post-reactions", Price::list(4_000, "linkedinPostReactions"), reactions::of_post),
    get("/linkedin/comment-reactions", Price::list(4_000, "linkedinPostReactions"), reactions::of_comment),
    get("/linkedin/profile-reactions", Price::list(4_000, "linkedinProfileReactions"), reactions::of_profile),
    get("/linkedin/group", Price::item(2_000, "linkedinGroup"), groups::get),
    get("/linkedin/group-search", Price::list(2_000, "linkedinGroup"), groups::search),
    get("/linkedin/service-search", Price::list(4_000, "linkedinServiceSearch"), services::search),
    get("/linkedin/ad", Price::item(1_600, "linkedinAd"), ads::get),
    get("/linkedin/ad-search", Price::list(1_600, "linkedinAdSearch"), ads::search),
    post("/linkedin/send-connection", Price::UNPUBLISHED, connections::send),
    get("/linkedin/sent-connections", Price::UNPUBLISHED, connections::sent),
    get("/linkedin/received-connections", Price::UNPUBLISHED, connections::received),
    post("/linkedin/accept-connection", Price::UNPUBLISHED, connections::accept),
    post("/linkedin/send-message", Price::UNPUBLISHED, connections::message),
    post("/linkedin/follow", Price::UNPUBLISHED, connections::follow),
    get("/linkedin/my-profile", Price::UNPUBLISHED, connections::my_profile),
    get("/linkedin/test", Price::UNPUBLISHED, platform::test),
    get("/users/my-api-user", Price::UNPUBLISHED, platform::api_user),
    get("/users/my-private-account-pools", Price::UNPUBLISHED, platform::pools),
    get("/users/subscriptions-info", Price::UNPUBLISHED, platform::subscriptions),
];

pub(super) fn find(call: &Call) -> Option<&'static Route> {
    ROUTES.iter().find(|route| route.path == call.path && route.method == call.method)
}

/// What a call to that path costs; nothing where there is no such path.
pub(super) fn price(call: &Call) -> Price {
    let found = ROUTES.iter().find(|route| route.path == call.path);
    found.map_or(Price::FREE, |route| route.price)
}

const fn get(path: &'static str, price: Price, answer: fn(&Ask<'_>) -> Result<Envelope, Reply>) -> Route {
    Route { path, method: Method::GET, price, answer }
}

const fn post(path: &'static str, price: Price, answer: fn(&Ask<'_>) -> Result<Envelope, Reply>) -> Route {
    Route { path, method: Method::POST, price, answer }
}
