//! Requests of members.

use relais_platform::{
    Context, Result,
    calls::{Check, Role},
    ids::{Child, MemberId, OrganisationId, PractitionerId, ResourceId, UnitId},
    random,
};
use relais_proto::network::v1::{self, member::Role as Told};
use uuid::Uuid;

use super::{DISPLAY_NAME, etag, network::child};
use crate::{
    app::network::member::{
        AcceptInvitation, ChangeMember, GetMember, Invitation, InviteAdministrator, InviteMember, StartSession,
    },
    domain::network::{Change, Position, PositionField, Secret},
};

/// What suspending, restoring and removing ask alike.
pub(in crate::grpc) struct Asked<'a> {
    pub name: &'a str,
    pub etag: &'a str,
    pub request_id: &'a str,
}

pub(in crate::grpc) fn invite_administrator(
    request: &v1::InviteAdministratorRequest,
    context: &Context,
) -> Result<(Uuid, InviteAdministrator)> {
    let mut check = Check::default();
    let organisation = check.name("parent", &request.parent);
    let display_name = check.text("display_name", &request.display_name, DISPLAY_NAME);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let (invitation, again) = (draw(context)?, request.again);
    Ok((request_id, InviteAdministrator { organisation, display_name, again, invitation }))
}

pub(in crate::grpc) fn invite_member(
    request: &v1::InviteMemberRequest,
    context: &Context,
) -> Result<(Uuid, InviteMember)> {
    let mut check = Check::default();
    let organisation: OrganisationId = check.name("parent", &request.parent);
    let given = check.required("member", request.member.clone());
    let position = position(&mut check, organisation, &given, &PositionField::ALL);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, InviteMember { organisation, position, invitation: draw(context)? }))
}

pub(in crate::grpc) fn accept_invitation(
    request: &v1::AcceptInvitationRequest,
    context: &Context,
) -> Result<(Uuid, AcceptInvitation)> {
    let mut check = Check::default();
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, AcceptInvitation(kept(context, Secret::given(&request.secret)))))
}

pub(in crate::grpc) fn get_member(request: &v1::GetMemberRequest) -> Result<GetMember> {
    child(&request.name).map(GetMember)
}

pub(in crate::grpc) fn update_member(request: &v1::UpdateMemberRequest) -> Result<(Uuid, ChangeMember)> {
    let mut check = Check::default();
    let given = check.required("member", request.member.clone());
    let name: Child<MemberId> = check.child("member.name", &given.name);
    let paths = request.update_mask.as_ref().map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let fields = fields(&mut check, paths);
    let position = position(&mut check, name.organisation, &given, &fields);
    let seen = etag(&mut check, &given.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    Ok((request_id, ChangeMember { name, change: Change::Update(position, fields), seen }))
}

pub(in crate::grpc) fn change_member(asked: &Asked<'_>, change: Change) -> Result<(Uuid, ChangeMember)> {
    let mut check = Check::default();
    let name = check.child("name", asked.name);
    let seen = etag(&mut check, asked.etag);
    let request_id = check.request_id(asked.request_id);
    check.finish().map(|()| (request_id, ChangeMember { name, change, seen }))
}

pub(in crate::grpc) fn start_session(request: &v1::StartSessionRequest) -> Result<StartSession> {
    let mut check = Check::default();
    let named = !request.organisation.is_empty();
    let organisation = named.then(|| check.name("organisation", &request.organisation));
    check.finish().map(|()| StartSession { organisation })
}

/// What is given of a position; fields that are not asked for may be anything.
fn position(check: &mut Check, of: OrganisationId, given: &v1::Member, fields: &[PositionField]) -> Position {
    let asked = |field: PositionField| fields.contains(&field);
    let display_name = match asked(PositionField::DisplayName) {
        true => check.text("member.display_name", &given.display_name, DISPLAY_NAME),
        false => String::new(),
    };
    let roles = if asked(PositionField::Roles) { roles(check, &given.roles) } else { Vec::new() };
    let unit = if asked(PositionField::Unit) { given.unit.as_str() } else { "" };
    let unit: Option<UnitId> = under(check, of, "member.unit", unit);
    let practitioner = if asked(PositionField::Practitioner) { given.practitioner.as_str() } else { "" };
    let practitioner: Option<PractitionerId> = under(check, of, "member.practitioner", practitioner);
    Position { display_name, roles, unit, practitioner }
}

fn under<T: ResourceId>(check: &mut Check, of: OrganisationId, field: &str, name: &str) -> Option<T> {
    let child: Child<T> = check.optional_child(field, name)?;
    check.ensure(field, child.organisation == of, "must be of the member's organisation");
    Some(child.id)
}

fn roles(check: &mut Check, given: &[i32]) -> Vec<Role> {
    let mut roles = Vec::new();
    for told in given.iter().take(Told::Admin as usize + 1) {
        let role = match check.choice("member.roles", *told) {
            Told::Coordinator => Role::Coordinator,
            Told::Desk => Role::Desk,
            Told::Clinician => Role::Clinician,
            Told::Referent => Role::Referent,
            Told::Visiting => Role::Visiting,
            Told::Researcher => Role::Researcher,
            Told::Funder => Role::Funder,
            Told::Admin => Role::Admin,
            // It has been refused by the check.
            Told::Unspecified => continue,
        };
        check.ensure("member.roles", !roles.contains(&role), "must name each role once");
        roles.push(role);
    }
    check.ensure("member.roles", !given.is_empty(), "must not be empty");
    roles
}

fn fields(check: &mut Check, paths: &[String]) -> Vec<PositionField> {
    if paths.is_empty() {
        return PositionField::ALL.to_vec();
    }
    let found: Vec<_> = paths.iter().filter_map(|path| PositionField::parse(path)).collect();
    check.ensure("update_mask", found.len() == paths.len(), "must name display_name, roles, unit or practitioner");
    found
}

fn draw(context: &Context) -> Result<Invitation> {
    Ok(kept(context, Secret::new(MemberId::draw(), [random::bits()?, random::bits()?])))
}

fn kept(context: &Context, secret: Secret) -> Invitation {
    Invitation { hash: context.hash(&secret.material()), secret }
}
