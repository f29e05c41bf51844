//! A report that does not fit its order is kept, and attached to nothing.

use anyhow::Result;
use relais_platform::{
    events::Event,
    ids::{OrderId, PatientId},
};
use relais_proto::results::v1::{
    CreateReportRequest, DiscardQuarantinedReportRequest, ListQuarantinedReportsRequest, QuarantinedReport,
    ReleaseQuarantinedReportRequest,
    observation::Interpretation,
    order::State as OrderState,
    quarantined_report::Reason,
    report::{State, Status},
};
use relais_tests::{Identity, Session, Told, request_id, rules};
use tonic::Code;

use crate::stage::{GLUCOSE, Stage, is_issued, number, open};

async fn aside(session: &Session) -> Result<Vec<QuarantinedReport>, tonic::Status> {
    let request = ListQuarantinedReportsRequest::default();
    Ok(session.reports().list_quarantined_reports(request).await?.into_inner().reports)
}

fn value() -> Vec<relais_proto::results::v1::Observation> {
    vec![number(GLUCOSE, "90", Interpretation::Normal)]
}

#[tokio::test]
async fn what_fits_no_order_is_put_aside_for_its_desk_alone() -> Result<()> {
    let mut stage = Stage::with(&[GLUCOSE]).await?;
    let fits = |accession: &str| stage.report(accession, Status::Final, value());
    let stranger = PatientId::draw().to_string();
    let cases = [
        (CreateReportRequest { patient: stranger, ..fits("A1") }, Reason::WrongPatient, "wrong-patient"),
        (CreateReportRequest { referral_number: "X".into(), ..fits("A2") }, Reason::WrongPatient, "wrong-patient"),
        (
            CreateReportRequest { order: OrderId::draw().to_string(), ..fits("A3") },
            Reason::UnknownOrder,
            "unknown-order",
        ),
    ];
    for (request, reason, code) in cases {
        let report = stage.create(request.clone()).await?;
        assert_eq!((report.state(), report.order.as_str(), report.referral.as_str()), (State::Quarantined, "", ""));
        // The same request again answers the same.
        assert_eq!(stage.create(request).await?, report);
        let told = loop {
            if let (envelope, Event::ReportQuarantined(told)) = stage.world.tap.next().await? {
                assert_eq!(envelope.version, 1);
                break told;
            }
        };
        assert_eq!((told.reason.as_str(), &told.report), (code, &report.name));
        for who in [stage.doctor.clone(), stage.lab(), stage.told.overseer()] {
            assert_eq!(stage.get(&who, &report.name).await.unwrap_err().code(), Code::NotFound);
            assert_eq!(stage.list(&who).await?, []);
        }
        let desk = stage.session(&stage.told.receiver())?;
        assert_eq!(aside(&desk).await?[0].reason(), reason);
    }
    assert_eq!(aside(&stage.session(&stage.doctor)?).await?, []);
    assert_eq!(stage.order().await?.state(), OrderState::Active);
    assert_eq!(stage.world.count("SELECT count(*) FROM release_due").await?, 0);
    stage.world.end().await
}

#[tokio::test]
async fn it_is_brought_to_its_order_or_given_up() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let desk = stage.session(&stage.told.receiver())?;
    let wrong = |accession: &str| CreateReportRequest {
        patient: PatientId::draw().to_string(),
        ..stage.report(accession, Status::Final, value())
    };
    let report = stage.create(wrong("A1")).await?;
    let right = ReleaseQuarantinedReportRequest {
        name: report.name.clone(),
        order: stage.order.clone(),
        referral_number: stage.told.number.clone(),
        patient: stage.patient.clone(),
        request_id: request_id(),
    };
    let still_wrong = ReleaseQuarantinedReportRequest { patient: PatientId::draw().to_string(), ..right.clone() };
    let status = desk.reports().release_quarantined_report(still_wrong).await.unwrap_err();
    assert_eq!((status.code(), rules(&status)), (Code::FailedPrecondition, vec!["wrong-patient".to_string()]));
    let other = stage.session(&Identity::new("desk", "desk").of(&stage.told.referrer.to_string()))?;
    let status = other.reports().release_quarantined_report(right.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);

    let right = ReleaseQuarantinedReportRequest { request_id: request_id(), ..right };
    let brought = desk.reports().release_quarantined_report(right.clone()).await?.into_inner().report;
    let brought = brought.unwrap_or_default();
    assert!(is_issued(&brought) && brought.order == stage.order);
    let again = desk.reports().release_quarantined_report(right).await?.into_inner().report.unwrap_or_default();
    assert_eq!(again, brought);
    assert_eq!(stage.order().await?.state(), OrderState::Completed);
    assert_eq!(aside(&desk).await?, []);

    let second = stage.create(wrong("A2")).await?;
    let discard = DiscardQuarantinedReportRequest {
        name: second.name.clone(),
        reason: "Sent under the wrong number.".into(),
        request_id: request_id(),
    };
    let gone = desk.reports().discard_quarantined_report(discard.clone()).await?.into_inner().report;
    assert_eq!(gone.unwrap_or_default().state(), State::Discarded);
    let twice = DiscardQuarantinedReportRequest { request_id: request_id(), ..discard };
    let status = desk.reports().discard_quarantined_report(twice).await.unwrap_err();
    assert_eq!(rules(&status), ["not-quarantined"]);
    // Its number may be used again.
    stage.create(wrong("A2")).await?;
    stage.world.end().await
}

#[tokio::test]
async fn a_report_for_a_withdrawn_order_is_put_aside_and_a_correction_still_comes_through() -> Result<()> {
    let stage = Stage::with(&[GLUCOSE]).await?;
    let partial = stage.create(stage.report("A1", Status::Partial, value())).await?;
    stage.world.tap.publish(stage.told.id.0, 2, stage.told.cancelled()).await?;
    stage.world.until_count("SELECT count(*) FROM service_order WHERE state = 'revoked'", 1).await?;
    let late = stage.create(stage.report("A2", Status::Final, value())).await?;
    assert_eq!(late.state(), State::Quarantined);
    let desk = stage.session(&stage.told.receiver())?;
    assert_eq!(aside(&desk).await?[0].reason(), Reason::CancelledOrder);
    // What was attached before is followed: a correction must reach its reader.
    assert!(is_issued(&stage.revise(&partial, Status::Final, value()).await?));
    // Another laboratory names this order: to it, there is none.
    let other = Told::new("DDDD-EEEE-FFF");
    open(&stage.world, &other).await?;
    let lab = stage.session(&crate::stage::lab(&other))?;
    let request = stage.report("B1", Status::Final, value());
    let aside_there = lab.reports().create_report(request).await?.into_inner().report.unwrap_or_default();
    assert_eq!((aside_there.state(), aside(&lab).await?[0].reason()), (State::Quarantined, Reason::UnknownOrder));
    stage.world.end().await
}
