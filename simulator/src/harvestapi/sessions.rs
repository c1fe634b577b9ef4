//! What the holders of `li_at` cookies have done on LinkedIn.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::population::people::Person;
use super::population::seed::mix_text;
use crate::kernel::store::{Store, Table};
use crate::kernel::sync::lock;

mod session;

pub(super) use session::{Refusal, Session};

/// Sessions by their cookies. Only cookies that exist get this far, so that their number bounds this.
pub(super) struct Sessions {
    store: Arc<Store>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    notes_ignored: bool,
    sessions: HashMap<String, Session>,
}

/// Whether the note of an invitation is kept with it, or dropped without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Notes {
    Kept,
    Ignored,
}

pub(super) const TABLE: Table = Table("linkedin_sessions");

impl Sessions {
    pub(super) fn open(store: &Arc<Store>) -> Self {
        let sessions = store.all(TABLE).into_iter().collect();
        Self { store: store.clone(), known: Mutex::new(Known { notes_ignored: false, sessions }) }
    }

    pub(super) fn reset(&self) {
        *lock(&self.known) = Known::default();
    }

    pub(super) fn set_notes(&self, notes: Notes) {
        lock(&self.known).notes_ignored = notes == Notes::Ignored;
    }

    pub(super) fn notes(&self) -> Notes {
        if lock(&self.known).notes_ignored { Notes::Ignored } else { Notes::Kept }
    }

    /// Looks at a session, or changes it; what was changed is kept.
    pub(super) fn with<T>(&self, cookie: &str, act: impl FnOnce(&mut Session, Notes) -> T) -> T {
        let mut known = lock(&self.known);
        let notes = if known.notes_ignored { Notes::Ignored } else { Notes::Kept };
        let session =
            known.sessions.entry(cookie.to_owned()).or_insert_with(|| Session::seeded(mix_text(cookie)));
        let before = session.changes();
        let outcome = act(session, notes);
        if session.changes() != before {
            self.store.put(TABLE, cookie, session);
        }
        outcome
    }

    /// All of one session, for whoever drives the sandbox.
    pub(super) fn written(&self, cookie: &str) -> Value {
        self.with(cookie, |session, notes| {
            let slug = |person: u64| Person::at(person).slug();
            let invitation = |row: &session::Invitation| {
                json!({"invitationId": row.id.to_string(), "profile": slug(row.person), "sharedSecret": row.secret, "note": row.note})
            };
            let message = |row: &session::Message| json!({"profile": slug(row.to), "text": row.text});
            json!({
                "connection_notes": notes,
                "profile": slug(session.me),
                "sent": session.sent.iter().map(invitation).collect::<Vec<_>>(),
                "received": session.received.iter().map(invitation).collect::<Vec<_>>(),
                "contacts": session.contacts.iter().map(|person| slug(*person)).collect::<Vec<_>>(),
                "messages": session.messages.iter().map(message).collect::<Vec<_>>(),
                "following": session.following,
            })
        })
    }
}
