//! A run and its dataset.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::actor::{Actor, Event};
use super::options::Options;
use super::row::Row;
use super::status::{End, Status};
use super::tokens::Tokens;
use crate::decimal::Micros;
use crate::kernel::sync::lock;

mod show;

/// A run. Its dataset is known by the same number.
pub(super) struct Run {
    pub(super) number: u64,
    pub(super) token: Box<str>,
    pub(super) user: String,
    pub(super) actor: Actor,
    pub(super) options: Options,
    /// Rows that it may come to hold.
    pub(super) weight: usize,
    started: Timestamp,
    status: watch::Sender<Status>,
    progress: Mutex<Progress>,
    stop: CancellationToken,
}

#[derive(Default)]
struct Progress {
    finished: Option<Timestamp>,
    message: Option<&'static str>,
    spent: Micros,
    charged: Vec<(Event, u64)>,
    rows: Vec<Row>,
}

/// What became of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pushed {
    More,
    /// It was the last that the caller wants.
    Enough,
    /// The cap or the balance does not cover another of this kind.
    CapReached,
}

impl Run {
    pub(super) fn new(
        number: u64,
        token: &str,
        user: String,
        actor: Actor,
        options: Options,
        weight: usize,
    ) -> Self {
        Self {
            number,
            token: token.into(),
            user,
            actor,
            options,
            weight,
            started: Timestamp::now(),
            status: watch::Sender::new(Status::Ready),
            progress: Mutex::default(),
            stop: CancellationToken::new(),
        }
    }

    pub(super) fn status(&self) -> Status {
        *self.status.borrow()
    }

    /// Moves on, unless something else decided the end already.
    pub(super) fn pass(&self, status: Status) {
        let _progress = lock(&self.progress);
        if matches!(self.status(), Status::Ready | Status::Running) {
            self.status.send_replace(status);
        }
    }

    pub(super) fn end(&self, end: End) {
        let mut progress = lock(&self.progress);
        progress.finished = Some(Timestamp::now());
        progress.message = Some(end.message);
        self.status.send_replace(end.status);
    }

    /// Asks it to stop; what it did stays done and charged.
    pub(super) fn abort(&self) {
        self.pass(Status::Aborting);
        self.stop.cancel();
    }

    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Waits for its end; whether it came.
    pub(super) async fn finished(&self, most: Duration) -> bool {
        let mut status = self.status.subscribe();
        let end = status.wait_for(|status| status.is_final());
        timeout(most, end).await.is_ok()
    }

    /// Charges an event; None, and nothing charged, when the cap or the balance does not cover it, or the run is over.
    pub(super) fn charge(&self, tokens: &Tokens, event: Event) -> Option<()> {
        self.take(tokens, event, &mut lock(&self.progress))
    }

    /// Charges a row and keeps it. One that is not covered is lost, and the run goes on: another may cost less.
    pub(super) fn push(&self, tokens: &Tokens, event: Event, row: Row) -> Pushed {
        let mut progress = lock(&self.progress);
        if self.take(tokens, event, &mut progress).is_none() {
            let broke = !tokens.owns(&self.token, self.actor.least_row());
            return if broke { Pushed::CapReached } else { Pushed::More };
        }
        progress.rows.push(row);
        if self.options.max_items.is_some_and(|most| progress.rows.len() >= most) {
            Pushed::Enough
        } else if self.covers(progress.spent, event.price()) && tokens.owns(&self.token, event.price()) {
            Pushed::More
        } else {
            Pushed::CapReached
        }
    }

    /// How long it is over.
    pub(super) fn over_since(&self) -> Option<Duration> {
        let finished = lock(&self.progress).finished?;
        Some(Timestamp::now().duration_since(finished).unsigned_abs())
    }

    /// Some of its first `shown` rows, and how many these are.
    pub(super) fn rows(
        &self,
        shown: Option<usize>,
        offset: usize,
        limit: usize,
        backwards: bool,
    ) -> (Vec<Row>, usize) {
        let progress = lock(&self.progress);
        let total = progress.shown(shown);
        let rows = progress.rows[..total].iter();
        let taken = if backwards {
            rows.rev().skip(offset).take(limit).cloned().collect()
        } else {
            rows.skip(offset).take(limit).cloned().collect()
        };
        (taken, total)
    }

    pub(super) fn id(&self) -> String {
        format!("sbxR{:013}", self.number)
    }

    pub(super) fn dataset_id(&self) -> String {
        format!("sbxD{:013}", self.number)
    }

    fn take(&self, tokens: &Tokens, event: Event, progress: &mut Progress) -> Option<()> {
        let price = event.price();
        let open = self.status() == Status::Running && self.covers(progress.spent, price);
        if !open || !tokens.charge(&self.token, price) {
            return None;
        }
        progress.spent.0 += price.0;
        match progress.charged.iter_mut().find(|(known, _)| *known == event) {
            Some((_, count)) => *count += 1,
            None => progress.charged.push((event, 1)),
        }
        Some(())
    }

    fn covers(&self, spent: Micros, price: Micros) -> bool {
        self.options.cap.is_none_or(|cap| spent.0 + price.0 <= cap.0)
    }
}

impl Progress {
    /// How many rows there are to see.
    fn shown(&self, most: Option<usize>) -> usize {
        most.unwrap_or(usize::MAX).min(self.rows.len())
    }

    fn count(&self, event: Event) -> u64 {
        self.charged.iter().find(|(known, _)| *known == event).map_or(0, |(_, count)| *count)
    }
}
