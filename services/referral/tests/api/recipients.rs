//! Who receives a result now, and where people are reached: asked by other services, by themselves.

use anyhow::Result;
use chrono::Days;
use relais_proto::{
    convention::v1::{Prescribers, ResultRecipients, Terms, result_recipients::Kind},
    network::v1::{
        Contact, CreatePractitionerRequest, Identifier, Practitioner, SetContactRequest, registration::EndReason,
    },
    referral::v1::{
        MergePatientsRequest, PatientContacts, PatientIdentity, Recipient, Referral, ResolveContactRequest,
        ResolveContactResponse, ResolveRecipientsRequest, patient_merge, resolve_contact_request::Whom,
    },
};
use relais_tests::{Identity, Session, date, partnership, request_id, violations};
use tonic::{Code, Status};

use crate::{
    lifecycle::advance_to_evening,
    onboarding::leave,
    partners::Partners,
    registrations::{COLLEGE, end, get},
};

fn itself(partners: &Partners) -> Result<Session> {
    partners.world.session_with(&partners.world.running.context.key()?.itself("referral")?)
}

async fn recipients(by: &Session, referral: &str) -> Result<Vec<Recipient>, Status> {
    let request = ResolveRecipientsRequest { referral: referral.into() };
    Ok(by.recipients().resolve_recipients(request).await?.into_inner().recipients)
}

async fn contact(by: &Session, referral: &str, mailbox: Option<&str>) -> Result<ResolveContactResponse, Status> {
    let whom = if mailbox.is_some() { Whom::Mailbox } else { Whom::Patient };
    let (referral, mailbox) = (referral.into(), mailbox.unwrap_or_default().into());
    let request = ResolveContactRequest { referral, whom: whom.into(), mailbox };
    Ok(by.recipients().resolve_contact(request).await?.into_inner())
}

async fn set_contact(by: &Session, mailbox: &str, email: &str, language: &str) -> Result<(), Status> {
    let contact = Some(Contact { email: email.into(), language: language.into(), ..Contact::default() });
    let request = SetContactRequest { mailbox: mailbox.into(), contact, request_id: request_id() };
    by.network().set_contact(request).await.map(|_| ())
}

async fn doctor(partners: &Partners, number: &str) -> Result<String> {
    let registration = Some(Identifier { system: COLLEGE.into(), value: number.into() });
    let practitioner = Some(Practitioner { display_name: "Dr".into(), registration, ..Practitioner::default() });
    let request = CreatePractitionerRequest { parent: partners.mdm.clone(), practitioner, request_id: request_id() };
    let answer = partners.operator.network().create_practitioner(request).await?.into_inner();
    Ok(answer.practitioner.unwrap_or_default().name)
}

async fn submit(partners: &Partners, ask: Referral) -> Result<Referral> {
    let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    Ok(answer.referral.unwrap_or_default())
}

async fn agree(partners: &Partners, recipients: Option<ResultRecipients>) -> Result<String> {
    let prescribers = Some(Prescribers { required: false, register: COLLEGE.into() });
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, Terms { prescribers, recipients, ..terms }).await?;
    Ok(partnership::sign(&partners.coordinator, draft, partners.today).await?.name)
}

#[tokio::test]
async fn the_prescriber_receives_it_and_once_struck_off_whoever_stands_in() -> Result<()> {
    let partners = Partners::meet().await?;
    let service = itself(&partners)?;
    let convention = agree(&partners, None).await?;
    let [prescriber, away, stands_in] =
        [doctor(&partners, "1").await?, doctor(&partners, "2").await?, doctor(&partners, "3").await?];
    let ask = Referral { convention, prescriber: prescriber.clone(), ..partners.ask() };
    let sent = submit(&partners, ask).await?;
    let told = |practitioner: &str, substitute_for: &str| {
        let (organisation, unit) = (partners.mdm.clone(), partners.centre.clone());
        vec![Recipient { organisation, unit, practitioner: practitioner.into(), substitute_for: substitute_for.into() }]
    };
    assert_eq!(recipients(&service, &sent.name).await?, told(&prescriber, ""));

    // On leave: whom the leave names.
    let doctors = Identity::new("doctor", "clinician").of(&partners.mdm).registered(&prescriber);
    let doctors = partners.world.session(&doctors)?;
    let mut request = leave::request(&prescriber, (1, 2), &away);
    let given = request.leave.as_mut().unwrap();
    (given.start_date, given.end_date) =
        (Some(date(partners.today - Days::new(1))), Some(date(partners.today + Days::new(2))));
    leave::create(&doctors, request).await?;
    assert_eq!(recipients(&service, &sent.name).await?, told(&away, "on-leave"));

    // The substitute is struck off, too, and nobody stands in for the unit yet.
    let strike = async |name: &str| {
        let entry = get(&partners.operator, name).await?.registrations[0].name.clone();
        anyhow::Ok(end(&partners.operator, &entry, Some(date(partners.today)), EndReason::StruckOff).await?)
    };
    strike(&away).await?;
    assert_eq!(recipients(&service, &sent.name).await?, []);
    leave::set_substitute(&partners.coordinator, &partners.centre, &stands_in).await?;
    assert_eq!(recipients(&service, &sent.name).await?, told(&stands_in, "on-leave"));
    strike(&prescriber).await?;
    assert_eq!(recipients(&service, &sent.name).await?, told(&stands_in, "struck-off"));
    strike(&stands_in).await?;
    assert_eq!(recipients(&service, &sent.name).await?, []);
    let seen = "SELECT count(*) FROM audit WHERE action LIKE '%/ResolveRecipients' AND outcome = 'served'
                AND referral IS NOT NULL AND patient IS NOT NULL";
    assert_eq!(partners.world.count(seen).await?, 6);
    partners.world.end().await
}

/// On leave, and struck off, from a day on that has begun where the doctor is, and not yet by UTC.
#[tokio::test]
async fn who_receives_it_is_asked_by_the_clocks_of_the_place() -> Result<()> {
    let mut partners = Partners::meet().await?;
    partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let convention = agree(&partners, None).await?;
    let [prescriber, away, stands_in] =
        [doctor(&partners, "1").await?, doctor(&partners, "2").await?, doctor(&partners, "3").await?];
    leave::set_substitute(&partners.coordinator, &partners.centre, &stands_in).await?;
    let sent = submit(&partners, Referral { convention, prescriber: prescriber.clone(), ..partners.ask() }).await?;
    let tomorrow = advance_to_evening(&mut partners).await?;
    let service = itself(&partners)?;
    let receives = async || {
        let told = recipients(&service, &sent.name).await?;
        anyhow::Ok(told.into_iter().map(|told| (told.practitioner, told.substitute_for)).collect::<Vec<_>>())
    };
    assert_eq!(receives().await?, [(prescriber.clone(), String::new())]);
    let doctors = Identity::new("doctor", "clinician").of(&partners.mdm).registered(&prescriber);
    let mut request = leave::request(&prescriber, (1, 2), &away);
    let given = request.leave.as_mut().unwrap();
    (given.start_date, given.end_date) = (Some(date(tomorrow)), Some(date(tomorrow + Days::new(2))));
    let lasting = partners.today.and_time(chrono::NaiveTime::MIN).and_utc().timestamp() + 365 * 86_400;
    let own = partners.world.issuer().token_until(&doctors, lasting)?;
    leave::create(&partners.world.session_with(&own)?, request).await?;
    assert_eq!(receives().await?, [(away, "on-leave".to_string())]);
    let entry = get(&partners.operator, &prescriber).await?.registrations[0].name.clone();
    end(&partners.operator, &entry, Some(date(tomorrow)), EndReason::StruckOff).await?;
    assert_eq!(receives().await?[0].1, "struck-off");
    partners.world.end().await
}

#[tokio::test]
async fn a_convention_may_name_the_unit_whose_clinicians_receive_it() -> Result<()> {
    let partners = Partners::meet().await?;
    let medical = partnership::care_centre(&partners.operator, &partners.mdm).await?;
    let named = ResultRecipients { kind: Kind::UnitClinicians.into(), unit: medical.clone() };
    let convention = agree(&partners, Some(named)).await?;
    let sent = submit(&partners, Referral { convention, ..partners.ask() }).await?;
    let told = recipients(&itself(&partners)?, &sent.name).await?;
    let expected = Recipient { organisation: partners.mdm.clone(), unit: medical, ..Recipient::default() };
    assert_eq!(told, [expected]);
    // Where nobody prescribed, any clinician of the unit that sent it.
    let unsigned = submit(&partners, partners.ask()).await?;
    let told = recipients(&itself(&partners)?, &unsigned.name).await?;
    let (organisation, unit) = (partners.mdm.clone(), partners.centre.clone());
    assert_eq!(told, [Recipient { organisation, unit, ..Recipient::default() }]);
    partners.world.end().await
}

#[tokio::test]
async fn a_patient_is_reached_or_whoever_looks_after_the_patient() -> Result<()> {
    let partners = Partners::meet().await?;
    let service = itself(&partners)?;
    let born = partners.today - Days::new(12_000);
    let contacts = PatientContacts { phone: "+352621000111".into(), email: "a@example.org".into(), address: None };
    let identity = |contacts, language: &str| PatientIdentity {
        contacts,
        language: language.into(),
        ..partnership::identity("Tesfay", "Selam", born)
    };
    let reachable = partnership::patient_of(&partners.desk, identity(Some(contacts), "fr-LU")).await?.name;
    let silent = partnership::patient_of(&partners.desk, identity(None, "ti")).await?.name;
    let of = async |patient: &str| submit(&partners, Referral { patient: patient.into(), ..partners.ask() }).await;
    let (first, second, third) = (of(&reachable).await?, of(&silent).await?, of(&partners.patient).await?);
    let empty = ResolveContactResponse { language: "fr".into(), stands_in: true, ..Default::default() };
    assert_eq!(contact(&service, &second.name, None).await?, empty, "nobody said where the unit is reached");
    set_contact(&partners.operator, &partners.mdm, "mdm@example.org", "").await?;
    let admin = partners.world.session(&Identity::new("admin", "admin").of(&partners.mdm))?;
    let told = |email: &str, phone: &str, language: &str, stands_in| ResolveContactResponse {
        email: email.into(),
        phone: phone.into(),
        language: language.into(),
        stands_in,
    };
    assert_eq!(contact(&service, &first.name, None).await?, told("a@example.org", "+352621000111", "fr", false));
    assert_eq!(contact(&service, &second.name, None).await?, told("mdm@example.org", "", "fr", true));
    set_contact(&admin, &partners.centre, "esch@example.org", "en").await?;
    for referral in [&second, &third] {
        assert_eq!(contact(&service, &referral.name, None).await?, told("esch@example.org", "", "en", true));
    }
    // What is known since stands with the record that lives on.
    let (survivor, merged, reason) = (reachable, silent, patient_merge::Reason::PatientSays.into());
    let request = MergePatientsRequest { survivor, merged, reason, request_id: request_id() };
    partners.desk.patients().merge_patients(request).await?;
    assert_eq!(contact(&service, &second.name, None).await?, told("a@example.org", "+352621000111", "fr", false));

    assert_eq!(
        contact(&service, &first.name, Some(&partners.centre)).await?,
        told("esch@example.org", "", "en", false)
    );
    assert_eq!(contact(&service, &first.name, Some(&partners.mdm)).await?, told("mdm@example.org", "", "fr", false));
    assert_eq!(contact(&service, &first.name, Some(&partners.provider)).await?.email, "");
    let elsewhere = partnership::organisation(&partners.operator, "Elsewhere").await?;
    set_contact(&partners.operator, &elsewhere, "x@example.org", "en").await?;
    assert_eq!(contact(&service, &first.name, Some(&elsewhere)).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn only_a_service_asks_and_what_is_no_question_is_refused() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    for session in [&partners.desk, &partners.operator, &partners.coordinator] {
        assert_eq!(recipients(session, &sent.name).await.unwrap_err().code(), Code::PermissionDenied);
        assert_eq!(contact(session, &sent.name, None).await.unwrap_err().code(), Code::PermissionDenied);
    }
    let service = itself(&partners)?;
    let absent = format!("referrals/{}", uuid::Uuid::now_v7());
    assert_eq!(recipients(&service, &absent).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(contact(&service, &absent, None).await.unwrap_err().code(), Code::NotFound);
    let mut client = service.recipients();
    let refused = client.resolve_contact(ResolveContactRequest::default()).await.unwrap_err();
    assert_eq!(violations(&refused), ["referral", "whom"]);
    let refused = contact(&service, &sent.name, Some("mailbox")).await.unwrap_err();
    assert_eq!(violations(&refused), ["mailbox"]);
    partners.world.end().await
}

#[tokio::test]
async fn a_contact_is_checked_and_answers_as_it_was() -> Result<()> {
    let partners = Partners::meet().await?;
    for (email, language, field) in [
        ("nobody", "fr", "contact.email"),
        ("a b@example.org", "fr", "contact.email"),
        ("a@example.org\r\nBcc: x@example.org", "fr", "contact.email"),
        ("a\0@example.org", "fr", "contact.email"),
        ("a@example.org", "ar", "contact.language"),
    ] {
        let refused = set_contact(&partners.operator, &partners.mdm, email, language).await.unwrap_err();
        assert_eq!(
            (refused.code(), violations(&refused)),
            (Code::InvalidArgument, vec![field.to_string()]),
            "{email:?}"
        );
    }
    let stranger = partners.world.session(&Identity::new("admin", "admin").of(&partners.provider))?;
    let refused = set_contact(&stranger, &partners.centre, "a@example.org", "fr").await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let nowhere = format!("{}/units/{}", partners.mdm, uuid::Uuid::now_v7());
    let absent = set_contact(&partners.operator, &nowhere, "a@example.org", "fr").await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);

    let contact = Some(Contact { email: "a@example.org".into(), phone: "+352621000111".into(), language: "fr".into() });
    let request =
        SetContactRequest { mailbox: partners.centre.clone(), contact: contact.clone(), request_id: request_id() };
    let mut network = partners.operator.network();
    assert_eq!(network.set_contact(request.clone()).await?.into_inner().contact, contact);
    set_contact(&partners.operator, &partners.centre, "b@example.org", "en").await?;
    assert_eq!(network.set_contact(request).await?.into_inner().contact, contact, "as it was then");
    let unit = network.get_unit(relais_proto::network::v1::GetUnitRequest { name: partners.centre.clone() }).await?;
    assert_eq!(unit.into_inner().unit.unwrap_or_default().contact.unwrap_or_default().email, "b@example.org");
    partners.world.end().await
}
