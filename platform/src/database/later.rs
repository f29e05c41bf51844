//! Rows left for the end of a unit, so that many of a kind are one statement.
//!
//! A consumer applies a hundred messages in one unit. A use case whose effect is a row that nobody in the unit reads leaves
//! it with [`Unit::later`]; what was left is written before the commit, each kind by one statement. A use case that reads such
//! rows calls [`Unit::settle`] first.

use std::{any::Any, pin::Pin};

use super::Unit;
use crate::error::Result;

/// Rows of a kind.
pub trait Rows: Default + Send + 'static {
    /// Writes all of them.
    ///
    /// # Errors
    /// The unit is undone; a batch is then redone message by message, so that only the one at fault is held back.
    fn write(self, unit: &mut Unit<'_>) -> impl Future<Output = Result<()>> + Send;
}

type Writing<'u> = Pin<Box<dyn Future<Output = Result<()>> + Send + 'u>>;

trait AnyRows: Send {
    fn as_any(&mut self) -> &mut dyn Any;
    fn write<'u>(self: Box<Self>, unit: &'u mut Unit<'_>) -> Writing<'u>;
}

impl<R: Rows> AnyRows for R {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn write<'u>(self: Box<Self>, unit: &'u mut Unit<'_>) -> Writing<'u> {
        Box::pin(Rows::write(*self, unit))
    }
}

/// What was left, in the order in which each kind came first.
#[derive(Default)]
pub(super) struct Later(Vec<Box<dyn AnyRows>>);

impl Later {
    /// The rows of a kind.
    fn of<R: Rows>(&mut self) -> &mut R {
        let known = self.0.iter_mut().position(|rows| (**rows).as_any().is::<R>());
        let at = known.unwrap_or_else(|| {
            self.0.push(Box::new(R::default()));
            self.0.len() - 1
        });
        match (*self.0[at]).as_any().downcast_mut() {
            Some(rows) => rows,
            // The position was found by this very type.
            None => unreachable!(),
        }
    }
}

impl Unit<'_> {
    /// Rows to be written at the end of the unit with all others of their kind.
    pub fn later<R: Rows>(&mut self) -> &mut R {
        self.later.of()
    }

    /// Writes what was left so far: for whoever reads it in the same unit.
    ///
    /// # Errors
    /// Those of the rows.
    pub async fn settle(&mut self) -> Result<()> {
        for rows in std::mem::take(&mut self.later).0 {
            rows.write(self).await?;
        }
        Ok(())
    }
}
