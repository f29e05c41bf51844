//! All that is held on a person, across the four services: everything that a story made, for whoever holds the record alone,
//! and nothing any more once the record was erased.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    audit::v1::{ListAccessesRequest, access::Outcome},
    holdings::v1::{ExportHoldingsRequest, Holding, export_holdings_response::Answer, holding::Content},
    operations::v1::RebuildProjectionRequest,
    referral::v1::{
        CancelReferralRequest, CreatePartnerLinkRequest, DismissDuplicateRequest, ErasePatientRequest,
        GetReferralRequest, MergePatientsRequest, OpenFileRequest, PartnerLink, PatientHold, PlaceHoldRequest,
        Referral, SubmitReferralRequest, cancel_referral_request, duplicate_dismissal, file_access,
        partner_link::Purpose, patient_hold, patient_merge,
    },
    results::v1::ListOrdersRequest,
    scheduling::v1::ListAppointmentsRequest,
};
use relais_tests::{
    Identity, Options, Session, Sessions, Suite,
    partnership::{self, Partners, organisation},
    request_id, settled,
};
use sqlx::Executor;
use tonic::{Code, Status};

/// What a service exports.
#[derive(Debug)]
struct Export {
    records: Vec<String>,
    holdings: Vec<Holding>,
}

impl Export {
    /// How many of each kind.
    fn kinds(&self) -> BTreeMap<&'static str, usize> {
        let mut kinds = BTreeMap::new();
        for holding in self.holdings.iter().filter(|holding| !matches!(holding.content, Some(Content::Access(_)))) {
            *kinds.entry(kind(holding)).or_default() += 1;
        }
        kinds
    }

    /// Who had access by which RPC, and how it ended.
    fn accesses(&self) -> Vec<(String, String, Outcome)> {
        let accesses = self.holdings.iter().filter_map(|holding| match &holding.content {
            Some(Content::Access(access)) => Some(access),
            _ => None,
        });
        let last = |text: &str, sign: char| text.rsplit(sign).next().unwrap_or_default().to_string();
        accesses.map(|access| (last(&access.subject, '|'), last(&access.rpc, '/'), access.outcome())).collect()
    }
}

fn kind(holding: &Holding) -> &'static str {
    match holding.content {
        Some(Content::PatientRecord(_)) => "record",
        Some(Content::ReferralSent(_)) => "referral",
        Some(Content::Transition(_)) => "transition",
        Some(Content::Hold(_)) => "hold",
        Some(Content::Merge(_)) => "merge",
        Some(Content::Duplicate(_)) => "duplicate",
        Some(Content::Dismissal(_)) => "dismissal",
        Some(Content::PartnerLink(_)) => "link",
        Some(Content::FileAccess(_)) => "file access",
        Some(Content::Appointment(_)) => "appointment",
        Some(Content::Order(_)) => "order",
        Some(Content::Message(_)) => "message",
        Some(Content::Access(_)) => "access",
        None => "nothing",
    }
}

async fn export(session: &Session, patient: &str) -> Result<Export, Status> {
    let request = ExportHoldingsRequest { patient: patient.into() };
    let mut stream = session.holdings().export_holdings(request).await?.into_inner();
    let (mut records, mut holdings, mut end) = (Vec::new(), Vec::new(), None);
    while let Some(told) = stream.message().await? {
        assert!(end.is_none(), "nothing follows the end");
        match told.answer {
            Some(Answer::Records(told)) => records = told.patients,
            Some(Answer::Holding(holding)) => holdings.push(holding),
            Some(Answer::End(told)) => end = Some(told.holding_count),
            None => {}
        }
    }
    assert_eq!(end, Some(holdings.len() as i64), "an export says where it ends");
    Ok(Export { records, holdings })
}

async fn refusal(session: &Session, patient: &str) -> (Code, String) {
    let status = export(session, patient).await.expect_err("an export that should be refused");
    (status.code(), status.message().replace(patient, "{patient}"))
}

async fn link(session: &Session, referral: &str) -> Result<()> {
    let expire_time = Some(time_to_proto(machine_now() + chrono::TimeDelta::days(1)));
    let (referral, purpose) = (referral.into(), Purpose::FollowUp.into());
    let partner_link = Some(PartnerLink { referral, purpose, expire_time, ..PartnerLink::default() });
    session.links().create_partner_link(CreatePartnerLinkRequest { partner_link, request_id: request_id() }).await?;
    Ok(())
}

async fn cancel(desk: &Session, name: &str) -> Result<()> {
    let reason = cancel_referral_request::Reason::PatientDeclined.into();
    let request = CancelReferralRequest { name: name.into(), reason, request_id: request_id(), ..Default::default() };
    desk.referrals().cancel_referral(request).await?;
    Ok(())
}

/// A hold, two referrals of which one is cancelled, a link of each party, and a broken glass.
async fn story(suite: &Suite, partners: &Partners) -> Result<[Referral; 2]> {
    let coordinator = Identity::new("head", "coordinator").of(&partners.sender.organisation);
    let hold = PatientHold { reason: patient_hold::Reason::PatientWish.into(), ..PatientHold::default() };
    let request = PlaceHoldRequest { parent: partners.patient().into(), hold: Some(hold), request_id: request_id() };
    suite.session("referral", &coordinator)?.patients().place_hold(request).await?;
    let sent = [partners.submit(partners.request()).await?, partners.submit(partners.request()).await?];
    cancel(&partners.desk, &sent[1].name).await?;
    link(&partners.desk, &sent[0].name).await?;
    link(&suite.session("referral", &Identity::new("lab", "desk").of(partners.provider()))?, &sent[0].name).await?;
    let hospital = organisation(&partners.operator, "Hospital").await?;
    let open = OpenFileRequest {
        name: sent[0].name.clone(),
        reason: file_access::Reason::EmergencyTreatment.into(),
        statement: "Unconscious in the emergency room".into(),
        request_id: request_id(),
        ..Default::default()
    };
    let emergency = suite.session("referral", &Identity::new("emergency", "clinician").of(&hospital))?;
    emergency.break_glass().open_file(open).await?;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    Ok(sent)
}

fn admin(suite: &Suite, partners: &Partners) -> Result<Sessions> {
    suite.sessions(&Identity::new("admin", "admin").of(&partners.sender.organisation))
}

#[tokio::test]
async fn everything_a_story_made_is_in_the_export_of_the_four() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let sent = story(&suite, &partners).await?;
    let desk = suite.sessions(&partners.sender)?;
    let asked = ListAppointmentsRequest::default();
    let appointments = desk.scheduling.scheduling().list_appointments(asked).await?.into_inner().appointments;
    let orders = desk.results.results().list_orders(ListOrdersRequest::default()).await?.into_inner().orders;
    let first = GetReferralRequest { name: sent[0].name.clone() };
    let shown = desk.referral.referrals().get_referral(first).await?.into_inner().referral;
    let admin = admin(&suite, &partners)?;
    let mut exports = BTreeMap::new();
    for (service, session) in admin.all() {
        exports.insert(service, export(session, partners.patient()).await.with_context(|| service.to_string())?);
    }
    let kinds = |service: &str| exports[service].kinds().into_iter().collect::<Vec<_>>();
    assert_eq!(
        kinds("referral"),
        [("file access", 1), ("hold", 1), ("link", 2), ("record", 1), ("referral", 2), ("transition", 3)]
    );
    assert_eq!(kinds("scheduling"), [("appointment", 2)]);
    assert_eq!(kinds("results"), [("order", 2)]);
    // Two submitted, one cancelled, and the broken glass to both parties: in whoever's inbox.
    assert_eq!(kinds("notification"), [("message", 5)]);
    for (service, told) in &exports {
        assert_eq!(told.records, [partners.patient()], "{service}");
        let own = |holding: &&Holding| !matches!(holding.content, Some(Content::Access(_)));
        for holding in told.holdings.iter().filter(own) {
            let whole = holding.patient == partners.patient() && holding.create_time.is_some();
            assert!(whole && !holding.name.is_empty(), "{service}: {holding:?}");
        }
    }
    // All of each thing, as its own service shows it.
    let content = |service: &str| exports[service].holdings.iter().filter_map(|holding| holding.content.clone());
    for appointment in appointments {
        assert!(content("scheduling").any(|told| told == Content::Appointment(appointment.clone())), "{appointment:?}");
    }
    for order in orders {
        assert!(content("results").any(|told| told == Content::Order(order.clone())), "{order:?}");
    }
    let shown = Content::ReferralSent(shown.context("no referral")?);
    assert!(content("referral").any(|told| told == shown));
    let inboxes = exports["notification"].holdings.iter().filter(|holding| holding.holder == partners.provider());
    assert_eq!(inboxes.count(), 4);

    // Who saw it: the desk that looked, the clinician who broke the glass, and this reading, each thing of it.
    let read = |rpc: &str, by: &str| (by.to_string(), rpc.to_string(), Outcome::Served);
    assert!(exports["scheduling"].accesses().contains(&read("ListAppointments", "desk")));
    assert!(exports["results"].accesses().contains(&read("ListOrders", "desk")));
    assert!(exports["referral"].accesses().contains(&read("GetReferral", "desk")));
    let opened = ("emergency".to_string(), "OpenFile".to_string(), Outcome::Changed);
    assert!(exports["referral"].accesses().contains(&opened));
    for (service, sql, expected) in [
        ("referral", "SELECT count(DISTINCT resource) FROM audit WHERE action LIKE '%/ExportHoldings'", 6),
        (
            "scheduling",
            "SELECT count(*) FROM audit WHERE action LIKE '%/ExportHoldings' AND resource LIKE 'appointments/%'",
            2,
        ),
        ("results", "SELECT count(*) FROM audit WHERE action LIKE '%/ExportHoldings' AND resource LIKE 'orders/%'", 2),
        (
            "notification",
            "SELECT count(*) FROM audit WHERE action LIKE '%/ExportHoldings' AND resource LIKE 'messages/%'",
            5,
        ),
    ] {
        // The record, two referrals, two links, a file access.
        assert_eq!(suite.count(service, sql).await?, expected, "{service}");
        let own =
            export(&admin.all().iter().find(|(name, _)| *name == service).context("a service")?.1, partners.patient());
        let own = own.await?.accesses();
        assert!(own.contains(&read("ExportHoldings", "admin")), "{service}: {own:?}");
    }
    suite.stop().await
}

#[tokio::test]
async fn to_all_but_the_holder_an_export_is_of_nobody() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    story(&suite, &partners).await?;
    let unknown = format!("patients/{}", uuid::Uuid::now_v7());
    let elsewhere = organisation(&partners.operator, "Elsewhere").await?;
    for role in ["admin", "coordinator"] {
        for organisation in [partners.provider(), elsewhere.as_str()] {
            for (service, session) in suite.sessions(&Identity::new("stranger", role).of(organisation))?.all() {
                let foreign = refusal(session, partners.patient()).await;
                assert_eq!(foreign, (Code::NotFound, "{patient} was not found".into()), "{service}");
                assert_eq!(foreign, refusal(session, &unknown).await, "{service}");
            }
        }
    }
    for (service, desk) in suite.sessions(&partners.sender)?.all() {
        assert_eq!(refusal(desk, partners.patient()).await.0, Code::PermissionDenied, "{service}");
        assert_eq!(refusal(desk, "patients/x").await.0, Code::PermissionDenied, "{service}");
    }
    for (service, session) in admin(&suite, &partners)?.all() {
        assert_eq!(refusal(session, "referrals/x").await.0, Code::InvalidArgument, "{service}");
        let told = export(session, partners.patient()).await?.accesses();
        let refused = told.iter().filter(|(who, rpc, outcome)| {
            (who.as_str(), rpc.as_str(), *outcome) == ("stranger", "ExportHoldings", Outcome::Refused)
        });
        assert_eq!(refused.count(), 4, "{service}: who tried is told to the holder");
    }
    suite.stop().await
}

#[tokio::test]
async fn a_unit_that_does_not_see_all_exports_nothing() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let organisation = &partners.sender.organisation;
    let own = partnership::care_centre(&partners.operator, organisation).await?;
    let other = partnership::care_centre(&partners.operator, organisation).await?;
    let desk = suite.session("referral", &Identity::new("desk", "desk").of(organisation).at(&own))?;
    desk.referrals().submit_referral(partners.request()).await?;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    for (unit, let_in) in [(&own, true), (&other, false)] {
        for (service, session) in suite.sessions(&Identity::new("c", "coordinator").of(organisation).at(unit))?.all() {
            let exported = export(session, partners.patient()).await;
            match exported {
                Ok(_) => assert!(let_in, "{service}"),
                Err(status) => assert_eq!((status.code(), let_in), (Code::PermissionDenied, false), "{service}"),
            }
        }
    }
    suite.stop().await
}

#[tokio::test]
async fn after_a_merge_the_survivor_names_the_records_to_ask_for() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let coordinator = suite.sessions(&Identity::new("head", "coordinator").of(&partners.sender.organisation))?;
    let born = NaiveDate::from_ymd_opt(1985, 5, 9).context("a day")?;
    let enter = async |given: &str| {
        let named = partnership::identity("Weber", given, born);
        anyhow::Ok(partnership::patient_of(&partners.desk, named).await?.name)
    };
    let (survivor, merged, twin) = (enter("Anne").await?, enter("Anna").await?, enter("Anne").await?);
    let request = SubmitReferralRequest {
        referral: partners.request().referral.map(|asked| Referral { patient: merged.clone(), ..asked }),
        request_id: request_id(),
    };
    partners.desk.referrals().submit_referral(request).await?;
    let dismiss = DismissDuplicateRequest {
        patient: survivor.clone(),
        other: twin.clone(),
        reason: duplicate_dismissal::Reason::RelatedPersons.into(),
        request_id: request_id(),
    };
    coordinator.referral.patients().dismiss_duplicate(dismiss).await?;
    let merge = MergePatientsRequest {
        survivor: survivor.clone(),
        merged: merged.clone(),
        reason: patient_merge::Reason::SeenDocument.into(),
        request_id: request_id(),
    };
    coordinator.referral.patients().merge_patients(merge).await?;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    let whole = export(&coordinator.referral, &survivor).await?;
    assert_eq!(whole.records, [survivor.clone(), merged.clone()]);
    let expected =
        [("dismissal", 1), ("duplicate", 1), ("merge", 1), ("record", 2), ("referral", 1), ("transition", 1)];
    assert_eq!(whole.kinds().into_iter().collect::<Vec<_>>(), expected);
    for (service, session) in coordinator.all().into_iter().skip(1) {
        assert_eq!(
            refusal(session, &survivor).await.0,
            Code::NotFound,
            "{service} holds nothing on the survivor itself"
        );
        let told = export(session, &merged).await.with_context(|| service.to_string())?;
        assert_eq!(told.kinds().values().sum::<usize>(), 1, "{service}");
    }
    suite.stop().await
}

#[tokio::test]
async fn an_erased_record_is_exported_by_nobody_also_after_a_rebuild() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let (sent, kept) = (partners.submit(partners.request()).await?, partnership::patient(&partners.desk).await?);
    let other = partners.request().referral.map(|asked| Referral { patient: kept.clone(), ..asked });
    let other = SubmitReferralRequest { referral: other, request_id: request_id() };
    partners.desk.referrals().submit_referral(other).await?;
    cancel(&partners.desk, &sent.name).await?;
    settled(&operator).await?;
    let admin = admin(&suite, &partners)?;
    // As rows of before the column: found again by a rebuild.
    for (service, forgotten) in [
        ("scheduling", "UPDATE appointment SET patient_id = NULL"),
        ("results", "UPDATE service_order SET patient_id = NULL"),
        ("notification", "DELETE FROM referral_sender"),
    ] {
        suite.owner(service).await?.execute(forgotten).await?;
    }
    for (service, session) in admin.all().into_iter().skip(1) {
        assert_eq!(refusal(session, partners.patient()).await.0, Code::NotFound, "{service}");
    }
    rebuild(&operator).await?;
    for (service, session) in admin.all() {
        export(session, partners.patient()).await.with_context(|| service.to_string())?;
    }

    let erase = ErasePatientRequest { name: partners.patient().into(), request_id: request_id() };
    admin.referral.patients().erase_patient(erase).await?;
    settled(&operator).await?;
    for again in [false, true] {
        if again {
            rebuild(&operator).await?;
        }
        for (service, session) in admin.all() {
            let absent = (Code::NotFound, "{patient} was not found".to_string());
            assert_eq!(refusal(session, partners.patient()).await, absent, "{service}");
            let asked = ListAccessesRequest { patient: partners.patient().into(), ..Default::default() };
            let refused = session.audits().list_accesses(asked).await.unwrap_err();
            assert_eq!(refused.code(), Code::NotFound, "{service}");
            export(session, &kept).await.with_context(|| format!("{service}: another's"))?;
        }
    }
    // What happened is still there, and nobody's.
    assert_eq!(suite.count("scheduling", "SELECT count(*) FROM appointment WHERE patient_id IS NULL").await?, 1);
    suite.stop().await
}

async fn rebuild(operator: &Sessions) -> Result<()> {
    for (_, session) in operator.all().into_iter().skip(1) {
        let request = RebuildProjectionRequest { aggregate_kind: "relais.referral.referral".into() };
        let mut progress = session.operations().rebuild_projection(request).await?.into_inner();
        while progress.message().await?.is_some() {}
    }
    Ok(())
}
