//! Members: people of an organisation.
//!
//! invited → active ⇄ suspended; any of them → left, which is the end. Each change is a version.

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::{
    calls::Role,
    error::{Error, Result, Violation},
    ids::{Child, MemberId, PractitionerId, UnitId},
    text_enum,
};

/// How long an invitation can be accepted.
pub const INVITATION: TimeDelta = TimeDelta::days(14);

text_enum! {
    /// Where a member stands.
    pub enum MemberState {
        /// Was invited, and has not accepted.
        Invited = "invited",
        /// May start sessions.
        Active = "active",
        /// May not, for now.
        Suspended = "suspended",
        /// Belongs to the organisation no longer, or never did.
        Left = "left",
    }
}

/// Whom an identity provider knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The provider.
    pub issuer: String,
    /// The person there.
    pub subject: String,
}

/// What an organisation's admin says of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The name people read.
    pub display_name: String,
    /// What the member may be.
    pub roles: Vec<Role>,
    /// The unit the member acts for.
    pub unit: Option<UnitId>,
    /// The member's own entry in the register.
    pub practitioner: Option<PractitionerId>,
}

text_enum! {
    /// What of a position is changed.
    pub enum PositionField {
        /// The name.
        DisplayName = "display_name",
        /// The roles.
        Roles = "roles",
        /// The unit.
        Unit = "unit",
        /// The entry in the register.
        Practitioner = "practitioner",
    }
}

impl PositionField {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::DisplayName, Self::Roles, Self::Unit, Self::Practitioner];
}

impl Position {
    /// With these fields of another.
    #[must_use]
    pub fn with(mut self, given: Self, fields: &[PositionField]) -> Self {
        for field in fields {
            match field {
                PositionField::DisplayName => self.display_name.clone_from(&given.display_name),
                PositionField::Roles => self.roles.clone_from(&given.roles),
                PositionField::Unit => self.unit = given.unit,
                PositionField::Practitioner => self.practitioner = given.practitioner,
            }
        }
        self
    }
}

/// A person within an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The organisation and the id.
    pub name: Child<MemberId>,
    /// Counts changes.
    pub version: i64,
    /// Where the member stands.
    pub state: MemberState,
    /// What the organisation says of the member.
    pub position: Position,
    /// Who the person is, once the invitation was accepted.
    pub login: Option<Login>,
    /// Until when the invitation can be accepted; of one who is invited.
    pub invitation_expires_at: Option<DateTime<Utc>>,
    /// When the member was invited.
    pub create_time: DateTime<Utc>,
    /// When the member last changed.
    pub update_time: DateTime<Utc>,
}

/// What an admin does with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// No session, for now.
    Suspend,
    /// Takes a suspension back.
    Restore,
    /// For good.
    Remove,
    /// Takes over fields of a position.
    Update(Position, Vec<PositionField>),
}

impl Member {
    /// Somebody who is invited.
    pub fn invite(name: Child<MemberId>, position: Position, now: DateTime<Utc>) -> Self {
        let (create_time, update_time) = (now, now);
        let invitation_expires_at = Some(now + INVITATION);
        let (version, state, login) = (1, MemberState::Invited, None);
        Self { name, version, state, position, login, invitation_expires_at, create_time, update_time }
    }

    /// Who was invited, once the person has accepted.
    #[must_use]
    pub fn accepted(self, login: Login, now: DateTime<Utc>) -> Self {
        let (login, invitation_expires_at) = (Some(login), None);
        let (version, state) = (self.version + 1, MemberState::Active);
        Self { version, state, login, invitation_expires_at, update_time: now, ..self }
    }

    /// The member after a change.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when the member does not stand where that can be done.
    pub fn after(&self, change: &Change, now: DateTime<Utc>) -> Result<Self> {
        use super::MemberState::{Active, Invited, Left, Suspended};
        let state = match (change, self.state) {
            (Change::Suspend, Active) => Suspended,
            (Change::Restore, Suspended) => Active,
            (Change::Remove, Invited | Active | Suspended) => Left,
            (Change::Update(..), state @ (Invited | Active | Suspended)) => state,
            (_, state) => return Err(stands(state)),
        };
        let position = match change {
            Change::Update(given, fields) => self.position.clone().with(given.clone(), fields),
            _ => self.position.clone(),
        };
        let invitation_expires_at = self.invitation_expires_at.filter(|_| state == Invited);
        let version = self.version + 1;
        Ok(Self { version, state, position, invitation_expires_at, update_time: now, ..self.clone() })
    }

    /// Whether the member may administer the organisation.
    pub fn is_active_admin(&self) -> bool {
        self.state == MemberState::Active && self.position.roles.contains(&Role::Admin)
    }

    /// Whether the invitation can be accepted at `now`, unless wrong secrets locked it.
    pub fn is_invited(&self, now: DateTime<Utc>) -> bool {
        self.invitation_expires_at.is_some_and(|end| now < end)
    }
}

/// Somebody stays who administers the organisation: `others` are its other active admins.
///
/// # Errors
/// FAILED_PRECONDITION when a change would leave none.
pub fn ensure_administered(before: &Member, after: &Member, others: i64) -> Result<()> {
    if !before.is_active_admin() || after.is_active_admin() || others > 0 {
        return Ok(());
    }
    let rule = "this is the organisation's last active admin: make another member one first";
    Err(Error::refused("LAST_ADMINISTRATOR", vec![Violation::new("last-administrator", rule)]))
}

fn stands(state: MemberState) -> Error {
    let rule = match state {
        MemberState::Invited => "the invitation was not accepted yet",
        MemberState::Active => "the member is active already",
        MemberState::Suspended => "the member is suspended already",
        MemberState::Left => "the member has left",
    };
    Error::refused("MEMBER_STATE", vec![Violation::new("member-state", rule)])
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::OrganisationId;

    use super::*;

    fn member(state: MemberState, roles: &[Role]) -> Member {
        let position = Position { display_name: "A".into(), roles: roles.into(), unit: None, practitioner: None };
        let name = Child::new(OrganisationId::draw(), MemberId::draw());
        Member { state, ..Member::invite(name, position, DateTime::UNIX_EPOCH) }
    }

    #[test]
    fn where_a_member_can_go() -> Result<()> {
        use super::MemberState::{Active, Invited, Left, Suspended};
        let now = DateTime::UNIX_EPOCH;
        let table = [
            (Change::Suspend, [None, Some(Suspended), None, None]),
            (Change::Restore, [None, None, Some(Active), None]),
            (Change::Remove, [Some(Left), Some(Left), Some(Left), None]),
        ];
        for (change, expected) in table {
            for (from, to) in [Invited, Active, Suspended, Left].into_iter().zip(expected) {
                let after = member(from, &[Role::Desk]).after(&change, now).ok();
                assert_eq!(after.as_ref().map(|member| member.state), to, "{change:?} of {from:?}");
                assert!(after.is_none_or(|member| member.version == 2));
            }
        }
        let given = Position { roles: vec![Role::Clinician], ..member(Active, &[]).position };
        let change = Change::Update(Position { display_name: "B".into(), ..given }, vec![PositionField::Roles]);
        let after = member(Active, &[Role::Desk]).after(&change, now)?;
        assert_eq!((after.position.display_name.as_str(), after.position.roles), ("A", vec![Role::Clinician]));
        Ok(())
    }

    #[test]
    fn the_last_admin_stays() {
        let (admin, desk) = (member(MemberState::Active, &[Role::Admin]), member(MemberState::Active, &[Role::Desk]));
        let suspended = member(MemberState::Suspended, &[Role::Admin]);
        for (before, after, others, good) in [
            (&admin, &desk, 0, false),
            (&admin, &suspended, 0, false),
            (&admin, &desk, 1, true),
            (&admin, &admin, 0, true),
            (&desk, &suspended, 0, true),
            (&suspended, &desk, 0, true),
        ] {
            assert_eq!(ensure_administered(before, after, others).is_ok(), good, "{before:?} {after:?} {others}");
        }
    }
}
