//! The chain of a convention, as it stands now.

use chrono::NaiveDate;
use relais_platform::{
    Result,
    database::Unit,
    ids::{ConventionId, OrganisationId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::convention::{Chain, Link, Signed, State};

struct Row {
    id: Uuid,
    state: String,
    halted: bool,
    last_day: Option<NaiveDate>,
    number: i64,
    effective_date: NaiveDate,
    start_date: NaiveDate,
    end_date: NaiveDate,
}

/// The signed conventions of a convention's chain that an organisation is a party of, by their first days. It is read for each
/// judgement: wherever one was suspended, none of it is in anybody's memory.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn chain_of(unit: &mut Unit<'_>, id: ConventionId, party: OrganisationId) -> Result<Chain> {
    let query = sqlx::query_as!(
        Row,
        r#"SELECT c.id, c.state, c.halted, c.last_day, t.version AS number, t.start_date, t.end_date,
                  COALESCE(t.effective_date, t.start_date) AS "effective_date!"
           FROM convention c
           JOIN convention_signature g ON g.convention_id = c.id
           JOIN convention_terms t ON t.convention_id = c.id AND t.version = g.version
           WHERE COALESCE(c.chain_id, c.id) = (SELECT COALESCE(a.chain_id, a.id) FROM convention a WHERE a.id = $1)
             AND EXISTS (SELECT FROM convention_party p
                         WHERE p.convention_id = c.id AND p.version = c.terms_version AND p.organisation_id = $2)
           ORDER BY t.start_date, c.id, t.version"#,
        id.0,
        party.0,
    );
    let rows = query.with_operation("SELECT", "convention").fetch_all(unit.sql()).await?;
    let mut chain = Chain::default();
    for row in rows {
        let signed = Signed { number: row.number, effective_date: row.effective_date, end_date: row.end_date };
        match chain.0.last_mut().filter(|link| link.id.0 == row.id) {
            Some(link) => link.versions.push(signed),
            None => chain.0.push(Link {
                id: row.id.into(),
                state: State::stored(&row.state)?,
                halted: row.halted,
                start_date: row.start_date,
                last_day: row.last_day,
                versions: vec![signed],
            }),
        }
    }
    Ok(chain)
}

/// The numbers of a convention's signed versions, in the order in which they were signed.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_signed(unit: &mut Unit<'_>, id: ConventionId) -> Result<Vec<i64>> {
    let query =
        sqlx::query_scalar!("SELECT version FROM convention_signature WHERE convention_id = $1 ORDER BY version", id.0);
    Ok(query.with_operation("SELECT", "convention_signature").fetch_all(unit.sql()).await?)
}
