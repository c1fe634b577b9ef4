//! Room for large answers: for their bytes while they are held, and for what is made of them while it is made.
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

/// Answers up to here take no room: they are many, and small.
pub(crate) const SMALL: usize = 256 << 10;
/// What is made of an answer takes at most this many bytes for each of it; what would take more is refused as malformed.
const MADE_OF_BYTE: usize = 16;
/// What is kept of a call's time, so that it can be told that there was no room.
const MARGIN_TIMEOUT: Duration = Duration::from_millis(500);
/// Bytes of one permit, since a semaphore counts no further than 32 bits.
const UNIT: usize = 1 << 10;

/// The room of one third party. Callers wait for it in the order in which they came.
#[derive(Debug)]
pub(crate) struct Room {
    units: u32,
    bodies: Arc<Semaphore>,
    made: Arc<Semaphore>,
}

/// The time ended before there was room.
#[derive(Debug)]
pub(crate) struct NoRoom;

/// The room that one body takes; it grows with the body.
#[derive(Debug)]
pub(crate) struct Held {
    permit: Option<OwnedSemaphorePermit>,
    bytes: usize,
}

impl Room {
    /// Room for so many bytes of bodies, and as many that are made of them. An answer that is larger has it to itself.
    pub(crate) fn new(bytes: usize) -> Self {
        let units = u32::try_from(bytes / UNIT).unwrap_or(u32::MAX).clamp(1, 1 << 28);
        let semaphore = || Arc::new(Semaphore::new(units as usize));
        Self { units, bodies: semaphore(), made: semaphore() }
    }

    /// Waits until the body may be as large as this.
    pub(crate) async fn grow(&self, held: &mut Held, bytes: usize, end: Instant) -> Result<(), NoRoom> {
        if bytes <= SMALL || bytes <= held.bytes {
            return Ok(());
        }
        let has = held.permit.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = self.units_of(bytes).saturating_sub(u32::try_from(has).unwrap_or(u32::MAX));
        if let Some(permit) = take(&self.bodies, more, end).await? {
            match &mut held.permit {
                Some(before) => before.merge(permit),
                none => *none = Some(permit),
            }
        }
        held.bytes = bytes;
        Ok(())
    }

    /// Waits until something may be made of a body of this size. Whoever has this room should not wait for anything.
    pub(crate) async fn make(
        &self,
        body: usize,
        end: Instant,
    ) -> Result<Option<OwnedSemaphorePermit>, NoRoom> {
        if body <= SMALL {
            return Ok(None);
        }
        take(&self.made, self.units_of(body.saturating_mul(MADE_OF_BYTE)), end).await
    }

    fn units_of(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX).min(self.units)
    }
}

impl Held {
    /// No room yet.
    pub(crate) fn new() -> Self {
        Self { permit: None, bytes: 0 }
    }
}

async fn take(
    room: &Arc<Semaphore>,
    units: u32,
    end: Instant,
) -> Result<Option<OwnedSemaphorePermit>, NoRoom> {
    if units == 0 {
        return Ok(None);
    }
    let left = end.saturating_duration_since(Instant::now());
    let end = end - MARGIN_TIMEOUT.min(left / 10);
    let permit = timeout_at(end, Arc::clone(room).acquire_many_owned(units)).await;
    permit.map_err(|_| NoRoom)?.map(Some).map_err(|_| NoRoom)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(30)
    }

    #[tokio::test]
    async fn large_bodies_wait_for_room_small_ones_never_and_the_largest_has_it_to_itself() {
        let room = Room::new(1 << 20);
        let (mut one, mut two, mut small) = (Held::new(), Held::new(), Held::new());
        room.grow(&mut one, 600 << 10, soon()).await.unwrap();
        room.grow(&mut two, 600 << 10, soon()).await.unwrap_err();
        room.grow(&mut small, SMALL, soon()).await.unwrap();
        room.grow(&mut one, 1 << 20, soon()).await.unwrap();
        drop(one);
        room.grow(&mut two, 64 << 20, soon()).await.unwrap();
        drop(two);
        assert_eq!(room.bodies.available_permits(), 1 << 10);
    }

    #[tokio::test]
    async fn what_is_made_of_a_large_body_takes_its_room_until_it_is_dropped() {
        let room = Room::new(8 << 20);
        let made = room.make(500 << 10, soon()).await.unwrap();
        room.make(500 << 10, soon()).await.unwrap_err();
        assert!(room.make(SMALL, soon()).await.unwrap().is_none());
        drop(made);
        drop(room.make(500 << 10, soon()).await.unwrap().unwrap());
    }
}
