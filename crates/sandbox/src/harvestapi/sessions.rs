use std::collections::HashMap;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::data::people::Person;
use super::data::seed::mix_text;
use crate::store::{Store, Table};
use crate::sync::lock;

mod session;

pub(super) use session::{Refusal, Session};

/// What the holders of `li_at` cookies have done on LinkedIn. Only cookies that exist get this far, so that their number
/// bounds this.
pub(crate) struct Sessions {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    notes_ignored: bool,
    known: HashMap<String, Session>,
}

/// Whether the note of an invitation is kept with it, or dropped without a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Notes {
    Kept,
    Ignored,
}

// === impl Sessions ===

impl Sessions {
    pub(crate) fn new(store: &Store) -> Self {
        let known = store.all(Table::Sessions).into_iter().collect();
        Self { inner: Mutex::new(Inner { notes_ignored: false, known }) }
    }

    pub(crate) fn reset(&self) {
        *lock(&self.inner) = Inner::default();
    }

    pub(crate) fn set_notes(&self, notes: Notes) {
        lock(&self.inner).notes_ignored = notes == Notes::Ignored;
    }

    pub(crate) fn notes(&self) -> Notes {
        if lock(&self.inner).notes_ignored { Notes::Ignored } else { Notes::Kept }
    }

    /// Looks at a session, or changes it; what was changed is kept.
    pub(super) fn with<T>(
        &self,
        store: &Store,
        cookie: &str,
        act: impl FnOnce(&mut Session, Notes) -> T,
    ) -> T {
        let mut inner = lock(&self.inner);
        let notes = if inner.notes_ignored { Notes::Ignored } else { Notes::Kept };
        let session =
            inner.known.entry(cookie.to_owned()).or_insert_with(|| Session::seeded(mix_text(cookie)));
        let before = session.changes();
        let outcome = act(session, notes);
        if session.changes() != before {
            store.put(Table::Sessions, cookie, session);
        }
        outcome
    }

    /// All of one session, for whoever drives the sandbox.
    pub(crate) fn written(&self, store: &Store, cookie: &str) -> Value {
        self.with(store, cookie, |session, notes| {
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
