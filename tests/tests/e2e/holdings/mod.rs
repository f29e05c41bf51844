//! All that is held on a person, across the four services: everything that a story made, for whoever holds the record alone,
//! and nothing any more once the record was erased.

mod found;
mod records;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    audit::v1::access::Outcome,
    holdings::v1::{ExportHoldingsRequest, Holding, export_holdings_response::Answer, holding::Content},
    referral::v1::{
        CancelReferralRequest, CreatePartnerLinkRequest, GetReferralRequest, OpenFileRequest, PartnerLink, PatientHold,
        PlaceHoldRequest, Referral, cancel_referral_request, file_access, partner_link::Purpose, patient_hold,
    },
    results::v1::ListOrdersRequest,
    scheduling::v1::ListAppointmentsRequest,
};
use relais_tests::{
    Identity, Options, Session, Sessions, Suite,
    partnership::{self, Partners, organisation, practitioner},
    request_id, settled,
};
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
        Some(Content::Delivery(_)) => "delivery",
        Some(Content::Fact(_)) => "fact",
        Some(Content::UsageEntry(_)) => "usage entry",
        Some(Content::AppointmentVersion(_)) => "version",
        Some(Content::SlotHold(_)) => "slot hold",
        Some(Content::Report(_)) => "report",
        Some(Content::ReportRelease(_)) => "release",
        Some(Content::Attachment(_)) => "attachment",
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
    match export(session, patient).await {
        Ok(told) => (Code::Ok, format!("{told:?}")),
        Err(status) => (status.code(), status.message().replace(patient, "{patient}")),
    }
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
    let entry = practitioner(&partners.operator, &hospital).await?;
    let emergency = Identity::new("emergency", "clinician").of(&hospital).registered(&entry);
    let emergency = suite.session("referral", &emergency)?;
    emergency.break_glass().open_file(open).await?;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    Ok(sent)
}

fn admin(suite: &Suite, partners: &Partners) -> Result<Sessions> {
    suite.sessions(&Identity::new("admin", "admin").of(&partners.sender.organisation))
}

/// All of each thing, as its own service shows it to the desk.
async fn assert_whole(suite: &Suite, partners: &Partners, sent: &Referral, exports: &Exports) -> Result<()> {
    // Orders are shown to clinicians alone.
    let desk = suite.sessions(&partners.sender.clone().and("clinician"))?;
    let asked = ListAppointmentsRequest::default();
    let appointments = desk.scheduling.scheduling().list_appointments(asked).await?.into_inner().appointments;
    let orders = desk.results.results().list_orders(ListOrdersRequest::default()).await?.into_inner().orders;
    let first = GetReferralRequest { name: sent.name.clone() };
    let shown = desk.referral.referrals().get_referral(first).await?.into_inner().referral;
    let appointments = appointments.into_iter().map(|shown| ("scheduling", Content::Appointment(shown)));
    let orders = orders.into_iter().map(|shown| ("results", Content::Order(shown)));
    let referral = shown.map(|shown| ("referral", Content::ReferralSent(shown)));
    let shown: Vec<_> = appointments.chain(orders).chain(referral).collect();
    assert_eq!(shown.len(), 5);
    for (service, content) in shown {
        let told = exports[service].holdings.iter().any(|holding| holding.content.as_ref() == Some(&content));
        assert!(told, "{service}: {content:?}");
    }
    Ok(())
}

type Exports = BTreeMap<&'static str, Export>;

async fn export_all(admin: &Sessions, patient: &str) -> Result<Exports> {
    let mut exports = BTreeMap::new();
    for (service, session) in admin.all() {
        exports.insert(service, export(session, patient).await.with_context(|| service.to_string())?);
    }
    Ok(exports)
}

#[tokio::test]
async fn everything_a_story_made_is_in_the_export_of_the_four() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let sent = story(&suite, &partners).await?;
    let exports = export_all(&admin(&suite, &partners)?, partners.patient()).await?;
    let kinds = |service: &str| exports[service].kinds().into_iter().collect::<Vec<_>>();
    assert_eq!(
        kinds("referral"),
        [("fact", 1), ("file access", 1), ("hold", 1), ("link", 2), ("record", 1), ("referral", 2), ("transition", 3)]
    );
    // Proposed twice, given up once.
    assert_eq!(kinds("scheduling"), [("appointment", 2), ("version", 3)]);
    assert_eq!(kinds("results"), [("order", 2)]);
    // Two submitted, one cancelled, and the broken glass to both parties: in whoever's inbox.
    assert_eq!(kinds("notification"), [("message", 5)]);
    let inboxes = exports["notification"].holdings.iter().filter(|holding| holding.holder == partners.provider());
    assert_eq!(inboxes.count(), 4);
    for (service, told) in &exports {
        assert_eq!(told.records, [partners.patient()], "{service}");
        let own = |holding: &&Holding| !matches!(holding.content, Some(Content::Access(_)));
        for holding in told.holdings.iter().filter(own) {
            let whole = holding.patient == partners.patient() && holding.create_time.is_some();
            assert!(whole && !holding.name.is_empty(), "{service}: {holding:?}");
        }
    }
    assert_whole(&suite, &partners, &sent[0], &exports).await?;
    suite.stop().await
}

#[tokio::test]
async fn an_export_tells_who_saw_it_and_is_a_reading_of_each_thing() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    story(&suite, &partners).await?;
    let desk = suite.sessions(&partners.sender.clone().and("clinician"))?;
    desk.scheduling.scheduling().list_appointments(ListAppointmentsRequest::default()).await?;
    desk.results.results().list_orders(ListOrdersRequest::default()).await?;
    let admin = admin(&suite, &partners)?;
    export_all(&admin, partners.patient()).await?;
    let rows = "SELECT count(DISTINCT resource) FROM audit
                WHERE action LIKE '%/ExportHoldings' AND outcome = 'served' AND patient IS NOT NULL
                  AND resource NOT LIKE 'patients/%'";
    // Referral: two referrals; its links and the opened file name the referral alone.
    for (service, expected) in [("referral", 2), ("scheduling", 2), ("results", 2), ("notification", 5)] {
        assert_eq!(suite.count(service, rows).await?, expected, "{service}");
    }
    let links = "SELECT count(DISTINCT resource) FROM audit WHERE action LIKE '%/ExportHoldings'
                 AND (resource LIKE 'partnerLinks/%' OR resource LIKE 'fileAccesses/%') AND referral IS NOT NULL";
    assert_eq!(suite.count("referral", links).await?, 3);
    // The desk that looked, the clinician who broke the glass, and the export before this one.
    let exports = export_all(&admin, partners.patient()).await?;
    let read = |by: &str, rpc: &str| (by.to_string(), rpc.to_string(), Outcome::Served);
    let broken = ("emergency".to_string(), "OpenFile".to_string(), Outcome::Changed);
    for (service, access) in [
        ("referral", broken),
        ("scheduling", read("desk", "ListAppointments")),
        ("results", read("desk", "ListOrders")),
        ("referral", read("admin", "ExportHoldings")),
        ("scheduling", read("admin", "ExportHoldings")),
        ("results", read("admin", "ExportHoldings")),
        ("notification", read("admin", "ExportHoldings")),
    ] {
        assert!(exports[service].accesses().contains(&access), "{service}: {access:?}");
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
