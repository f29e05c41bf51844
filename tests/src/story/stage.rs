//! Where a story takes place: the services, the clock as it was moved, the mail that arrived, and who is on stage.

use std::{
    collections::{BTreeSet, HashMap},
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::operations::v1::{AdvanceClockRequest, GetClockRequest};

use super::{Place, tell};
use crate::{Identity, Mail, Sessions, settled};

/// How long a token of a story lives: longer than the machine takes to play to its end.
const TOKEN: TimeDelta = TimeDelta::hours(2);

/// Somebody in a story.
#[derive(Debug, Clone)]
pub struct Actor {
    /// What the story calls them.
    pub title: String,
    /// Whom the token names.
    pub identity: Identity,
}

impl Actor {
    /// Somebody with a title.
    pub fn new(title: &str, identity: Identity) -> Self {
        Self { title: title.into(), identity }
    }

    /// Says what they do.
    pub fn tells(&self, what: impl std::fmt::Display) {
        tell(&self.title, what);
    }
}

/// The stage.
pub struct Stage<'s> {
    place: &'s Place,
    operator: Actor,
    moved: Mutex<TimeDelta>,
    sessions: Mutex<HashMap<String, Sessions>>,
    private: Mutex<BTreeSet<String>>,
}

impl<'s> Stage<'s> {
    /// Nobody has entered yet. The clock is where the story before left it.
    ///
    /// # Errors
    /// When the services do not tell their time.
    pub async fn open(place: &'s Place) -> Result<Self> {
        let operator = Actor::new("operator", Identity::new("operator", "operator"));
        let moved = Mutex::new(place.issuer.ahead());
        let stage = Self { place, operator, moved, sessions: Mutex::default(), private: Mutex::default() };
        let asked = stage.at(&stage.operator)?.referral.operations().get_clock(GetClockRequest {}).await;
        let told = asked.context("the clock of referral")?.into_inner().offset.unwrap_or_default();
        *locked(&stage.moved) = TimeDelta::seconds(told.seconds) + TimeDelta::nanoseconds(told.nanos.into());
        locked(&stage.sessions).clear();
        Ok(stage)
    }

    /// Who runs the installation.
    pub fn operator(&self) -> &Actor {
        &self.operator
    }

    /// Remembers what is told of a patient, and must be seen nowhere but by those it is meant for.
    pub fn whisper<'w>(&self, words: impl IntoIterator<Item = &'w str>) {
        locked(&self.private).extend(words.into_iter().map(str::to_lowercase));
    }

    /// All that was told of patients.
    pub fn private(&self) -> BTreeSet<String> {
        locked(&self.private).clone()
    }

    /// Now, as the services have it.
    pub fn now(&self) -> DateTime<Utc> {
        machine_now() + *locked(&self.moved)
    }

    /// Today, in Luxembourg's morning and in UTC alike.
    pub fn today(&self) -> NaiveDate {
        self.now().date_naive()
    }

    /// Somebody's sessions, with a token that holds now.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn at(&self, actor: &Actor) -> Result<Sessions> {
        let mut kept = locked(&self.sessions);
        if let Some(sessions) = kept.get(&actor.title) {
            return Ok(sessions.clone());
        }
        let sessions = self.place.sessions_until(&actor.identity, (self.now() + TOKEN).timestamp())?;
        kept.insert(actor.title.clone(), sessions.clone());
        Ok(sessions)
    }

    /// Waits until nothing is left to do anywhere.
    ///
    /// # Errors
    /// When the services do not settle.
    pub async fn settle(&self) -> Result<()> {
        settled(&self.at(&self.operator)?).await
    }

    /// Moves the clock of all services on to `time`, and lets come what is due until then.
    ///
    /// # Errors
    /// When a service does not move its clock, or they do not settle.
    pub async fn go_on_until(&self, time: DateTime<Utc>) -> Result<()> {
        self.settle().await?;
        let by = time - self.now();
        if by <= TimeDelta::zero() {
            return Ok(());
        }
        for (service, session) in self.at(&self.operator)?.all() {
            let request = AdvanceClockRequest { time: Some(time_to_proto(time)) };
            session.operations().advance_clock(request).await.with_context(|| format!("the clock of {service}"))?;
        }
        *locked(&self.moved) += by;
        self.place.issuer.note_ahead(*locked(&self.moved))?;
        locked(&self.sessions).clear();
        // Each instance reads the offset every 100 ms.
        tokio::time::sleep(Duration::from_millis(300)).await;
        self.settle().await
    }

    /// Lets days pass.
    ///
    /// # Errors
    /// As [`Stage::go_on_until`].
    pub async fn go_on_by(&self, days: u64) -> Result<()> {
        self.go_on_until(self.now() + Days::new(days)).await
    }

    /// Keeps a file that the story was given, where whoever plays it wants to look at such, and says where; nobody wants to otherwise.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn keep(&self, name: &str, text: &str) -> Result<Option<PathBuf>> {
        let Some(folder) = &self.place.statements else { return Ok(None) };
        std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let file = folder.join(name);
        std::fs::write(&file, text).with_context(|| file.display().to_string())?;
        Ok(Some(file))
    }

    /// The mail that was sent to an address.
    ///
    /// # Errors
    /// When the catcher does not answer.
    pub async fn mail_to(&self, address: &str) -> Result<Vec<Mail>> {
        self.place.mail_to(address).await
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
