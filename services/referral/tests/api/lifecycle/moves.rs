//! The steps people take, who may take them, and what is told of them.

use anyhow::Result;
use relais_platform::{calls::Role, events::Event};
use relais_proto::{
    convention::v1::{Deadlines, terms::Acceptance},
    referral::v1::{
        GetAllowedActionsRequest, ListReferralsRequest, Referral, RequestInformationRequest,
        referral::{NextStep, State},
    },
};
use relais_tests::{Identity, Session, partnership, request_id, rules, violations};
use tonic::{Code, Status};

use super::*;

async fn allowed(session: &Session, name: &str) -> Result<Vec<String>> {
    let request = GetAllowedActionsRequest { name: name.into() };
    Ok(session.referrals().get_allowed_actions(request).await?.into_inner().actions)
}

async fn step(session: &Session, rpc: &str, name: &str) -> Result<Referral, Status> {
    match rpc {
        "AcceptReferral" => accept_referral(session, name).await,
        "RequestInformation" => request_information(session, name).await,
        "ProvideInformation" => provide_information(session, name).await,
        "WaitlistReferral" => waitlist_referral(session, name).await,
        "RejectReferral" => reject_referral(session, name).await,
        "RedirectReferral" => redirect_referral(session, name).await,
        "CancelReferral" => cancel_referral(session, name).await,
        "ConfirmCancellation" => confirm_cancellation(session, name).await,
        "DeclineCancellation" => decline_cancellation(session, name).await,
        "CompleteReferral" => complete_referral(session, name).await,
        "FailReferral" => fail_referral(session, name).await,
        "EnterInError" => enter_in_error(session, name).await,
        _ => undo_referral(session, name).await,
    }
}

const PROVIDERS: [&str; 9] = [
    "AcceptReferral",
    "RequestInformation",
    "WaitlistReferral",
    "RejectReferral",
    "RedirectReferral",
    "ConfirmCancellation",
    "DeclineCancellation",
    "CompleteReferral",
    "FailReferral",
];
const REFERRERS: [&str; 3] = ["ProvideInformation", "CancelReferral", "EnterInError"];

#[tokio::test]
async fn every_step_is_its_partys_alone_and_strangers_see_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let funder = partners.world.session(&Identity::new("f", Role::Funder.as_str()).of(&partners.provider))?;
    let absent = format!("referrals/{}", Uuid::now_v7());
    for (rpcs, other, who) in
        [(&PROVIDERS[..], &partners.desk, "provider"), (&REFERRERS[..], &partners.lab, "referrer")]
    {
        for rpc in rpcs {
            let refused = step(other, rpc, &sent.name).await.unwrap_err();
            let expected = (Code::PermissionDenied, format!("only the {who} may do this"));
            assert_eq!((refused.code(), refused.message().to_string()), expected, "{rpc}");
            let told = step(&partners.stranger, rpc, &sent.name).await.unwrap_err();
            let none = step(&partners.stranger, rpc, &absent).await.unwrap_err();
            assert_eq!((told.code(), none.code()), (Code::NotFound, Code::NotFound), "{rpc}");
            assert_eq!(told.message().replace(&sent.name, ""), none.message().replace(&absent, ""), "{rpc}");
            assert_eq!(step(&funder, rpc, &sent.name).await.unwrap_err().code(), Code::PermissionDenied, "{rpc}");
        }
    }
    assert_eq!(get(&partners.desk, &sent.name).await?, sent, "nothing happened");
    partners.world.end().await
}

#[tokio::test]
async fn a_referral_is_asked_about_put_off_and_accepted_and_each_step_is_told() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    assert_eq!((sent.owner.as_str(), sent.next_step()), (partners.provider.as_str(), NextStep::Decide));
    assert!(sent.due_time.is_some() && !sent.overdue);
    let asked = request_information(&partners.lab, &sent.name).await?;
    assert_eq!((asked.state(), asked.next_step()), (State::AwaitingInformation, NextStep::ProvideInformation));
    assert_eq!((asked.owner.as_str(), asked.etag.as_str()), (partners.mdm.as_str(), "2"));
    let answered = provide_information(&partners.desk, &sent.name).await?;
    assert_eq!((answered.state(), answered.owner.as_str()), (State::Submitted, partners.provider.as_str()));
    let waiting = waitlist_referral(&partners.lab, &sent.name).await?;
    assert_eq!((waiting.state(), waiting.reason.as_str()), (State::Waitlisted, "no-capacity"));
    let accepted = accept_referral(&partners.lab, &sent.name).await?;
    assert_eq!(
        (accepted.state(), accepted.next_step(), accepted.reason.as_str()),
        (State::Accepted, NextStep::Book, "")
    );
    let failed = fail_referral(&partners.lab, &sent.name).await?;
    assert_eq!((failed.state(), failed.owner.as_str(), failed.due_time), (State::Failed, "", None));

    let mut states = Vec::new();
    for version in 1..=6 {
        let (envelope, event) = partners.world.tap.next().await?;
        assert_eq!(envelope.version, version, "one version, one event");
        if let Event::ReferralMoved(moved) = event {
            assert_eq!((moved.number.as_str(), moved.parties.len()), (sent.number.as_str(), 2));
            assert_eq!(moved.owner.is_empty(), moved.due_time.is_none());
            states.push(format!("{}>{}", moved.previous, moved.state));
        }
    }
    let expected = [
        "submitted>awaiting-information",
        "awaiting-information>submitted",
        "submitted>waitlisted",
        "waitlisted>accepted",
        "accepted>failed",
    ];
    assert_eq!(states, expected);
    assert_eq!(partners.world.count("SELECT count(*) FROM timer").await?, 0, "nothing is due any more");
    partners.world.end().await
}

#[tokio::test]
async fn where_the_convention_accepts_what_it_admits_both_steps_are_one_transaction() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let mut terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    terms.acceptance = Acceptance::Automatic.into();
    terms.deadlines = Some(Deadlines { appointment_days: 30, ..Default::default() });
    let draft = partnership::draft(&partners.coordinator, terms).await?;
    let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
    let request = partners.request(Referral { convention, ..partners.ask() });
    let mut desk = partners.desk.referrals();
    let first = desk.submit_referral(request.clone()).await?.into_inner();
    assert_eq!(desk.submit_referral(request).await?.into_inner(), first, "the same request answers the same");
    let accepted = first.referral.unwrap_or_default();
    assert_eq!((accepted.state(), accepted.etag.as_str()), (State::Accepted, "2"));
    let seconds = |at: &Option<prost_types::Timestamp>| at.as_ref().map_or(0, |at| at.seconds);
    assert_eq!(seconds(&accepted.due_time) - seconds(&accepted.create_time), 30 * 86_400, "as the terms say");
    let (first, second) = (partners.world.tap.next().await?, partners.world.tap.next().await?);
    assert!(matches!(first.1, Event::ReferralSubmitted(_)) && first.0.version == 1);
    assert!(matches!(second.1, Event::ReferralMoved(moved) if moved.state == "accepted") && second.0.version == 2);
    let refused = undo_referral(&partners.lab, &accepted.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["nothing-to-undo"], "nobody took that step");
    partners.world.end().await
}

#[tokio::test]
async fn what_is_allowed_is_what_the_moves_allow() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let decide = ["AcceptReferral", "RequestInformation", "WaitlistReferral", "RejectReferral", "RedirectReferral"];
    assert_eq!(allowed(&partners.lab, &sent.name).await?, decide);
    assert_eq!(allowed(&partners.desk, &sent.name).await?, ["CancelReferral", "EnterInError"]);
    accept_referral(&partners.lab, &sent.name).await?;
    assert_eq!(allowed(&partners.lab, &sent.name).await?, ["WaitlistReferral", "FailReferral", "UndoReferral"]);
    assert_eq!(allowed(&partners.desk, &sent.name).await?, ["CancelReferral", "EnterInError"]);
    for rpc in PROVIDERS.iter().filter(|rpc| !["WaitlistReferral", "FailReferral"].contains(rpc)) {
        let refused = step(&partners.lab, rpc, &sent.name).await.unwrap_err();
        assert_eq!(
            (refused.code(), rules(&refused)),
            (Code::FailedPrecondition, vec!["move-not-possible".into()]),
            "{rpc}"
        );
    }
    enter_in_error(&partners.desk, &sent.name).await?;
    assert_eq!(allowed(&partners.lab, &sent.name).await?, Vec::<String>::new());
    let closed = accept_referral(&partners.lab, &sent.name).await.unwrap_err();
    assert_eq!(rules(&closed), ["referral-not-open"]);
    partners.world.end().await
}

#[tokio::test]
async fn what_is_no_request_is_named_by_its_fields() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let ask = |items: Vec<String>, note: String| {
        let request = RequestInformationRequest {
            name: sent.name.clone(),
            items,
            note,
            request_id: request_id(),
            ..Default::default()
        };
        let mut client = partners.lab.referrals();
        async move { client.request_information(request).await.map(|_| ()) }
    };
    for (items, note, field) in [
        (vec![], String::new(), "items"),
        (vec!["Not a code!".into()], String::new(), "items"),
        (vec!["x".repeat(64)], String::new(), "items"),
        (vec!["x".into(); 21], String::new(), "items"),
        (vec!["prescription".into()], "x".repeat(501), "note"),
        (vec!["prescription".into()], "\u{202e}".into(), "note"),
    ] {
        let refused = ask(items, note).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec![field.to_string()]));
    }
    let request = ListReferralsRequest { states: vec![99], ..Default::default() };
    assert_eq!(violations(&partners.lab.referrals().list_referrals(request).await.unwrap_err()), ["states"]);
    assert_eq!(get(&partners.desk, &sent.name).await?, sent, "nothing happened");
    partners.world.end().await
}

#[tokio::test]
async fn work_lists_show_whose_turn_it_is() -> Result<()> {
    let partners = Partners::meet().await?;
    let (asked, waiting) = (partners.submit().await?.name, partners.submit().await?.name);
    request_information(&partners.lab, &asked).await?;
    let list = |session: &Session, request: ListReferralsRequest| {
        let mut client = session.referrals();
        async move {
            let page = client.list_referrals(request).await?.into_inner();
            anyhow::Ok(page.referrals.into_iter().map(|referral| referral.name).collect::<Vec<_>>())
        }
    };
    let owned = || ListReferralsRequest { owned: true, ..Default::default() };
    assert_eq!(list(&partners.desk, owned()).await?, [asked.as_str()]);
    assert_eq!(list(&partners.lab, owned()).await?, [waiting.as_str()]);
    let states = vec![State::AwaitingInformation.into(), State::Accepted.into()];
    let request = ListReferralsRequest { states, ..Default::default() };
    assert_eq!(list(&partners.lab, request.clone()).await?, [asked.as_str()]);
    assert_eq!(list(&partners.lab, ListReferralsRequest { owned: true, ..request }).await?, Vec::<String>::new());
    let overdue = ListReferralsRequest { overdue: true, ..Default::default() };
    assert_eq!(list(&partners.lab, overdue).await?, Vec::<String>::new());
    let of_patient = ListReferralsRequest { patient: partners.patient.clone(), ..Default::default() };
    assert_eq!(list(&partners.desk, of_patient.clone()).await?, [waiting, asked]);
    assert_eq!(list(&partners.lab, of_patient).await?, Vec::<String>::new(), "the patient is the referrer's");
    partners.world.end().await
}
