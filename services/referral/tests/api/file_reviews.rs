//! Files that were opened are reviewed: by whoever holds the patient's record, once, and not by who opened them.

use anyhow::{Context, Result};
use relais_proto::referral::v1::{
    CancelReferralRequest, ErasePatientRequest, FileAccess, ListFileAccessesRequest, OpenFileRequest,
    ReviewFileAccessRequest, cancel_referral_request,
    file_access::{Reason, Verdict},
};
use relais_referral::Referral as Service;
use relais_tests::{Identity, Session, World, partnership, partnership::Partners, request_id, violations};
use tonic::{Code, Status};
use tonic_types::StatusExt;

struct Case {
    world: World<Service>,
    partners: Partners,
    hospital: String,
    entry: String,
    admin: Session,
}

impl Case {
    async fn start() -> Result<Self> {
        let world = World::start().await?;
        let partners = Partners::meet_at(|identity| world.session(identity)).await?;
        let hospital = partnership::organisation(&partners.operator, "Hospital").await?;
        let entry = partnership::practitioner(&partners.operator, &hospital).await?;
        let admin = world.session(&Identity::new("admin", "admin").of(&partners.sender.organisation))?;
        Ok(Self { world, partners, hospital, entry, admin })
    }

    /// Somebody of the hospital opens the file of a new referral.
    async fn opened(&self, subject: &str) -> Result<FileAccess> {
        let name = self.partners.submit(self.partners.request()).await?.name;
        let clinician = Identity::new(subject, "clinician").of(&self.hospital).registered(&self.entry);
        let clinician = self.world.session(&clinician)?;
        let (reason, statement) = (Reason::EmergencyTreatment.into(), "Unconscious in the emergency room".into());
        let request = OpenFileRequest { name, reason, statement, request_id: request_id(), ..Default::default() };
        clinician.break_glass().open_file(request).await?.into_inner().file_access.context("no access")
    }
}

async fn list(session: &Session, size: i32, token: &str) -> Result<(Vec<FileAccess>, String), Status> {
    let request = ListFileAccessesRequest { page_size: size, page_token: token.into() };
    let page = session.break_glass().list_file_accesses(request).await?.into_inner();
    Ok((page.file_accesses, page.next_page_token))
}

fn verdict(name: &str) -> ReviewFileAccessRequest {
    let (name, verdict, note) = (name.into(), Verdict::NotJustified.into(), "Nobody there knows the patient".into());
    ReviewFileAccessRequest { name, verdict, note, request_id: request_id() }
}

async fn review(session: &Session, request: ReviewFileAccessRequest) -> Result<FileAccess, Status> {
    let answer = session.break_glass().review_file_access(request).await?.into_inner();
    answer.file_access.ok_or_else(|| Status::internal("no access"))
}

fn reason(status: &Status) -> (Code, String) {
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

#[tokio::test]
async fn what_was_opened_is_listed_reviewed_once_and_stands() -> Result<()> {
    let case = Case::start().await?;
    let mut opened = Vec::new();
    for subject in ["one", "two", "three"] {
        opened.push(case.opened(subject).await?);
    }
    let names = |listed: &[FileAccess]| listed.iter().map(|access| access.name.clone()).collect::<Vec<_>>();
    let (listed, _) = list(&case.admin, 0, "").await?;
    assert_eq!(names(&listed), [&opened[2].name, &opened[1].name, &opened[0].name].map(String::clone));
    assert!(listed[0].subject.ends_with("|three") && listed[0].organisation == case.hospital, "{listed:?}");
    assert_eq!((listed[0].statement.as_str(), &listed[0].review), ("Unconscious in the emergency room", &None));

    let request = verdict(&opened[2].name);
    let reviewed = review(&case.admin, request.clone()).await?;
    let told = reviewed.review.clone().context("no review")?;
    assert_eq!((told.verdict(), told.note.as_str()), (Verdict::NotJustified, "Nobody there knows the patient"));
    assert!(told.reviewer.ends_with("|admin") && told.create_time.is_some(), "{told:?}");
    assert_eq!(review(&case.admin, request).await?, reviewed, "the same request again answers the same");
    let again = review(&case.admin, verdict(&opened[2].name)).await.unwrap_err();
    assert_eq!(reason(&again), (Code::FailedPrecondition, "ALREADY_REVIEWED".into()));

    // Those without a review first, page by page.
    let (mut paged, mut token) = (Vec::new(), String::new());
    for _ in 0..3 {
        let (page, next) = list(&case.admin, 1, &token).await?;
        paged.extend(names(&page));
        token = next;
    }
    assert_eq!(paged, [&opened[1].name, &opened[0].name, &opened[2].name].map(String::clone));
    assert_eq!(token, "");
    let rows = "SELECT count(*) FROM audit WHERE action LIKE '%/ReviewFileAccess' AND outcome = 'changed'
                AND referral IS NOT NULL";
    assert_eq!(case.world.count(rows).await?, 1);
    let rows = "SELECT count(*) FROM audit WHERE action LIKE '%/ListFileAccesses' AND outcome = 'served'";
    assert_eq!(case.world.count(rows).await?, 6, "a row for each that was shown");
    case.world.end().await
}

/// What clinician and reviewer said may name the patient and the illness: it goes with the record, and the audit never has it.
#[tokio::test]
async fn what_was_said_of_an_access_is_erased_with_the_record() -> Result<()> {
    let case = Case::start().await?;
    let access = case.opened("one").await?;
    review(&case.admin, verdict(&access.name)).await?;
    assert_eq!(case.world.count("SELECT count(*) FROM file_words").await?, 2);
    let cancel = CancelReferralRequest {
        name: access.referral,
        reason: cancel_referral_request::Reason::PatientDeclined.into(),
        request_id: request_id(),
        ..Default::default()
    };
    case.partners.desk.referrals().cancel_referral(cancel).await?;
    let erase = ErasePatientRequest { name: case.partners.patient().into(), request_id: request_id() };
    case.admin.patients().erase_patient(erase).await?;
    let (listed, _) = list(&case.admin, 0, "").await?;
    let told = listed[0].review.clone().context("no review")?;
    assert_eq!((listed[0].statement.as_str(), told.note.as_str(), told.verdict()), ("", "", Verdict::NotJustified));
    assert_eq!((listed[0].name.as_str(), listed[0].reason()), (access.name.as_str(), Reason::EmergencyTreatment));
    for kept in [
        "SELECT count(*) FROM file_words",
        "SELECT count(*) FROM file_access f WHERE f::text ILIKE '%unconscious%'",
        "SELECT count(*) FROM file_review v WHERE v::text ILIKE '%nobody there knows%'",
        "SELECT count(*) FROM audit a WHERE a::text ILIKE '%unconscious%' OR a::text ILIKE '%nobody there knows%'",
    ] {
        assert_eq!(case.world.count(kept).await?, 0, "{kept}");
    }
    case.world.end().await
}

#[tokio::test]
async fn not_by_others_and_not_by_who_opened_it() -> Result<()> {
    let case = Case::start().await?;
    let access = case.opened("both").await?;
    let provider = case.partners.provider().to_string();
    for elsewhere in [&case.hospital, &provider] {
        let admin = case.world.session(&Identity::new("head", "admin").of(elsewhere))?;
        assert_eq!(list(&admin, 0, "").await?.0, []);
        assert_eq!(review(&admin, verdict(&access.name)).await.unwrap_err().code(), Code::NotFound);
    }
    for role in ["desk", "clinician", "coordinator"] {
        let session = case.world.session(&Identity::new("own", role).of(&case.partners.sender.organisation))?;
        assert_eq!(list(&session, 0, "").await.unwrap_err().code(), Code::PermissionDenied, "{role}");
        assert_eq!(review(&session, verdict(&access.name)).await.unwrap_err().code(), Code::PermissionDenied, "{role}");
    }
    // The same person, in another role, at the organisation that holds the record.
    let both = case.world.session(&Identity::new("both", "admin").of(&case.partners.sender.organisation))?;
    let own = review(&both, verdict(&access.name)).await.unwrap_err();
    assert_eq!(reason(&own), (Code::FailedPrecondition, "OWN_ACCESS".into()));
    let good = verdict(&access.name);
    let wrong = [
        ("name", ReviewFileAccessRequest { name: "fileAccesses/1".into(), ..good.clone() }),
        ("verdict", ReviewFileAccessRequest { verdict: 0, ..good.clone() }),
        ("verdict", ReviewFileAccessRequest { verdict: 9, ..good.clone() }),
        ("note", ReviewFileAccessRequest { note: String::new(), ..good.clone() }),
        ("note", ReviewFileAccessRequest { note: "x".repeat(501), ..good.clone() }),
        ("note", ReviewFileAccessRequest { note: "a\u{0}b".into(), ..good.clone() }),
        ("request_id", ReviewFileAccessRequest { request_id: String::new(), ..good.clone() }),
    ];
    for (field, request) in wrong {
        let status = review(&case.admin, request).await.unwrap_err();
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec![field.to_string()]));
    }
    // Of many at once, one stands.
    let tries = futures::future::join_all((0..10).map(|_| review(&case.admin, verdict(&access.name)))).await;
    assert_eq!(tries.iter().filter(|answer| answer.is_ok()).count(), 1);
    for status in tries.iter().filter_map(|answer| answer.as_ref().err()) {
        assert_eq!(reason(status), (Code::FailedPrecondition, "ALREADY_REVIEWED".into()));
    }
    case.world.end().await
}
