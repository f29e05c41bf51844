//! People are found by sound, script, day and number, in the own organisation alone.

use anyhow::Result;
use chrono::Days;
use relais_proto::referral::v1::{
    ListDuplicatesRequest, PatientIdentifier, PatientIdentity, SearchPatientsRequest, patient_duplicate::Reason,
    patient_match::reason::Kind,
};
use relais_tests::{Identity, date, partnership, violations};

use super::{MATRICULE, NIR, born, enter, named, names_found, search};
use crate::partners::Partners;

#[tokio::test]
async fn a_name_is_found_however_it_is_written_and_the_best_comes_first() -> Result<()> {
    let partners = Partners::meet().await?;
    let desk = &partners.desk;
    let arabic = enter(desk, "بن علي", "محمد").await?.name;
    let french = enter(desk, "Ben Ali", "Mohamed").await?.name;
    let nguyen = enter(desk, "Nguyễn", "Văn An").await?.name;
    let gonzales = enter(desk, "Gonçalves", "João").await?.name;
    enter(desk, "Ben Ali", "Amina").await?;

    let found = search(desk, "Muhammad BIN ALI").await?;
    assert_eq!(found.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [&french, &arabic]);
    assert_eq!(found[0].1, [Kind::SoundsAlike, Kind::SameWord]);
    assert_eq!(found[1].1, [Kind::OtherScript, Kind::OtherScript]);
    assert_eq!(names_found(desk, "محمد بن علي").await?, [arabic, french]);
    assert_eq!(names_found(desk, "An Nguyen").await?, [nguyen]);
    assert_eq!(names_found(desk, "joao goncalves").await?, [gonzales]);
    assert!(names_found(desk, "Silva").await?.is_empty());
    partners.world.end().await
}

#[tokio::test]
async fn day_and_number_narrow_and_every_answer_is_noted() -> Result<()> {
    let partners = Partners::meet().await?;
    let desk = &partners.desk;
    let number = PatientIdentifier { system: NIR.into(), value: MATRICULE.into() };
    let numbered = PatientIdentity { identifiers: vec![number.clone()], ..named("Weber", "Anne") };
    let numbered = partnership::patient_of(desk, numbered).await?.name;
    let later = partnership::identity("Weber", "Anne", born() + Days::new(1));
    partnership::patient_of(desk, later).await?;
    let ask = |query: &str, on: bool, by: bool| SearchPatientsRequest {
        query: query.into(),
        birth_date: on.then(|| date(born())),
        identifier: by.then(|| number.clone()),
        ..SearchPatientsRequest::default()
    };
    let audited = "SELECT count(*) FROM audit WHERE action LIKE '%SearchPatients'";
    assert_eq!(partners.world.count(audited).await?, 0);
    for (request, expected) in [
        (ask("Weber", false, false), 2),
        (ask("Weber", true, false), 1),
        (ask("", true, false), 1),
        (ask("", false, true), 1),
        (ask("Somebody", false, true), 1),
        (ask("Somebody", true, false), 0),
    ] {
        let found = desk.patients().search_patients(request.clone()).await?.into_inner().matches;
        assert_eq!(found.len(), expected, "{request:?}");
        assert!(expected != 1 || found[0].patient.as_ref().unwrap().name == numbered);
    }
    assert_eq!(partners.world.count(audited).await?, 6, "a row for each that was answered");
    partners.world.end().await
}

#[tokio::test]
async fn pages_are_read_to_the_end_by_their_own_tokens() -> Result<()> {
    let partners = Partners::meet().await?;
    for given in ["Anne", "Marie", "Paul", "Luc", "Jean"] {
        enter(&partners.desk, "Schmit", given).await?;
    }
    let mut request =
        SearchPatientsRequest { query: "Schmitt".into(), page_size: 2, ..SearchPatientsRequest::default() };
    let (mut seen, mut client) = (Vec::new(), partners.desk.patients());
    loop {
        let page = client.search_patients(request.clone()).await?.into_inner();
        seen.extend(page.matches.into_iter().map(|found| found.patient.unwrap().name));
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(seen.iter().collect::<std::collections::BTreeSet<_>>().len(), 5);
    assert_eq!(seen.len(), 5);
    // A token goes with its question and its caller.
    let other = SearchPatientsRequest { query: "Weber".into(), ..request.clone() };
    assert_eq!(violations(&client.search_patients(other).await.unwrap_err()), ["page_token"]);
    let foreign = partners.coordinator.patients().search_patients(request).await.unwrap_err();
    assert_eq!(violations(&foreign), ["page_token"]);
    partners.world.end().await
}

#[tokio::test]
async fn another_organisation_finds_nobody_and_hashes_otherwise() -> Result<()> {
    let partners = Partners::meet().await?;
    let number = PatientIdentifier { system: NIR.into(), value: MATRICULE.into() };
    let identity = PatientIdentity { identifiers: vec![number], ..named("Lefèvre", "Hélène") };
    partnership::patient_of(&partners.desk, identity.clone()).await?;
    assert!(names_found(&partners.lab, "Lefevre").await?.is_empty());
    partnership::patient_of(&partners.lab, identity).await?;
    assert_eq!(names_found(&partners.lab, "Lefevre").await?.len(), 1);
    let shared = "SELECT count(*) FROM patient_token a JOIN patient_token b USING (token)
                  WHERE a.organisation_id <> b.organisation_id";
    assert_eq!(partners.world.count(shared).await?, 0, "the same person has other tokens elsewhere");
    let each = "SELECT count(DISTINCT organisation_id) FROM patient_token WHERE kind = 'identifier'";
    assert_eq!(partners.world.count(each).await?, 2);
    partners.world.end().await
}

#[tokio::test]
async fn who_may_be_entered_twice_is_proposed_with_the_reason() -> Result<()> {
    let partners = Partners::meet().await?;
    let desk = &partners.desk;
    let first = enter(desk, "Lefèvre", "Hélène").await?.name;
    let second = enter(desk, "LEFEBVRE", "Helene").await?.name;
    partnership::patient_of(desk, partnership::identity("Lefèvre", "Hélène", born() + Days::new(1))).await?;
    enter(desk, "Lefort", "Hélène").await?;
    let all = ListDuplicatesRequest::default();
    let pairs = desk.patients().list_duplicates(all.clone()).await?.into_inner().duplicates;
    assert_eq!(pairs.len(), 1);
    assert_eq!((&pairs[0].patient, &pairs[0].other), (&second, &first));
    assert_eq!(pairs[0].reasons().collect::<Vec<_>>(), [Reason::NameAndBirthDate]);
    let of_first = ListDuplicatesRequest { patient: first, ..ListDuplicatesRequest::default() };
    assert_eq!(desk.patients().list_duplicates(of_first).await?.into_inner().duplicates, pairs);
    let stranger = partners.world.session(&Identity::new("x", "desk").of(&partners.provider))?;
    assert!(stranger.patients().list_duplicates(all).await?.into_inner().duplicates.is_empty());
    partners.world.end().await
}
