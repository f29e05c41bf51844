//! Members.

mod write;

pub use write::{insert_member, lock_administration, lock_first_administrator, open_invitation, save_member};

use chrono::{DateTime, Utc};
use relais_platform::{
    Error, Result,
    calls::{PageRequest, Role},
    database::Unit,
    ids::{Child, MemberId, OrganisationId},
};
use sqlx_otel::QueryAnnotateExt;
use uuid::Uuid;

use crate::domain::network::{Login, Member, MemberState, Position};

/// More memberships of one person are not looked at.
const MEMBERSHIPS: i64 = 50;

struct Row {
    id: Uuid,
    organisation_id: Uuid,
    version: i64,
    state: String,
    display_name: String,
    roles: Vec<String>,
    unit_id: Option<Uuid>,
    practitioner_id: Option<Uuid>,
    issuer: Option<String>,
    subject: Option<String>,
    invitation_expires_at: Option<DateTime<Utc>>,
    create_time: DateTime<Utc>,
    update_time: DateTime<Utc>,
}

impl TryFrom<Row> for Member {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let position = Position {
            display_name: row.display_name,
            roles: row.roles.iter().map(|role| Role::stored(role)).collect::<Result<_>>()?,
            unit: row.unit_id.map(Into::into),
            practitioner: row.practitioner_id.map(Into::into),
        };
        Ok(Self {
            name: Child::new(row.organisation_id.into(), row.id.into()),
            version: row.version,
            state: MemberState::stored(&row.state)?,
            position,
            login: row.issuer.zip(row.subject).map(|(issuer, subject)| Login { issuer, subject }),
            invitation_expires_at: row.invitation_expires_at,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}

/// Gets a member of the caller's organisation; others are absent.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_member(unit: &mut Unit<'_>, name: Child<MemberId>) -> Result<Member> {
    let own = unit.caller()?.acting_organisation()?;
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, version, state, display_name, roles, unit_id, practitioner_id, issuer, subject,
                invitation_expires_at, create_time, update_time
         FROM member WHERE id = $1 AND organisation_id = $2",
        name.id.0,
        own.0,
    );
    let row = query.with_operation("SELECT", "member").fetch_optional(unit.sql()).await?;
    let found = row.map(Member::try_from).transpose()?;
    found.filter(|member| member.name == name).ok_or_else(|| Error::not_found(name))
}

/// Lists the members of an organisation, the most recent first.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn list_members(
    unit: &mut Unit<'_>,
    organisation: OrganisationId,
    page: &PageRequest,
) -> Result<Vec<Member>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, version, state, display_name, roles, unit_id, practitioner_id, issuer, subject,
                invitation_expires_at, create_time, update_time
         FROM member WHERE organisation_id = $1 AND (create_time, id) < ($2, $3)
         ORDER BY create_time DESC, id DESC LIMIT $4",
        organisation.0,
        page.after.time,
        page.after.id,
        page.limit(),
    );
    let rows = query.with_operation("SELECT", "member").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Member::try_from).collect()
}

/// The active memberships of a person: of one organisation, or of all.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn memberships(
    unit: &mut Unit<'_>,
    login: &Login,
    organisation: Option<OrganisationId>,
) -> Result<Vec<Member>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, version, state, display_name, roles, unit_id, practitioner_id, issuer, subject,
                invitation_expires_at, create_time, update_time
         FROM member
         WHERE issuer = $1 AND subject = $2 AND state = 'active' AND ($3::uuid IS NULL OR organisation_id = $3)
         ORDER BY organisation_id LIMIT $4",
        login.issuer,
        login.subject,
        organisation.map(|id| id.0),
        MEMBERSHIPS,
    );
    let rows = query.with_operation("SELECT", "member").fetch_all(unit.sql()).await?;
    rows.into_iter().map(Member::try_from).collect()
}

/// An admin who has not left, of an organisation or of any: one who accepted before one who is invited.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_admin(unit: &mut Unit<'_>, organisation: Option<OrganisationId>) -> Result<Option<Member>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT id, organisation_id, version, state, display_name, roles, unit_id, practitioner_id, issuer, subject,
                invitation_expires_at, create_time, update_time
         FROM member
         WHERE 'admin' = ANY (roles) AND state <> 'left' AND ($1::uuid IS NULL OR organisation_id = $1)
         ORDER BY state = 'invited', create_time DESC, id DESC LIMIT 1",
        organisation.map(|id| id.0),
    );
    let row = query.with_operation("SELECT", "member").fetch_optional(unit.sql()).await?;
    row.map(Member::try_from).transpose()
}

/// Whom somebody invited, and who has not accepted: the most recent one.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn find_invited_by(unit: &mut Unit<'_>, actor: &str) -> Result<Option<Member>> {
    let query = sqlx::query_as!(
        Row,
        "SELECT m.id, m.organisation_id, m.version, m.state, m.display_name, m.roles, m.unit_id, m.practitioner_id, m.issuer,
                m.subject, m.invitation_expires_at, m.create_time, m.update_time
         FROM member m JOIN member_version v ON v.member_id = m.id AND v.version = 1
         WHERE m.state = 'invited' AND v.actor = $1
         ORDER BY m.create_time DESC, m.id DESC LIMIT 1",
        actor,
    );
    let row = query.with_operation("SELECT", "member").fetch_optional(unit.sql()).await?;
    row.map(Member::try_from).transpose()
}

/// How many active admins an organisation has besides a member.
///
/// # Errors
/// UNAVAILABLE when the database is.
pub async fn count_other_admins(unit: &mut Unit<'_>, member: Child<MemberId>) -> Result<i64> {
    let query = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM member
           WHERE organisation_id = $1 AND id <> $2 AND state = 'active' AND 'admin' = ANY (roles)"#,
        member.organisation.0,
        member.id.0,
    );
    Ok(query.with_operation("SELECT", "member").fetch_one(unit.sql()).await?)
}

/// A member as it was in a version.
///
/// # Errors
/// NOT_FOUND.
pub async fn get_member_version(unit: &mut Unit<'_>, id: MemberId, version: i64) -> Result<Member> {
    let query = sqlx::query_as!(
        Row,
        "SELECT m.id, v.organisation_id, v.version, v.state, v.display_name, v.roles, v.unit_id, v.practitioner_id, v.issuer,
                v.subject, v.invitation_expires_at, m.create_time, v.at AS update_time
         FROM member m JOIN member_version v ON v.member_id = m.id WHERE m.id = $1 AND v.version = $2",
        id.0,
        version,
    );
    let row = query.with_operation("SELECT", "member_version").fetch_optional(unit.sql()).await?;
    row.ok_or_else(|| Error::not_found(id))?.try_into()
}
