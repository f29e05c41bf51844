//! Lists the versions of a convention's terms.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::ConventionId,
};

use super::get_for_caller;
use crate::{domain::convention::Version, store::convention};

/// Lists what was signed of a convention, and then what is open.
#[derive(Debug, Clone, Copy)]
pub struct ListConventionVersions(pub ConventionId);

impl UseCase for ListConventionVersions {
    type Outcome = Vec<Version>;
    const NAME: &'static str = "list_convention_versions";

    fn asks(&self) -> Subject {
        Subject::of(self.0)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Version>> {
        let found = get_for_caller(unit, self.0).await?;
        let mut versions = Vec::new();
        // Agreements are amended a few times in their lives.
        for number in convention::list_signed(unit, self.0).await? {
            versions.push(convention::get_version(unit, self.0, number).await?.into_version());
        }
        if versions.is_empty() {
            let number = found.entered;
            return Ok(vec![Version { number, ..found.into_version() }]);
        }
        versions.extend(found.amendment.map(|open| *open));
        Ok(versions)
    }
}
