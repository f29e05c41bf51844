//! As many calls at once as the server can serve, and not all of them for one organisation.
//!
//! A call beyond that is refused at once with the time after which to come again, because one that waits for minutes is of no use to
//! anybody. The first limit is asked for before the token is read, the second as soon as it is known for whom a call is. Nothing of
//! a refusal is written: a database that is overloaded already gets no row more.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    ids::OrganisationId,
    settings::Server,
};

/// When to come again.
const AGAIN: Duration = Duration::from_secs(1);

type Counts = Arc<Mutex<HashMap<OrganisationId, usize>>>;

/// The calls under way.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    all: Arc<Semaphore>,
    each: usize,
    counts: Counts,
}

/// One place of those there are for an organisation; given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    organisation: OrganisationId,
    counts: Counts,
}

impl Load {
    /// As the settings say.
    pub(crate) fn new(settings: &Server) -> Self {
        let all = settings.max_in_flight.min(Semaphore::MAX_PERMITS);
        Self {
            all: Arc::new(Semaphore::new(all)),
            each: settings.max_in_flight_per_organisation,
            counts: Counts::default(),
        }
    }

    /// A place of those there are for all.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when there is none.
    pub(crate) fn enter(&self) -> Result<OwnedSemaphorePermit> {
        self.all.clone().try_acquire_owned().map_err(|_| full("OVERLOADED", "the service is busy"))
    }

    /// A place of those there are for an organisation.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when there is none.
    pub(crate) fn enter_for(&self, organisation: OrganisationId) -> Result<Place> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(organisation).or_default();
        if *count >= self.each {
            return Err(full("TOO_MANY_CALLS", "your organisation has too many calls under way"));
        }
        *count += 1;
        Ok(Place { organisation, counts: self.counts.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let left = counts.get_mut(&self.organisation).map(|count| {
            *count -= 1;
            *count
        });
        // Or the table would keep every organisation that ever called.
        if left == Some(0) {
            counts.remove(&self.organisation);
        }
    }
}

fn full(reason: &'static str, what: &str) -> Error {
    Error::too_often(reason, format!("{what}: send the same request again in a moment"), AGAIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn load(all: usize, each: usize) -> Load {
        Load { all: Arc::new(Semaphore::new(all)), each, counts: Counts::default() }
    }

    #[test]
    fn one_organisation_does_not_take_the_places_of_others() {
        let (load, one, other) = (load(9, 2), OrganisationId::draw(), OrganisationId::draw());
        let places: Vec<_> = (0..2).filter_map(|_| load.enter_for(one).ok()).collect();
        let refused = load.enter_for(one).map(|_| ()).expect_err("a third");
        assert_eq!((refused.kind, refused.retry_after), (Kind::ResourceExhausted, Some(AGAIN)));
        assert!(load.enter_for(other).is_ok());
        drop(places);
        assert!(load.enter_for(one).is_ok());
        assert!(load.counts.lock().is_ok_and(|counts| counts.is_empty()), "organisations are kept");
    }

    #[test]
    fn what_is_beyond_all_places_is_refused_with_when_to_come_again() {
        let load = load(1, 9);
        let place = load.enter();
        assert!(place.is_ok());
        assert_eq!(load.enter().map(|_| ()).expect_err("a second").reason, "OVERLOADED");
        drop(place);
        assert!(load.enter().is_ok());
    }
}
