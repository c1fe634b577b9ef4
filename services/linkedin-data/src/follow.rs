//! A list followed page by page, within bounds of rows, money and time.
mod turn;

use std::collections::HashSet;
use std::time::Duration;

use futures_util::stream;
use granary_convert::{Typed, check_typed};
use granary_proto::granary::linkedin::v1 as wire;
use granary_proto::granary::linkedin::v1::follow_pages_response::Page;
use granary_proto::granary::types::v1::{More, NextPage};
use granary_rpc::{Deadline, Error, Reason, reason};
use prost::Message;
use prost_reflect::DynamicMessage;
use tonic::Status;

use crate::context::CallContext;
use crate::failure::CHARGE;
use crate::streamed::Streamed;
use crate::{price, quirks};

/// How many rows are the bound where the caller names none.
const DEFAULT_ITEMS: i64 = 100;
/// What a page may take; where less time is left, none is asked for.
const PAGE_TIMEOUT: Duration = Duration::from_secs(2);

/// The pages, and then the end.
pub(crate) async fn stream(context: CallContext) -> Result<Streamed<wire::FollowPagesResponse>, Status> {
    let pages = stream::unfold(Follow::new(context), |follow| async move {
        let mut follow = follow;
        let answer = Box::pin(follow.next()).await?;
        Some((answer.map_err(|error| follow.context.refuse(error)), follow))
    });
    Ok(Box::pin(pages))
}

/// A list that is being followed.
struct Follow {
    context: CallContext,
    state: FollowState,
    /// The pages that were asked for: by their token where they have one, else by their number.
    seen: HashSet<PagePosition>,
    next: Option<NextPage>,
    pages: i32,
    items: i64,
    cost: i64,
    /// Worst-case cost of pages whose answer told none.
    unreported: i64,
    unreported_pages: i32,
    deadline: Deadline,
}

/// What happens next.
enum FollowState {
    /// Nothing was asked for yet.
    New,
    /// This page is asked for.
    Turn(Box<CallContext>),
    /// The end is told.
    Stop(wire::FollowStop),
    /// The stream ends with this, after the end was told.
    Fails(Error),
    Over,
}

type PagePosition = (Option<i32>, Option<String>);
type PageAnswer = Result<wire::FollowPagesResponse, Error>;

impl Follow {
    fn new(context: CallContext) -> Self {
        let left = context.deadline.remaining();
        let deadline = Deadline::after(left.saturating_sub(left / 10));
        Self {
            context,
            state: FollowState::New,
            seen: HashSet::new(),
            next: None,
            pages: 0,
            items: 0,
            cost: 0,
            unreported: 0,
            unreported_pages: 0,
            deadline,
        }
    }

    async fn next(&mut self) -> Option<PageAnswer> {
        let page = match std::mem::replace(&mut self.state, FollowState::Over) {
            FollowState::New => match self.first() {
                Ok(page) => page,
                Err(error) => return Some(Err(error)),
            },
            FollowState::Turn(page) => page,
            FollowState::Stop(stop) => return Some(Ok(self.end(stop, None))),
            FollowState::Fails(error) => return Some(Err(error)),
            FollowState::Over => return None,
        };
        Some(match self.stop(&page) {
            Ok(None) => self.turn(page).await,
            Ok(Some(stop)) => Ok(self.end(stop, None)),
            Err(error) => Err(error),
        })
    }

    /// The first page's call, checked like a call of its own.
    fn first(&self) -> Result<Box<CallContext>, Error> {
        let request = wire::FollowPagesRequest::decode(self.context.input.encode_to_vec().as_slice());
        let list = request.ok().and_then(|request| request.list);
        let list = list.ok_or_else(|| Error::new(Reason::Internal, "the request names no list"))?;
        let (path, bytes) = turn::request(&list);
        let method = self
            .context
            .service
            .table()
            .path(path)
            .ok_or_else(|| Error::new(Reason::Internal, "the contract lacks a list that is followed"))?;
        let input = DynamicMessage::decode(method.descriptor.input(), bytes.as_slice()).map_err(|error| {
            Error::new(Reason::Internal, "a list's request cannot be read").caused_by(error)
        })?;
        let Typed { message: mut input, given, mut warnings } =
            check_typed(&method.descriptor.input(), &input)?;
        warnings.extend(quirks::adapt(&self.context.service, method, &mut input)?);
        let context = CallContext {
            service: self.context.service.clone(),
            method,
            input,
            given,
            grant: self.context.grant.clone(),
            deadline: self.deadline,
            most: self.context.most,
            warnings,
            announcement: None,
        };
        Ok(Box::new(context))
    }

    /// Why this page is not asked for, if it is not.
    fn stop(&self, page: &CallContext) -> Result<Option<wire::FollowStop>, Error> {
        let bound = match (self.context.number("max_items"), self.cap()) {
            (0, None) => DEFAULT_ITEMS,
            (0, Some(_)) => i64::MAX,
            (items, _) => items,
        };
        if self.items >= bound {
            return Ok(Some(wire::FollowStop::MaxItems));
        }
        if let Some(cap) = self.cap() {
            let spent = self.cost.saturating_add(self.unreported);
            let quote = price::quote(page);
            if !quote.as_ref().is_ok_and(|quote| spent.saturating_add(*quote) <= cap) {
                // Where nothing came yet, the call itself cannot be made.
                return if self.pages == 0 {
                    Err(price::refused(quote, cap))
                } else {
                    Ok(Some(wire::FollowStop::MaxCost))
                };
            }
        }
        let late = self.pages > 0 && self.deadline.remaining() < PAGE_TIMEOUT;
        Ok(late.then_some(wire::FollowStop::Deadline))
    }

    /// The smaller of the two bounds of money, where there is one.
    fn cap(&self) -> Option<i64> {
        let own = self.context.has("max_cost_micros").then(|| self.context.number("max_cost_micros"));
        own.into_iter().chain(self.context.most).min()
    }

    async fn turn(&mut self, mut page: Box<CallContext>) -> PageAnswer {
        let here = asked(&page);
        self.seen.insert(place(&here));
        let turned = match turn::page(&page).await {
            Ok(turned) => turned,
            Err(error) if self.pages == 0 => return Err(error),
            Err(error) => {
                self.count_failed(&error);
                let told = reason::name(error.reason());
                self.next = Some(here);
                if error.reason() == Reason::DeadlineExceeded {
                    return Ok(self.end(wire::FollowStop::Deadline, None));
                }
                self.state = FollowState::Fails(error);
                return Ok(self.end(wire::FollowStop::Error, Some(told)));
            }
        };
        self.pages = self.pages.saturating_add(1);
        self.items = self.items.saturating_add(i64::try_from(turned.rows).unwrap_or(i64::MAX));
        match turned.cost {
            Some(cost) => self.cost = self.cost.saturating_add(cost),
            None => {
                self.unreported = self.unreported.saturating_add(price::quote(&page).unwrap_or_default());
                self.unreported_pages = self.unreported_pages.saturating_add(1);
            }
        }
        self.next.clone_from(&turned.info.next);
        self.state = match (turned.info.more(), turned.info.next) {
            (More::Yes, Some(next)) if !self.seen.contains(&place(&next)) => {
                page.turn_to(&next);
                FollowState::Turn(page)
            }
            (More::Yes, Some(_)) => FollowState::Stop(wire::FollowStop::Loop),
            (More::No, _) => FollowState::Stop(wire::FollowStop::EndOfList),
            _ => FollowState::Stop(wire::FollowStop::Unknown),
        };
        Ok(wire::FollowPagesResponse { page: Some(turned.page) })
    }

    /// Counts what a page cost that did not come, as far as its error tells.
    fn count_failed(&mut self, error: &Error) {
        if let Some(micros) = error.get(CHARGE).and_then(|micros| micros.parse().ok()) {
            self.cost = self.cost.saturating_add(micros);
        } else if error.get("charge") == Some("unknown") {
            self.unreported_pages = self.unreported_pages.saturating_add(1);
        }
    }

    fn end(&mut self, stop: wire::FollowStop, error: Option<&str>) -> wire::FollowPagesResponse {
        let end = wire::FollowEnd {
            stop: stop.into(),
            next: self.next.take(),
            pages: Some(self.pages),
            items: Some(self.items),
            cost_micros: Some(self.cost),
            pages_of_unknown_cost: Some(self.unreported_pages),
            error_reason: error.map(str::to_owned),
        };
        wire::FollowPagesResponse { page: Some(Page::End(end)) }
    }
}

fn place(page: &NextPage) -> PagePosition {
    match &page.pagination_token {
        Some(token) => (None, Some(token.clone())),
        None => (page.page, None),
    }
}

/// The page that a call asks for.
fn asked(page: &CallContext) -> NextPage {
    NextPage { page: page.asked().page, pagination_token: page.word("pagination_token") }
}
