//! One member's invitations, contacts and messages.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Notes;
use crate::harvestapi::population::seed::mix;

/// The session of one member. People are held by their numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::harvestapi) struct Session {
    pub(in crate::harvestapi) me: u64,
    pub(in crate::harvestapi) sent: Vec<Invitation>,
    pub(in crate::harvestapi) received: Vec<Invitation>,
    pub(in crate::harvestapi) contacts: Vec<u64>,
    /// The newest ones.
    pub(in crate::harvestapi) messages: VecDeque<Message>,
    pub(in crate::harvestapi) following: Vec<String>,
    /// Tells this session from the others.
    mark: u64,
    changes: u64,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::harvestapi) struct Invitation {
    pub(in crate::harvestapi) id: u64,
    /// The other side of it.
    pub(in crate::harvestapi) person: u64,
    pub(in crate::harvestapi) secret: String,
    pub(in crate::harvestapi) note: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in crate::harvestapi) struct Message {
    pub(in crate::harvestapi) number: u64,
    pub(in crate::harvestapi) to: u64,
    pub(in crate::harvestapi) text: String,
}

/// Why LinkedIn does not do what it was asked to, with the status that the body tells.
pub(in crate::harvestapi) struct Refusal(
    pub(in crate::harvestapi) u16,
    pub(in crate::harvestapi) &'static str,
);

/// Invitations that may be pending.
const MAX_PENDING: usize = 1000;
const MAX_CONTACTS: usize = 10_000;
const MAX_MESSAGES: usize = 100;
const MAX_FOLLOWING: usize = 1000;
/// Characters of a note, as LinkedIn has it.
const MAX_NOTE: usize = 300;
const IDS: u64 = 7_470_000_000_000_000_000;

impl Session {
    /// Everybody begins with two invitations sent, three received, and eleven contacts, of whom `rowan-fixture-fx0003` and
    /// `person-0001` to `person-0010` are the same for all.
    pub(super) fn seeded(mark: u64) -> Self {
        let mut session = Self {
            me: 3005 + mark % 2000,
            sent: Vec::new(),
            received: Vec::new(),
            contacts: std::iter::once(2).chain(5..=14).collect(),
            messages: VecDeque::new(),
            following: Vec::new(),
            mark,
            changes: 0,
        };
        for person in [0, 500 + mark / 7 % 400] {
            let invitation = session.invitation(person, None);
            session.sent.push(invitation);
        }
        for person in [1, 1000 + mark / 11 % 1000, 2000 + mark / 13 % 1000] {
            let invitation = session.invitation(person, None);
            session.received.push(invitation);
        }
        session
    }

    /// How often it was changed.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Invites somebody; answers the id of the invitation.
    pub(in crate::harvestapi) fn invite(
        &mut self,
        person: u64,
        note: Option<&str>,
        notes: Notes,
    ) -> Result<u64, Refusal> {
        let note = note.filter(|_| notes == Notes::Kept);
        if note.is_some_and(|note| note.chars().count() > MAX_NOTE) {
            return Err(Refusal(400, "message must have at most 300 characters"));
        }
        if person == self.me {
            return Err(Refusal(400, "You cannot invite yourself"));
        }
        if self.contacts.contains(&person) {
            return Err(Refusal(409, "You are connected already"));
        }
        let pending = |row: &Invitation| row.person == person;
        if self.sent.iter().any(pending) || self.received.iter().any(pending) {
            return Err(Refusal(409, "An invitation is pending already"));
        }
        if self.sent.len() >= MAX_PENDING {
            return Err(Refusal(429, "Too many invitations are pending"));
        }
        let invitation = self.invitation(person, note.map(str::to_owned));
        let id = invitation.id;
        self.sent.push(invitation);
        Ok(id)
    }

    /// Accepts an invitation; answers who sent it.
    pub(in crate::harvestapi) fn accept(&mut self, id: &str, secret: &str) -> Result<u64, Refusal> {
        let at = self.received.iter().position(|row| row.id.to_string() == id);
        let at = at.ok_or(Refusal(404, "Invitation not found"))?;
        if self.received[at].secret != secret {
            return Err(Refusal(400, "sharedSecret does not belong to the invitation"));
        }
        if self.contacts.len() >= MAX_CONTACTS {
            return Err(Refusal(429, "Too many contacts"));
        }
        let person = self.received.remove(at).person;
        self.contacts.push(person);
        self.changes += 1;
        Ok(person)
    }

    /// Writes to a contact; answers the number of the message.
    pub(in crate::harvestapi) fn write(&mut self, to: u64, text: &str) -> Result<u64, Refusal> {
        if !self.contacts.contains(&to) {
            return Err(Refusal(400, "The recipient is not a contact"));
        }
        if self.messages.len() == MAX_MESSAGES {
            self.messages.pop_front();
        }
        let number = self.next();
        self.messages.push_back(Message { number, to, text: text.to_owned() });
        Ok(number)
    }

    pub(in crate::harvestapi) fn follow(&mut self, whom: &str) -> Result<(), Refusal> {
        if self.following.iter().any(|known| known == whom) {
            return Ok(());
        }
        if self.following.len() >= MAX_FOLLOWING {
            return Err(Refusal(429, "Too many are followed"));
        }
        self.following.push(whom.to_owned());
        self.changes += 1;
        Ok(())
    }

    fn invitation(&mut self, person: u64, note: Option<String>) -> Invitation {
        let number = self.next();
        let id = IDS + self.mark % 1_000_000_000 * 100_000 + number;
        Invitation { id, person, secret: format!("sbx{:012x}", mix(170, self.mark ^ number) >> 16), note }
    }

    fn next(&mut self) -> u64 {
        self.changes += 1;
        self.changes
    }
}
