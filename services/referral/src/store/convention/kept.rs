//! Terms in memory, for whoever judges by them: a version that is signed does not change any more, whatever becomes of its
//! convention. How that stands now is read each time ([`chain_of`](super::chain_of)).

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use relais_platform::ids::ConventionId;

use crate::domain::convention::Convention;

/// More than there are in a country. Beyond it, all are read anew.
const MOST: usize = 2_000;

type Kept = RwLock<HashMap<(ConventionId, i64), Arc<Convention>>>;

static KEPT: LazyLock<Kept> = LazyLock::new(Kept::default);

/// A convention with the terms of a number, from memory, whoever asks: what a caller may know of it is for the use case to say. Of
/// the convention itself it says what once was.
pub fn kept(id: ConventionId, number: i64) -> Option<Arc<Convention>> {
    KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&(id, number)).cloned()
}

/// Keeps what was read, if it is signed. Only for units that change no convention: what they read is committed.
pub fn keep(read: &Arc<Convention>) {
    if read.signature_date.is_none() {
        return;
    }
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST {
        kept.clear();
    }
    kept.insert((read.id, read.terms_version), read.clone());
}
