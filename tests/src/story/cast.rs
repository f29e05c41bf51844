//! Who is in a story.

use crate::{Identity, Sessions};

/// Somebody in a story, with sessions at all services.
#[derive(Clone)]
pub struct Actor {
    /// What the story calls them.
    pub title: String,
    /// Whom the token names.
    pub identity: Identity,
    /// Their sessions.
    pub at: Sessions,
}

/// Everybody in a story.
pub struct Cast {
    /// In order of appearance.
    pub actors: Vec<Actor>,
}
