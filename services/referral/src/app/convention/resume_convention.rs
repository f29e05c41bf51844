//! Resumes a convention: it admits again.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
};

use super::{Wanted, change::get_to_change};
use crate::{
    domain::convention::{Convention, resume},
    store::convention,
};

/// Resumes a suspended convention.
#[derive(Debug, Clone, Copy)]
pub struct ResumeConvention(pub Wanted);

impl UseCase for ResumeConvention {
    type Outcome = Convention;
    const NAME: &'static str = "resume_convention";

    fn asks(&self) -> Subject {
        Subject::of(self.0.id)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Convention> {
        let changed = resume(get_to_change(unit, self.0).await?)?;
        convention::save(unit, &changed).await?;
        unit.audit(changed.id);
        Ok(changed)
    }
}
