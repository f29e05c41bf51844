//! An installation from nothing: its first administrator from the command line, people who join, sessions at all services.

use std::process::Output;

use anyhow::{Context, Result};
use relais_proto::{
    network::v1::{AcceptInvitationRequest, InviteMemberRequest, Member, StartSessionRequest, member::Role},
    notification::v1::ListMessagesRequest,
    operations::v1::GetClockRequest,
    results::v1::ListOrdersRequest,
    scheduling::v1::ListAppointmentsRequest,
};
use relais_tests::{Identity, Options, Session, Suite, partnership, request_id};
use tonic::{Code, Status};

const COMMAND: [&str; 5] = ["invite-administrator", "--organisation", "Médecins du Monde", "--country", "LU"];

async fn run(suite: &Suite, arguments: &[&str]) -> Result<Output> {
    Ok(suite.command("referral").args(arguments).output().await?)
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The one line that is a secret.
fn secret(output: &Output) -> Result<String> {
    let told = String::from_utf8_lossy(&output.stdout);
    let line = told.lines().find(|line| line.len() == 64 && line.bytes().all(|c| c.is_ascii_hexdigit()));
    Ok(line.with_context(|| said(output))?.into())
}

fn person(suite: &Suite, subject: &str) -> Result<Session> {
    suite.session("referral", &Identity::bare(subject))
}

async fn accept(person: &Session, secret: &str) -> Result<Member, Status> {
    let request = AcceptInvitationRequest { secret: secret.into(), request_id: request_id() };
    Ok(person.members().accept_invitation(request).await?.into_inner().member.unwrap_or_default())
}

async fn start(person: &Session) -> Result<String> {
    Ok(person.members().start_session(StartSessionRequest::default()).await?.into_inner().access_token)
}

#[tokio::test]
async fn an_installation_begins_with_its_first_administrator() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let help = said(&run(&suite, &["invite-administrator", "--help"]).await?);
    assert!(help.contains("AcceptInvitation") && help.contains("Examples:") && help.contains("--again"), "{help}");
    for (arguments, names) in [
        (vec!["invite-administrator"], "--organisation"),
        (vec!["invite-administrator", "--organisation", "A", "--country", "lu"], "--country"),
        (vec!["invite-administrator", "--organisation", "\u{202e}", "--country", "LU"], "--organisation"),
        (vec!["invite-administrator", "--again"], "no invitation is open"),
    ] {
        let output = run(&suite, &arguments).await?;
        assert!(!output.status.success() && said(&output).contains(names), "{}", said(&output));
    }
    // Of two at once, one begins.
    let (one, other) = tokio::try_join!(run(&suite, &COMMAND), run(&suite, &COMMAND))?;
    assert!(one.status.success() != other.status.success(), "{}{}", said(&one), said(&other));
    let (begun, refused) = if one.status.success() { (one, other) } else { (other, one) };
    assert!(said(&refused).contains("--again replaces an invitation that was lost"), "{}", said(&refused));
    let lost = secret(&begun)?;
    let again = run(&suite, &["invite-administrator", "--again"]).await?;
    let found = secret(&again)?;
    let alice = person(&suite, "alice")?;
    assert_eq!(accept(&alice, &lost).await.unwrap_err().code(), Code::PermissionDenied);
    let member = accept(&alice, &found).await?;
    assert_eq!((member.roles.as_slice(), member.subject.as_str()), ([Role::Admin as i32].as_slice(), "alice"));
    for arguments in [COMMAND.as_slice(), &["invite-administrator", "--again"]] {
        let output = run(&suite, arguments).await?;
        assert!(
            !output.status.success() && said(&output).contains("has an administrator already"),
            "{}",
            said(&output)
        );
    }
    // From here on everything is done through the public API.
    let organisation = member.name.split("/members/").next().unwrap_or_default();
    let admin = Session::new(suite.channel("referral")?, &start(&alice).await?)?;
    partnership::care_centre(&admin, organisation).await?;
    suite.stop().await
}

#[tokio::test]
async fn a_session_is_good_at_all_four_services() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let begun = run(&suite, &COMMAND).await?;
    let alice = person(&suite, "alice")?;
    let member = accept(&alice, &secret(&begun)?).await?;
    let parent = member.name.split("/members/").next().unwrap_or_default().to_string();
    let admin = Session::new(suite.channel("referral")?, &start(&alice).await?)?;
    let roles = vec![Role::Clinician.into()];
    let clinician = Member { display_name: "Bob".into(), roles, ..Member::default() };
    let request = InviteMemberRequest { parent, member: Some(clinician), request_id: request_id() };
    let invited = admin.members().invite_member(request).await?.into_inner();
    let bob = person(&suite, "bob")?;
    accept(&bob, &invited.secret).await?;
    let token = start(&bob).await?;
    let at = |service: &'static str| -> Result<Session> { Session::new(suite.channel(service)?, &token) };
    partnership::patient(&at("referral")?).await?;
    at("scheduling")?.scheduling().list_appointments(ListAppointmentsRequest::default()).await?;
    at("results")?.results().list_orders(ListOrdersRequest::default()).await?;
    at("notification")?.inbox().list_messages(ListMessagesRequest::default()).await?;
    // With the clinician's rights and no more.
    let refused = at("scheduling")?.operations().get_clock(GetClockRequest {}).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    // What the provider's own token opens without a session: nothing of any organisation.
    let bare = suite.session("results", &Identity::bare("bob"))?;
    let refused = bare.results().list_orders(ListOrdersRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    suite.stop().await
}
