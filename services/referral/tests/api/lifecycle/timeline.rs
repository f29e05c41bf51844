//! What became of a patient over years and providers, and finding a referral by its number.

use anyhow::Result;
use relais_proto::referral::v1::{
    GetTimelineRequest, ListTransitionsRequest, LookupReferralRequest, MergePatientsRequest, TimelineEntry,
    patient_merge, referral::State, referral_party::Capacity, timeline_entry::What,
};
use relais_tests::{Session, partnership, request_id, violations};
use tonic::{Code, Status};

use super::*;

async fn timeline(session: &Session, patient: &str, page_size: i32) -> Result<Vec<TimelineEntry>, Status> {
    let (mut entries, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = GetTimelineRequest { patient: patient.into(), page_size, page_token };
        let page = session.referrals().get_timeline(request).await?.into_inner();
        assert!(page.entries.len() <= usize::try_from(page_size).unwrap_or_default());
        entries.extend(page.entries);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(entries);
        }
    }
}

fn words(entry: &TimelineEntry) -> String {
    match &entry.what {
        Some(What::Transition(step)) => format!("{:?}", step.state()),
        Some(What::Appointment(fact)) => format!("appointment {}", fact.state),
        Some(What::Report(fact)) => format!("report {}", fact.status),
        None => String::new(),
    }
}

#[tokio::test]
async fn one_patient_many_referrals_over_years_one_timeline() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let first = partners.submit().await?;
    accept_referral(&partners.lab, &first.name).await?;
    let mut appointment = Appointment::of(&first);
    appointment.tell(&partners, "booked").await?;
    appointment.tell(&partners, "fulfilled").await?;
    until(&partners, &first.name, State::Attended).await?;
    let mut report = Report::of(&first);
    report.issue(&partners, "final").await?;
    report.acknowledge(&partners, 1).await?;
    until(&partners, &first.name, State::Completed).await?;

    advance(&mut partners, TimeDelta::days(500)).await?;
    // The same person under another record, found out later.
    let twin = partnership::patient(&partners.desk).await?;
    let ask = Referral { patient: twin.clone(), ..partners.ask() };
    let second = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    let second = second.referral.unwrap_or_default();
    assert_eq!(timeline(&partners.desk, &twin, 3).await?.len(), 1);
    let merge = MergePatientsRequest {
        survivor: partners.patient.clone(),
        merged: twin,
        reason: patient_merge::Reason::PatientSays.into(),
        request_id: request_id(),
    };
    partners.desk.patients().merge_patients(merge).await?;

    let entries = timeline(&partners.desk, &partners.patient, 3).await?;
    let mut told: Vec<_> = entries.iter().map(words).collect();
    assert_eq!((told.remove(0).as_str(), entries[0].number.as_str()), ("Submitted", second.number.as_str()));
    let steps: Vec<_> = told.iter().rev().filter(|word| !word.contains(' ')).cloned().collect();
    assert_eq!(steps, ["Submitted", "Accepted", "Scheduled", "Attended", "ResultsAvailable", "Completed"]);
    let facts: Vec<_> = told.iter().rev().filter(|word| word.contains(' ')).cloned().collect();
    assert_eq!(facts, ["appointment booked", "appointment fulfilled", "report final", "report acknowledged"]);
    let times: Vec<_> = entries.iter().map(|entry| entry.time.map(|at| (at.seconds, at.nanos))).collect();
    assert!(times.is_sorted_by(|later, earlier| later >= earlier), "the most recent first: {times:?}");
    assert_eq!(timeline(&partners.desk, &partners.patient, 200).await?, entries, "pages hold each once");

    for other in [&partners.lab, &partners.stranger] {
        // Their tokens end with the old time, but for the laboratory's.
        if let Err(refused) = timeline(other, &partners.patient, 9).await {
            assert!(matches!(refused.code(), Code::NotFound | Code::Unauthenticated), "{refused}");
        } else {
            panic!("the record is another's");
        }
    }
    partners.world.end().await
}

#[tokio::test]
async fn each_step_says_for_whom_and_shows_nobody_of_another_organisation() -> Result<()> {
    let partners = Partners::meet().await?;
    let name = partners.submit().await?.name;
    request_information(&partners.lab, &name).await?;
    let request = ListTransitionsRequest { parent: name.clone(), ..Default::default() };
    let steps = partners.desk.referrals().list_transitions(request.clone()).await?.into_inner().transitions;
    let [asked, sent] = &steps[..] else { panic!("{steps:?}") };
    assert_eq!((asked.organisation.as_str(), asked.capacity()), (partners.provider.as_str(), Capacity::Provider));
    assert_eq!(
        (asked.actor.as_str(), asked.previous(), asked.state()),
        ("", State::Submitted, State::AwaitingInformation)
    );
    assert_eq!((asked.items.as_slice(), asked.note.as_str()), (&["prescription".to_string()][..], "Page 2 is missing"));
    assert!(sent.actor.ends_with("|desk") && asked.due_time.is_some());
    let theirs = partners.lab.referrals().list_transitions(request.clone()).await?.into_inner().transitions;
    assert!(theirs[0].actor.ends_with("|lab") && theirs[1].actor.is_empty());
    let status = partners.stranger.referrals().list_transitions(request).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    let one = ListTransitionsRequest { parent: name.clone(), page_size: 1, ..Default::default() };
    let page = partners.desk.referrals().list_transitions(one).await?.into_inner();
    let next = ListTransitionsRequest { parent: name, page_size: 1, page_token: page.next_page_token };
    assert_eq!(partners.desk.referrals().list_transitions(next).await?.into_inner().transitions, steps[1..]);
    partners.world.end().await
}

#[tokio::test]
async fn a_referral_is_found_by_the_number_that_people_say() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let look = |session: &Session, number: &str| {
        let (mut client, request) = (session.referrals(), LookupReferralRequest { number: number.into() });
        async move { client.lookup_referral(request).await.map(|answer| answer.into_inner().referral) }
    };
    let spoken = sent.number.replace('-', " ").to_lowercase();
    for (session, number) in [(&partners.desk, &sent.number), (&partners.lab, &spoken)] {
        assert_eq!(look(session, number).await?, Some(sent.clone()));
    }
    // One character misread.
    let wrong: String = sent
        .number
        .chars()
        .rev()
        .enumerate()
        .map(|(i, c)| match (i, c) {
            (1, '7') => '8',
            (1, _) => '7',
            (_, c) => c,
        })
        .collect::<Vec<_>>()
        .into_iter()
        .rev()
        .collect();
    for number in [wrong.as_str(), "", "7K3M", &"7".repeat(1_000)] {
        let refused = look(&partners.desk, number).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec!["number".to_string()]));
    }
    let foreign = look(&partners.stranger, &sent.number).await.unwrap_err();
    let nobodys = relais_referral::domain::referral::Number::from_random(1).to_string();
    let absent = look(&partners.stranger, &nobodys).await.unwrap_err();
    assert_eq!((foreign.code(), absent.code()), (Code::NotFound, Code::NotFound));
    assert_eq!(foreign.message().replace(&sent.number, ""), absent.message().replace(&nobodys, ""));
    partners.world.end().await
}

#[tokio::test]
async fn what_people_said_beside_a_step_goes_with_the_patient() -> Result<()> {
    let partners = Partners::meet().await?;
    let name = partners.submit().await?.name;
    request_information(&partners.lab, &name).await?;
    reject_referral(&partners.lab, &name).await?;
    assert_eq!(partners.world.count("SELECT count(*) FROM referral_note").await?, 1);
    let request =
        relais_proto::referral::v1::ErasePatientRequest { name: partners.patient.clone(), request_id: request_id() };
    partners.coordinator.patients().erase_patient(request).await?;
    assert_eq!(partners.world.count("SELECT count(*) FROM referral_note").await?, 0);
    assert_eq!(partners.world.count("SELECT count(*) FROM referral_transition").await?, 3, "that it was stays");
    partners.world.end().await
}
