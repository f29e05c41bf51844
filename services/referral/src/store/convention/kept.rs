//! Conventions in memory, for whoever judges by them: a signed one does not change any more.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use relais_platform::ids::ConventionId;

use crate::domain::convention::Convention;

/// More than there are in a country. Beyond it, all are read anew.
const MOST: usize = 1_000;

type Kept = RwLock<HashMap<ConventionId, Arc<Convention>>>;

static KEPT: LazyLock<Kept> = LazyLock::new(Kept::default);

/// A convention from memory, whoever asks: what a caller may know of it is for the use case to say.
pub fn kept(id: ConventionId) -> Option<Arc<Convention>> {
    KEPT.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
}

/// Keeps what was read, if it does not change any more. Only for units that change no convention: what they read is committed.
pub fn keep(read: &Arc<Convention>) {
    if !read.is_final() {
        return;
    }
    let mut kept = KEPT.write().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST {
        kept.clear();
    }
    kept.insert(read.id, read.clone());
}
