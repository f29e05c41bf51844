//! Which procedure a referral is a step of, who pays for it, and since when it is done.

use relais_proto::{
    convention::v1::{Party, Service, Terms, party::Role, service::Bearer},
    referral::v1::{ListReferralsRequest, Procedure},
};
use relais_tests::{partnership, violations};
use tonic::Code;

use super::*;

#[tokio::test]
async fn a_step_is_done_since_the_patient_was_seen_and_no_more_when_that_was_wrong() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    accept_referral(&partners.lab, &sent.name).await?;
    let mut appointment = Appointment::of(&sent);
    appointment.tell(&partners, "booked").await?;
    assert_eq!(until(&partners, &sent.name, State::Scheduled).await?.step_done_time, None);
    appointment.tell(&partners, "arrived").await?;
    let seen = until(&partners, &sent.name, State::Attended).await?;
    assert_eq!((seen.step_done_time.is_some(), seen.step_done_time), (true, seen.update_time));
    // That the patient came was wrong.
    appointment.tell(&partners, "noshow").await?;
    assert_eq!(until(&partners, &sent.name, State::NoShow).await?.step_done_time, None);
    let mut again = Appointment::of(&sent);
    again.tell(&partners, "booked").await?;
    until(&partners, &sent.name, State::Scheduled).await?;
    again.tell(&partners, "arrived").await?;
    let seen = until(&partners, &sent.name, State::Attended).await?;
    // What comes after it is not what the desk waits for.
    let completed = complete_referral(&partners.lab, &sent.name).await?;
    assert_eq!((completed.state(), completed.step_done_time), (State::Completed, seen.step_done_time));
    let listed = partners.desk.referrals().list_referrals(ListReferralsRequest::default()).await?.into_inner();
    assert_eq!(listed.referrals, [get(&partners.desk, &sent.name).await?]);
    assert_eq!(listed.referrals[0].step_done_time, seen.step_done_time);
    partners.world.end().await
}

#[tokio::test]
async fn a_referral_names_its_procedure_and_who_pays() -> Result<()> {
    let partners = Partners::meet().await?;
    let payer = partnership::organisation(&partners.operator, "Who pays").await?;
    let mut terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    terms.parties.push(Party { organisation: payer.clone(), role: Role::Funder.into() });
    let procedure = Some(Procedure {
        code: "asylum".into(),
        file_system: "urn:relais:ofii:file".into(),
        file_number: "2026-A-117".into(),
    });
    for (bearer, funder) in [
        (Bearer::Funder, payer.as_str()),
        (Bearer::Grant, payer.as_str()),
        (Bearer::Patient, ""),
        (Bearer::ProviderInKind, ""),
    ] {
        let borne = |service: Service| Service { bearer: bearer.into(), ..service };
        let services = terms.services.iter().cloned().map(borne).collect();
        let draft = partnership::draft(&partners.coordinator, Terms { services, ..terms.clone() }).await?;
        let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
        let ask = Referral { convention, procedure: procedure.clone(), ..partners.ask() };
        let request = partners.request(ask);
        let mut desk = partners.desk.referrals();
        let sent = desk.submit_referral(request.clone()).await?.into_inner().referral.context("no referral")?;
        assert_eq!((sent.funder.as_str(), sent.bearer(), &sent.procedure), (funder, bearer, &procedure));
        // Read again, and answered again, it is the same.
        let again = desk.submit_referral(request).await?.into_inner().referral;
        assert_eq!((again, get(&partners.lab, &sent.name).await?), (Some(sent.clone()), sent));
    }
    // Where nobody pays, and it is a step of nothing.
    let plain = partners.submit().await?;
    assert_eq!((plain.funder.as_str(), plain.bearer(), plain.procedure), ("", Bearer::ProviderInKind, None));
    partners.world.end().await
}

#[tokio::test]
async fn what_is_no_procedure_is_told_by_field() -> Result<()> {
    let partners = Partners::meet().await?;
    for (code, file_system, file_number, field) in [
        ("", "", "", "code"),
        ("Asylum", "", "", "code"),
        ("asylum", "urn:oid:1.2.3", "1", "file_system"),
        ("asylum", "urn:relais:", "1", "file_system"),
        ("asylum", "urn:relais:ofii", "", "file_number"),
        ("asylum", "", "1", "file_number"),
        ("asylum", "urn:relais:ofii", "\u{202e}1", "file_number"),
    ] {
        let (code, file_system, file_number) = (code.into(), file_system.into(), file_number.into());
        let procedure = Some(Procedure { code, file_system, file_number });
        let request = partners.request(Referral { procedure, ..partners.ask() });
        let refused = partners.desk.referrals().submit_referral(request).await.unwrap_err();
        let told = (refused.code(), violations(&refused));
        assert_eq!(told, (Code::InvalidArgument, vec![format!("referral.procedure.{field}")]));
    }
    partners.world.end().await
}
