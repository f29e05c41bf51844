//! What licenses practitioners, from when to when.

use anyhow::Result;
use relais_proto::{
    google::r#type::Date,
    network::v1::{
        AddRegistrationRequest, CreatePractitionerRequest, EndRegistrationRequest, GetPractitionerRequest, Identifier,
        Practitioner, Registration, registration::EndReason,
    },
};
use relais_tests::{Identity, Session, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use crate::partners::Partners;

pub const COLLEGE: &str = "urn:relais:lu:college-medical";

pub fn day(year: i32, month: i32, day: i32) -> Option<Date> {
    Some(Date { year, month, day })
}

pub fn entry(system: &str, value: &str, start_date: Option<Date>) -> Registration {
    let identifier = Some(Identifier { system: system.into(), value: value.into() });
    Registration { identifier, start_date, ..Registration::default() }
}

pub async fn add(by: &Session, parent: &str, registration: Registration) -> Result<Registration, Status> {
    let (parent, registration) = (parent.into(), Some(registration));
    let request = AddRegistrationRequest { parent, registration, request_id: request_id() };
    Ok(by.network().add_registration(request).await?.into_inner().registration.unwrap_or_default())
}

pub async fn end(by: &Session, name: &str, end_date: Option<Date>, reason: EndReason) -> Result<Registration, Status> {
    let (name, end_reason) = (name.into(), reason.into());
    let request = EndRegistrationRequest { name, end_date, end_reason, request_id: request_id(), ..Default::default() };
    Ok(by.network().end_registration(request).await?.into_inner().registration.unwrap_or_default())
}

pub async fn get(by: &Session, name: &str) -> Result<Practitioner> {
    let answer = by.network().get_practitioner(GetPractitionerRequest { name: name.into() }).await?;
    Ok(answer.into_inner().practitioner.unwrap_or_default())
}

#[tokio::test]
async fn registrations_follow_one_another_and_never_overlap() -> Result<()> {
    let partners = Partners::meet().await?;
    let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
    let admin = partners.world.session(&Identity::new("admin", "admin").of(&partners.mdm))?;
    let first = get(&admin, &doctor).await?.registrations;
    assert_eq!((first.len(), first[0].start_date, first[0].end_date), (1, None, None));

    // While the first stands, another of the register overlaps it, whenever it begins.
    let overlapping = add(&admin, &doctor, entry(COLLEGE, "M-2", day(2030, 1, 1))).await.unwrap_err();
    assert_eq!(overlapping.code(), Code::AlreadyExists);
    add(&admin, &doctor, entry("https://rpps.esante.gouv.fr", "10000000009", day(2020, 1, 1))).await?;

    let ended = end(&admin, &first[0].name, day(2026, 3, 1), EndReason::StruckOff).await?;
    assert_eq!((ended.end_date, ended.end_reason()), (day(2026, 3, 1), EndReason::StruckOff));
    let again = end(&admin, &first[0].name, day(2026, 4, 1), EndReason::Ended).await.unwrap_err();
    assert_eq!(rules(&again), ["registration-ended"]);
    assert!(add(&admin, &doctor, entry(COLLEGE, "M-2", day(2026, 2, 28))).await.is_err());
    let second = add(&admin, &doctor, entry(COLLEGE, "M-2", day(2026, 3, 1))).await?;
    let all = get(&admin, &doctor).await?.registrations;
    assert_eq!(all.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>()[..1], [first[0].name.as_str()]);
    assert_eq!((all.len(), &all[2]), (3, &second));
    partners.world.end().await
}

#[tokio::test]
async fn a_number_is_one_practitioners_at_a_time() -> Result<()> {
    let partners = Partners::meet().await?;
    let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
    let number = get(&partners.operator, &doctor).await?.registration.unwrap_or_default();
    let registration = Some(Identifier { system: COLLEGE.into(), value: "M-9".into() });
    let practitioner = Some(Practitioner { display_name: "Dr".into(), registration, ..Practitioner::default() });
    let request = CreatePractitionerRequest { parent: partners.mdm.clone(), practitioner, request_id: request_id() };
    let other = partners.operator.network().create_practitioner(request).await?.into_inner().practitioner.unwrap();
    end(&partners.operator, &other.registrations[0].name, day(2020, 1, 1), EndReason::Ended).await?;
    let taken = add(&partners.operator, &other.name, entry(COLLEGE, &number.value, day(2020, 1, 1))).await.unwrap_err();
    assert_eq!(taken.code(), Code::AlreadyExists);
    partners.world.end().await
}

#[tokio::test]
async fn the_same_request_again_answers_as_it_was() -> Result<()> {
    let partners = Partners::meet().await?;
    let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
    let registration = Some(entry("urn:relais:fr:ordre", "7", day(2020, 1, 1)));
    let request = AddRegistrationRequest { parent: doctor.clone(), registration, request_id: request_id() };
    let mut network = partners.operator.network();
    let added = network.add_registration(request.clone()).await?.into_inner();
    let name = added.registration.clone().unwrap_or_default().name;
    end(&partners.operator, &name, day(2021, 1, 1), EndReason::Ended).await?;
    assert_eq!(network.add_registration(request).await?.into_inner(), added);
    partners.world.end().await
}

#[tokio::test]
async fn who_administers_another_organisation_changes_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
    let name = get(&partners.operator, &doctor).await?.registrations[0].name.clone();
    let stranger = partners.world.session(&Identity::new("admin", "admin").of(&partners.provider))?;
    let added = add(&stranger, &doctor, entry("urn:relais:r", "1", None)).await.unwrap_err();
    let ended = end(&stranger, &name, day(2020, 1, 1), EndReason::Ended).await.unwrap_err();
    assert_eq!((added.code(), ended.code()), (Code::PermissionDenied, Code::PermissionDenied));
    // Of no organisation that has such a practitioner.
    let elsewhere = doctor.replace(&partners.mdm, &partners.provider);
    let absent = add(&partners.operator, &elsewhere, entry("urn:relais:r", "1", None)).await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);
    let elsewhere = name.replace(&partners.mdm, &partners.provider);
    let absent = end(&partners.operator, &elsewhere, day(2020, 1, 1), EndReason::Ended).await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn what_is_no_registration_is_told_by_field() -> Result<()> {
    let partners = Partners::meet().await?;
    let doctor = partnership::practitioner(&partners.operator, &partners.mdm).await?;
    let system = "registration.identifier.system";
    for (given, fields) in [
        (entry("http://loinc.org", "1", None), vec![system]),
        (entry("urn:relais:", "1", None), vec![system]),
        (entry("urn:relais:\0", "1", None), vec![system]),
        (entry("https://rpps.esante.gouv.fr", "10000000008", None), vec!["registration.identifier.value"]),
        (entry(COLLEGE, "", None), vec!["registration.identifier.value"]),
        (entry(COLLEGE, "1", day(1899, 12, 31)), vec!["registration.start_date"]),
        (entry(COLLEGE, "1", day(2201, 1, 1)), vec!["registration.start_date"]),
        (entry(COLLEGE, "1", day(2023, 2, 29)), vec!["registration.start_date"]),
        (Registration::default(), vec!["registration.identifier", system, system, "registration.identifier.value"]),
    ] {
        let refused = add(&partners.operator, &doctor, given.clone()).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{given:?}");
        let told = violations(&refused);
        assert!(told.iter().all(|field| fields.contains(&field.as_str())) && !told.is_empty(), "{given:?}: {told:?}");
    }
    let added = add(&partners.operator, &doctor, entry("urn:relais:r", "1", day(2020, 6, 1))).await?;
    for (date, reason, field) in [
        (day(2020, 6, 1), EndReason::Ended, "end_date"),
        (day(2020, 5, 1), EndReason::StruckOff, "end_date"),
        (day(1899, 1, 1), EndReason::Ended, "end_date"),
        (day(2020, 7, 1), EndReason::Unspecified, "end_reason"),
    ] {
        let refused = end(&partners.operator, &added.name, date, reason).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec![field.to_string()]));
    }
    assert_eq!(partners.world.count("SELECT count(*) FROM practitioner_registration").await?, 2);
    partners.world.end().await
}
