//! Counts the frames of a caller that bring nothing and cost much, and says when they are too many.
//!
//! The HTTP/2 stack bounds resets, headers in pieces and small data by itself. It does as it is told by each SETTINGS, which
//! costs a look at every open stream, and it answers each PING.
use std::time::Instant;

/// What a connection begins with, before its first frame.
pub(super) const PREFACE: usize = 24;
/// Length, kind, flags and stream.
const HEAD: usize = 9;

const DATA: u8 = 0;
const PRIORITY: u8 = 2;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const LAST_KNOWN: u8 = 9;
const ACK: u8 = 1;
const END_STREAM: u8 = 1;

/// Settings of one connection: so many, and later one a second. A client that measures its bandwidth sends one now and then.
const SETTINGS_AT_ONCE: u32 = 64;
const SETTINGS_A_SECOND: u32 = 1;
/// Pings, priorities, empty pieces of bodies and frames of unknown kinds.
const EMPTY_AT_ONCE: u32 = 2_048;
const EMPTY_A_SECOND: u32 = 64;

/// GOAWAY with ENHANCE_YOUR_CALM, which takes no call back.
pub(super) const GOAWAY: [u8; 17] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0x0b];

/// Looks at what one connection sends, frame by frame.
#[derive(Debug)]
pub(super) struct Flood {
    /// Bytes until the next frame begins.
    skip: usize,
    head: [u8; HEAD],
    /// How much of the head has arrived.
    filled: usize,
    settings: Allowance,
    empty: Allowance,
}

/// How many frames of a kind may still come.
#[derive(Debug)]
struct Allowance {
    left: u32,
    most: u32,
    a_second: u32,
    since: Instant,
}

impl Flood {
    pub(super) fn new() -> Self {
        let allowance = |most, a_second| Allowance { left: most, most, a_second, since: Instant::now() };
        Self {
            skip: PREFACE,
            head: [0; HEAD],
            filled: 0,
            settings: allowance(SETTINGS_AT_ONCE, SETTINGS_A_SECOND),
            empty: allowance(EMPTY_AT_ONCE, EMPTY_A_SECOND),
        }
    }

    /// Takes what was read, in whatever pieces. False where it is too much.
    pub(super) fn take(&mut self, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let skipped = self.skip.min(bytes.len());
            self.skip -= skipped;
            bytes = &bytes[skipped..];
            let taken = bytes.len().min(HEAD - self.filled);
            self.head[self.filled..self.filled + taken].copy_from_slice(&bytes[..taken]);
            self.filled += taken;
            bytes = &bytes[taken..];
            if self.filled == HEAD {
                self.filled = 0;
                if !self.begins() {
                    return false;
                }
            }
        }
        true
    }

    /// A frame begins. False where it is one too many.
    fn begins(&mut self) -> bool {
        let [high, mid, low, kind, flags, ..] = self.head;
        self.skip = usize::from(high) << 16 | usize::from(mid) << 8 | usize::from(low);
        match kind {
            SETTINGS if flags & ACK == 0 => self.settings.take(),
            PING if flags & ACK == 0 => self.empty.take(),
            DATA if self.skip == 0 && flags & END_STREAM == 0 => self.empty.take(),
            PRIORITY => self.empty.take(),
            kind if kind > LAST_KNOWN => self.empty.take(),
            _ => true,
        }
    }
}

impl Allowance {
    fn take(&mut self) -> bool {
        if self.left == 0 {
            let now = Instant::now();
            let more = (now - self.since).as_secs().saturating_mul(self.a_second.into());
            self.left = u32::try_from(more).unwrap_or(u32::MAX).min(self.most);
            self.since = now;
        }
        self.left.checked_sub(1).map(|left| self.left = left).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
        let mut bytes = vec![0, 0, length, kind, flags, 0, 0, 0, 1];
        // A payload of what would be SETTINGS, if it were taken for frames.
        bytes.extend((0..length).map(|n| [0, 0, 0, SETTINGS, 0, 0, 0, 0, 0][usize::from(n) % HEAD]));
        bytes
    }

    fn begun() -> Flood {
        let mut flood = Flood::new();
        assert!(flood.take(&[b'P'; PREFACE]));
        flood
    }

    /// How many of these pass before one is too many.
    fn passed(frame: &[u8]) -> Option<usize> {
        let mut flood = begun();
        (0..10_000).position(|_| !flood.take(frame))
    }

    #[test]
    fn what_brings_something_passes_and_what_only_costs_passes_so_often() {
        assert_eq!(passed(&frame(SETTINGS, 0, 6)), Some(SETTINGS_AT_ONCE as usize));
        for empty in [frame(PING, 0, 8), frame(PRIORITY, 0, 5), frame(DATA, 0, 0), frame(0xbe, 0, 3)] {
            assert_eq!(passed(&empty), Some(EMPTY_AT_ONCE as usize), "{empty:?}");
        }
        let useful = [(SETTINGS, ACK, 0), (PING, ACK, 8), (DATA, END_STREAM, 0), (DATA, 0, 200), (1, 4, 90)];
        for (kind, flags, length) in useful {
            assert_eq!(passed(&frame(kind, flags, length)), None, "kind {kind}");
        }
    }

    #[test]
    fn more_may_come_with_time_and_never_more_than_at_first() {
        let mut allowance = Allowance { left: 0, most: 3, a_second: 1, since: Instant::now() };
        assert!(!allowance.take());
        let ago = std::time::Duration::from_secs(3_600);
        allowance.since = Instant::now().checked_sub(ago).unwrap();
        assert_eq!((0..10).filter(|_| allowance.take()).count(), 3);
    }

    proptest! {
        #[test]
        fn it_is_no_matter_in_which_pieces_they_arrive(
            frames in prop::collection::vec((0..12_u8, 0..8_u8, 0..40_u8), 0..200),
            piece in 1..64_usize,
        ) {
            let all: Vec<u8> = frames.iter().flat_map(|(kind, flags, length)| frame(*kind, *flags, *length)).collect();
            let whole = begun().take(&all);
            let mut flood = begun();
            let pieces = all.chunks(piece).all(|piece| flood.take(piece));
            prop_assert_eq!(whole, pieces);
        }
    }
}
