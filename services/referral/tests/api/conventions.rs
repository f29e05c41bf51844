//! Conventions: entered, signed, seen by their parties.

use anyhow::Result;
use chrono::Days;
use relais_proto::convention::v1::{
    Convention, CreateConventionRequest, Deadlines, GetConventionRequest, Line, ListConventionsRequest, Prescribers,
    ResultRecipients, Service, SignConventionRequest, Terms, convention, line, result_recipients, terms,
};
use relais_tests::{Session, date, partnership, request_id, rules, violations};
use tonic::Code;

use crate::{partners::Partners, registrations::day};

async fn get(session: &Session, name: &str) -> Result<Convention, tonic::Status> {
    let answer = session.conventions().get_convention(GetConventionRequest { name: name.into() }).await?;
    Ok(answer.into_inner().convention.unwrap_or_default())
}

#[tokio::test]
async fn a_draft_is_signed_once_and_read_by_its_parties() -> Result<()> {
    let partners = Partners::meet().await?;
    let terms = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let draft = partnership::draft(&partners.coordinator, terms.clone()).await?;
    assert_eq!((draft.state(), draft.terms_version), (convention::State::Draft, 0));
    let shown = draft.terms.clone().unwrap_or_default();
    assert_eq!((&shown.parties, &shown.services), (&terms.parties, &terms.services));
    // Where a line says nothing, the usual stands.
    let usual = Line {
        per: line::Per::Term.into(),
        scope: line::Scope::All.into(),
        reserve_at: line::ReserveAt::Submission.into(),
        on_exhausted: line::OnExhausted::Refuse.into(),
        counted_from: line::CountedFrom::Report.into(),
        ..terms.lines[0].clone()
    };
    assert_eq!(shown.lines, [usual]);
    assert_eq!((shown.start_date, shown.end_date), (terms.start_date, terms.end_date));
    // Not before the day has come, and until then it admits nobody.
    for day in [date(partners.today + Days::new(2)), day(2200, 1, 1).unwrap_or_default()] {
        let request = SignConventionRequest {
            name: draft.name.clone(),
            signature_date: Some(day),
            request_id: request_id(),
            ..SignConventionRequest::default()
        };
        let early = partners.coordinator.conventions().sign_convention(request).await.unwrap_err();
        assert_eq!((early.code(), violations(&early)), (Code::InvalidArgument, vec!["signature_date".to_string()]));
    }
    assert_eq!(get(&partners.coordinator, &draft.name).await?, draft);
    let signed = partnership::sign(&partners.coordinator, draft.clone(), partners.today).await?;
    assert_eq!((signed.state(), signed.terms_version, signed.terms), (convention::State::Signed, 1, Some(shown)));
    let late = partnership::sign(&partners.coordinator, draft, partners.today).await.unwrap_err();
    assert_eq!(late.downcast_ref::<tonic::Status>().map(tonic::Status::code), Some(Code::Aborted));
    let request = SignConventionRequest {
        name: signed.name.clone(),
        signature_date: Some(date(partners.today)),
        request_id: request_id(),
        ..SignConventionRequest::default()
    };
    let again = partners.coordinator.conventions().sign_convention(request).await.unwrap_err();
    assert_eq!(rules(&again), ["convention-not-draft"]);

    assert_eq!(get(&partners.lab, &signed.name).await?.state(), convention::State::Signed);
    assert_eq!(get(&partners.stranger, &signed.name).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn terms_say_how_a_referral_goes_on_and_the_usual_stands_where_they_do_not() -> Result<()> {
    let partners = Partners::meet().await?;
    let site = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let plain = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let shown = partnership::draft(&partners.coordinator, plain.clone()).await?.terms.unwrap_or_default();
    assert_eq!(shown.acceptance(), terms::Acceptance::ByHand);
    assert_eq!(shown.deadlines.map(|deadlines| deadlines.first_contact_routine_hours), Some(120));
    assert_eq!(shown.suppress_below, 5);
    let recipients =
        ResultRecipients { kind: result_recipients::Kind::UnitClinicians.into(), unit: partners.centre.clone() };
    let full = Terms {
        acceptance: terms::Acceptance::Automatic.into(),
        deadlines: Some(Deadlines { result_days: 3, ..Deadlines::default() }),
        recipients: Some(recipients),
        prescribers: Some(Prescribers { required: true, register: "urn:relais:lu:college-medical".into() }),
        checklist: vec!["order".into()],
        sites: vec![site],
        run_off_days: 30,
        thresholds: vec![70, 90, 100],
        suppress_below: 7,
        ..plain
    };
    let name = partnership::draft(&partners.coordinator, full.clone()).await?.name;
    let read = get(&partners.lab, &name).await?.terms.unwrap_or_default();
    let usual = shown.deadlines.unwrap_or_default();
    let deadlines = Some(Deadlines { result_days: 3, ..usual });
    assert_eq!(read, Terms { deadlines, eligibility: shown.eligibility, lines: shown.lines, ..full });
    partners.world.end().await
}

#[tokio::test]
async fn a_list_shows_the_own_conventions() -> Result<()> {
    let partners = Partners::meet().await?;
    for (session, expected) in [(&partners.lab, 1), (&partners.stranger, 0), (&partners.operator, 1)] {
        let list = session.conventions().list_conventions(ListConventionsRequest::default()).await?.into_inner();
        assert_eq!(list.conventions.len(), expected);
    }
    partners.world.end().await
}

fn convention(terms: Terms) -> Option<Convention> {
    Some(Convention { display_name: "c".into(), terms: Some(terms), ..Convention::default() })
}

#[tokio::test]
async fn terms_that_are_no_agreement_are_told_all_at_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let good = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let terms = Terms {
        parties: vec![good.parties[0].clone(), good.parties[0].clone()],
        services: vec![],
        start_date: good.end_date,
        end_date: good.start_date,
        ..good.clone()
    };
    let mut client = partners.coordinator.conventions();
    let request = CreateConventionRequest { convention: convention(terms), request_id: request_id() };
    let refused = client.create_convention(request).await.unwrap_err();
    let expected = ["parties", "parties", "services", "end_date"].map(|field| format!("convention.terms.{field}"));
    assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, expected.to_vec()));

    // What a field is, and what is no agreement, at once; but not what follows from a field that is wrong.
    let line = |committed| Line { kind: line::Kind::Counted.into(), committed, ..good.lines[0].clone() };
    let terms = Terms {
        parties: good.parties[..1].to_vec(),
        services: vec![good.services[0].clone(), Service { bearer: 9, ..Service::default() }],
        lines: vec![
            line(0),
            Line { line_id: "more".into(), ..line(5) },
            Line { line_id: "Money!".into(), measure: line::Measure::Money.into(), ..line(0) },
        ],
        ..good.clone()
    };
    let request = CreateConventionRequest { convention: convention(terms), request_id: String::new() };
    let refused = client.create_convention(request).await.unwrap_err();
    let expected = ["services[1].bearer", "services[1].code", "services[1].code.system", "services[1].code.code"];
    let expected = [expected.as_slice(), &["lines[2].line_id", "parties", "lines[1].committed"]].concat();
    let expected: Vec<_> = expected.iter().map(|field| format!("convention.terms.{field}")).collect();
    assert_eq!(violations(&refused), [expected, vec!["request_id".into()]].concat());
    partners.world.end().await
}

#[tokio::test]
async fn what_is_wrong_in_terms_is_told_by_its_field() -> Result<()> {
    let partners = Partners::meet().await?;
    let good = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let mut client = partners.coordinator.conventions();
    let given = partnership::organisation(&partners.operator, "Third").await?;
    let foreign = partnership::site(&partners.operator, &given, "Third's").await?;
    let nowhere = format!("{}/sites/{}", partners.provider, uuid::Uuid::now_v7());
    let unit = format!("{}/units/{}", partners.mdm, uuid::Uuid::now_v7());
    let named =
        |kind: result_recipients::Kind, unit: &str| Some(ResultRecipients { kind: kind.into(), unit: unit.into() });
    let (by_unit, by_prescriber) =
        (result_recipients::Kind::UnitClinicians, result_recipients::Kind::PrescriberOrSubstitute);
    let prescribers = Some(Prescribers { required: true, register: "http://loinc.org".into() });
    let deadlines = Some(Deadlines { result_days: -1, first_contact_stat_hours: 87_841, ..Deadlines::default() });
    for (terms, fields) in [
        (Terms { sites: vec![foreign], ..good.clone() }, vec!["sites[0]"]),
        (Terms { sites: vec![nowhere], ..good.clone() }, vec!["sites"]),
        (Terms { recipients: named(by_unit, &unit), ..good.clone() }, vec!["recipients.unit"]),
        (Terms { recipients: named(by_unit, ""), ..good.clone() }, vec!["recipients.unit"]),
        (Terms { recipients: named(by_prescriber, &partners.centre), ..good.clone() }, vec!["recipients.unit"]),
        (Terms { prescribers, ..good.clone() }, vec!["prescribers.register"]),
        (Terms { deadlines, ..good.clone() }, vec!["deadlines.first_contact_stat_hours", "deadlines.result_days"]),
        (Terms { checklist: vec!["order".into(), "Order\0".into()], ..good.clone() }, vec!["checklist[1]"]),
        (Terms { thresholds: vec![90, 70], run_off_days: -1, ..good.clone() }, vec!["run_off_days", "thresholds"]),
        (Terms { acceptance: 9, ..good.clone() }, vec!["acceptance"]),
        (Terms { start_date: day(1899, 12, 31), ..good.clone() }, vec!["start_date"]),
        (Terms { end_date: day(2201, 1, 1), ..good.clone() }, vec!["end_date"]),
    ] {
        let request = CreateConventionRequest { convention: convention(terms), request_id: request_id() };
        let refused = client.create_convention(request).await.unwrap_err();
        let expected: Vec<_> = fields.iter().map(|field| format!("convention.terms.{field}")).collect();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, expected));
    }

    let mut unknown = good;
    unknown.parties[1].organisation = format!("organisations/{}", uuid::Uuid::now_v7());
    let request = CreateConventionRequest { convention: convention(unknown), request_id: request_id() };
    assert_eq!(violations(&client.create_convention(request).await.unwrap_err()), ["convention.terms.parties"]);
    partners.world.end().await
}

#[tokio::test]
async fn only_a_party_or_the_network_enters_a_convention() -> Result<()> {
    let partners = Partners::meet().await?;
    let other = partnership::organisation(&partners.operator, "Third").await?;
    let terms = partnership::terms(&other, &partners.provider, partners.today);
    assert!(partnership::draft(&partners.coordinator, terms.clone()).await.is_err());
    partnership::draft(&partners.operator, terms).await?;
    partners.world.end().await
}

#[tokio::test]
async fn the_database_lets_nobody_change_terms() -> Result<()> {
    let partners = Partners::meet().await?;
    let runtime = sqlx::PgPool::connect(partners.world.settings.database.url.expose()).await?;
    for statement in [
        "UPDATE referral.convention_terms SET end_date = '2100-01-01'",
        "DELETE FROM referral.convention_party",
        "UPDATE referral.convention_signature SET signature_date = '2000-01-01'",
        "UPDATE referral.convention_past SET state = 'signed'",
        "DELETE FROM referral.convention_past",
        "DELETE FROM referral.convention_period",
        "UPDATE referral.convention_claim SET exclusive = false",
        "UPDATE referral.referral_transition SET state = 'submitted'",
        "DELETE FROM referral.audit",
        "CREATE TABLE referral.mine (id int)",
        // Nothing is added to what is signed, either.
        "INSERT INTO referral.convention_party SELECT convention_id, version, organisation_id, 'funder', 9
         FROM referral.convention_party",
        "INSERT INTO referral.convention_service
         SELECT convention_id, version, system, code || 'x', code_version, display, bearer, 9
         FROM referral.convention_service",
        "INSERT INTO referral.convention_line (convention_id, version, line_id, measure, kind, position)
         SELECT convention_id, version, 'more', 'acts', 'counted', 9 FROM referral.convention_signature",
        "INSERT INTO referral.convention_site SELECT convention_id, version, gen_random_uuid(), gen_random_uuid(), 9
         FROM referral.convention_signature",
    ] {
        let refused = sqlx::query(statement).execute(&runtime).await.unwrap_err();
        let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
        assert_eq!(code.as_deref(), Some("42501"), "{statement}: {refused}");
    }
    runtime.close().await;
    partners.world.end().await
}
