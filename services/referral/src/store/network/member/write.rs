//! Changes of members.

use relais_platform::{
    Error, Result,
    database::Unit,
    error::{Kind, Violation, broken_constraint},
    ids::OrganisationId,
};
use sqlx_otel::QueryAnnotateExt;

use super::Row;
use crate::domain::network::{Member, Secret};

/// Takes the lock under which who administers an organisation is decided: of two changes at once, the second sees the first.
///
/// # Errors
/// NOT_FOUND when the organisation is not there.
pub async fn lock_administration(unit: &mut Unit<'_>, organisation: OrganisationId) -> Result<()> {
    let query = sqlx::query_scalar!("SELECT id FROM organisation WHERE id = $1 FOR NO KEY UPDATE", organisation.0);
    let row = query.with_operation("SELECT", "organisation").fetch_optional(unit.sql()).await?;
    row.map(|_| ()).ok_or_else(|| Error::not_found(organisation))
}

/// Takes the lock under which the first administrator of the installation is invited.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn lock_first_administrator(unit: &mut Unit<'_>) -> Result<()> {
    let query = sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.first_administrator', 0))::text AS locked"
    );
    query.with_operation("SELECT", "pg_advisory_xact_lock").fetch_one(unit.sql()).await?;
    Ok(())
}

/// Keeps whoever is invited, with the hash of the secret.
///
/// # Errors
/// NOT_FOUND when the organisation is not there; INVALID_ARGUMENT when unit or entry are not its; ALREADY_EXISTS when the entry is
/// another member's.
pub async fn insert_member(unit: &mut Unit<'_>, member: &Member, secret_hash: &[u8]) -> Result<()> {
    let roles = roles(member);
    let query = sqlx::query!(
        "INSERT INTO member (id, organisation_id, version, state, display_name, roles, unit_id, practitioner_id, secret_hash,
             invitation_expires_at, create_time, update_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
        member.name.id.0,
        member.name.organisation.0,
        member.version,
        member.state.as_str(),
        member.position.display_name,
        &roles,
        member.position.unit.map(|id| id.0),
        member.position.practitioner.map(|id| id.0),
        secret_hash,
        member.invitation_expires_at,
        member.create_time,
    );
    let done = query.with_operation("INSERT", "member").execute(unit.sql()).await;
    done.map_err(|error| refused(member, error))?;
    insert_version(unit, member).await
}

/// Keeps a member's next version.
///
/// # Errors
/// FAILED_PRECONDITION when the person is a member already; ABORTED when somebody else was faster; as [`insert_member`].
pub async fn save_member(unit: &mut Unit<'_>, member: &Member) -> Result<()> {
    let roles = roles(member);
    let query = sqlx::query!(
        "UPDATE member SET version = $3, state = $4, display_name = $5, roles = $6, unit_id = $7, practitioner_id = $8,
             issuer = $9, subject = $10, invitation_expires_at = $11, update_time = $12,
             secret_hash = CASE WHEN $4 = 'invited' THEN secret_hash END
         WHERE id = $1 AND organisation_id = $2 AND version + 1 = $3",
        member.name.id.0,
        member.name.organisation.0,
        member.version,
        member.state.as_str(),
        member.position.display_name,
        &roles,
        member.position.unit.map(|id| id.0),
        member.position.practitioner.map(|id| id.0),
        member.login.as_ref().map(|login| login.issuer.as_str()),
        member.login.as_ref().map(|login| login.subject.as_str()),
        member.invitation_expires_at,
        member.update_time,
    );
    let done = query.with_operation("UPDATE", "member").execute(unit.sql()).await;
    if done.map_err(|error| refused(member, error))?.rows_affected() != 1 {
        return Err(Error::contention(anyhow::anyhow!("the member's version is taken")));
    }
    insert_version(unit, member).await
}

/// The member whose invitation a secret opens, locked; or none, and a wrong secret is counted. One statement under the row's lock:
/// of many at once one opens it, and each wrong one counts.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn open_invitation(unit: &mut Unit<'_>, secret: &Secret, secret_hash: &[u8]) -> Result<Option<Member>> {
    let now = unit.now();
    let fits = sqlx::query_scalar!(
        r#"UPDATE member SET wrong_secrets = wrong_secrets + CASE WHEN secret_hash = $2 THEN 0 ELSE 1 END
           WHERE id = $1 AND state = 'invited' AND wrong_secrets < 5 AND invitation_expires_at > $3
           RETURNING secret_hash = $2 AS "fits!""#,
        secret.id.0,
        secret_hash,
        now,
    );
    let fits = fits.with_operation("UPDATE", "member").fetch_optional(unit.sql()).await?;
    if fits != Some(true) {
        return Ok(None);
    }
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, version, state, display_name, roles, unit_id, practitioner_id, issuer, subject,
                invitation_expires_at, create_time, update_time
         FROM member WHERE id = $1",
        secret.id.0,
    );
    let row = query.with_operation("SELECT", "member").fetch_one(unit.sql()).await?;
    Member::try_from(row).map(Some)
}

async fn insert_version(unit: &mut Unit<'_>, member: &Member) -> Result<()> {
    let (roles, actor) = (roles(member), unit.caller()?.key());
    let query = sqlx::query!(
        "INSERT INTO member_version (member_id, version, organisation_id, state, display_name, roles, unit_id, practitioner_id,
             issuer, subject, invitation_expires_at, at, actor)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        member.name.id.0,
        member.version,
        member.name.organisation.0,
        member.state.as_str(),
        member.position.display_name,
        &roles,
        member.position.unit.map(|id| id.0),
        member.position.practitioner.map(|id| id.0),
        member.login.as_ref().map(|login| login.issuer.as_str()),
        member.login.as_ref().map(|login| login.subject.as_str()),
        member.invitation_expires_at,
        member.update_time,
        actor,
    );
    query.with_operation("INSERT", "member_version").execute(unit.sql()).await?;
    Ok(())
}

fn roles(member: &Member) -> Vec<String> {
    member.position.roles.iter().map(|role| role.as_str().into()).collect()
}

fn refused(member: &Member, error: sqlx::Error) -> Error {
    let field = |name: &str, rule: &str| Error::invalid(vec![Violation::new(name, rule)]);
    match broken_constraint(&error) {
        Some("member_organisation_id_fkey") => Error::not_found(member.name.organisation),
        Some("member_organisation_id_unit_id_fkey") => field("member.unit", "must be a unit of the organisation"),
        Some("member_organisation_id_practitioner_id_fkey") => {
            field("member.practitioner", "must be a practitioner of the organisation")
        }
        Some("member_practitioner") => {
            Error::new(Kind::AlreadyExists, "ALREADY_EXISTS", "this entry of the register is another member's")
        }
        Some("member_person") => {
            let rule = Violation::new("already-member", "you are a member of this organisation already");
            Error::refused("ALREADY_MEMBER", vec![rule])
        }
        _ => error.into(),
    }
}
