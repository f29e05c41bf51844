//! Commands of the program that no other service has: `invite-administrator`, by which an installation begins.

use anyhow::anyhow;
use clap::{Arg, ArgAction, ArgMatches, Command};
use relais_platform::{
    Context, Error,
    calls::{Call, Check},
    ids::{MemberId, OrganisationId},
    random,
};

use crate::{
    app::network::{
        CreateOrganisation,
        member::{Invitation, InviteFirst},
    },
    domain::network::Secret,
};

const NAME: &str = "invite-administrator";
const HELP: &str = "An installation begins with this: the first organisation is entered into the directory, and a secret is printed, \
once. Hand it to the person, who signs in at the identity provider (auth.issuer) and accepts with that token:

  relais.network.v1.MemberService/AcceptInvitation  {\"secret\": \"…\", \"request_id\": \"a UUID\"}
  relais.network.v1.MemberService/StartSession      {}

The session's token is good for 15 minutes at all services. With it an admin enters units (NetworkService/CreateUnit) and \
invites others (MemberService/InviteMember). Sessions need auth.service_key_file here and auth.services_jwks_file everywhere.

Examples:
  relais-referral invite-administrator --organisation 'Médecins du Monde' --country LU
  relais-referral invite-administrator --again";

/// The command line of `invite-administrator`.
pub(crate) fn invite_administrator() -> Command {
    let text = |name: &'static str, value: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name(value).help(help)
    };
    Command::new(NAME)
        .about("Enter the first organisation and invite its administrator: the secret is printed once")
        .after_help(HELP)
        .arg(
            text("organisation", "NAME", "The organisation's name, as people read it").required_unless_present("again"),
        )
        .arg(text("country", "CC", "Its country: two capital letters (ISO 3166-1)").required_unless_present("again"))
        .arg(text("person", "NAME", "The administrator's name").default_value("First administrator"))
        .arg(
            Arg::new("again")
                .long("again")
                .action(ArgAction::SetTrue)
                .conflicts_with_all(["organisation", "country"])
                .help("Replace the invitation that is open, because its secret was lost or has expired"),
        )
}

/// Invites the first administrator: what is printed.
pub(crate) async fn run_invite_administrator(context: &Context, arguments: &ArgMatches) -> anyhow::Result<String> {
    let (create, display_name) = parse(arguments).map_err(told)?;
    let secret = Secret::new(MemberId::draw(), [random::bits().map_err(told)?, random::bits().map_err(told)?]);
    let invitation = Invitation { hash: context.hash(&secret.material()), secret };
    let invite = InviteFirst { create, display_name, invitation };
    let (organisation, invited) = context.read(Call::typed(NAME), invite).await.map_err(told)?;
    let secret = invited.secret.map(|secret| secret.told()).unwrap_or_default();
    let until = invited.member.invitation_expires_at.unwrap_or_default().format("%Y-%m-%d %H:%M UTC");
    Ok(format!(
        "{} ({}) has its first administrator invited as {}.\nThe secret opens once, until {until}; it is not kept:\n\n{secret}\n",
        organisation.display_name, organisation.id, invited.member.name,
    ))
}

fn parse(arguments: &ArgMatches) -> relais_platform::Result<(Option<CreateOrganisation>, String)> {
    let given = |name: &str| arguments.get_one::<String>(name).map(String::as_str).unwrap_or_default();
    let mut check = Check::default();
    let person = check.text("--person", given("person"), 200);
    let create = (!arguments.get_flag("again")).then(|| {
        let country_code = given("country").to_string();
        let capitals = country_code.len() == 2 && country_code.bytes().all(|b| b.is_ascii_uppercase());
        check.ensure("--country", capitals, "must be two capital letters (ISO 3166-1)");
        let display_name = check.text("--organisation", given("organisation"), 200);
        CreateOrganisation { id: OrganisationId::draw(), display_name, country_code, identifiers: Vec::new() }
    });
    check.finish().map(|()| (create, person))
}

/// For whoever typed it, with what went wrong inside: it is their installation.
fn told(error: Error) -> anyhow::Error {
    anyhow!("{error}")
}
