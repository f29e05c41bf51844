//! A thousand people whose names nobody else bears go through all flows; none is seen where they must not be: logs, spans,
//! metrics, what is published, other schemas, error texts.

use std::collections::HashMap;

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::referral::v1::{
    CancelReferralRequest, CreatePartnerLinkRequest, CreatePatientRequest, ErasePatientRequest, ExportPatientRequest,
    GetPatientRequest, GetReferralRequest, LiftHoldRequest, ListDuplicatesRequest, MergePatientsRequest,
    OpenFileRequest, PartnerLink, Patient, PatientContacts, PatientHold, PatientIdentity, PlaceHoldRequest,
    RedeemPartnerLinkRequest, ReviewFileAccessRequest, SearchPatientsRequest, SubmitReferralRequest,
    UnmergePatientsRequest, UpdatePatientRequest, cancel_referral_request::Reason, file_access, partner_link::Purpose,
    partner_link_service_client::PartnerLinkServiceClient, patient_hold, patient_merge,
};
use relais_tests::{
    Collector, Identity, Options, SERVICES, Session, Suite, partnership, partnership::Partners, request_id, settled,
};
use sqlx::{Connection, PgConnection};
use tonic::transport::Channel;

use super::canary::dump;

const PEOPLE: usize = 1_000;
/// Fewer than a service has connections: nobody is to wait in vain on a busy machine.
const AT_ONCE: usize = 4;
/// What all of them share, and nothing else has. The digits are as many as a telephone number allows: fewer would by chance stand in some time in nanoseconds.
const MARKS: [&str; 2] = ["qwzcanary", "35269177017"];

fn identity(number: usize) -> PatientIdentity {
    let contacts = PatientContacts {
        phone: format!("+{}{number:04}", MARKS[1]),
        email: format!("{}{number}@example.org", MARKS[0]),
        ..PatientContacts::default()
    };
    let born = chrono::NaiveDate::from_ymd_opt(1950 + (number % 60) as i32, 1 + (number % 12) as u32, 5);
    let name = |part: &str| format!("Qwzcanary{part}{}", letters(number));
    PatientIdentity {
        contacts: Some(contacts),
        ..partnership::identity(&name("fam"), &name("giv"), born.unwrap_or_default())
    }
}

/// A number in letters: a name has no digits.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..4 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

/// Those through whose hands a person goes.
struct Hands {
    suite: Suite,
    partners: Partners,
    coordinator: Session,
    admin: Session,
    hospital: String,
    nobody: PartnerLinkServiceClient<Channel>,
}

impl Hands {
    async fn meet(suite: Suite) -> Result<Self> {
        let partners = Partners::meet(&suite).await?;
        let own = |role: &str| Identity::new(role, role).of(&partners.sender.organisation);
        let (coordinator, admin) = (own("coordinator"), own("admin"));
        let hospital = partnership::organisation(&partners.operator, "Hospital").await?;
        let nobody = PartnerLinkServiceClient::new(suite.channel("referral")?);
        let (coordinator, admin) = (suite.session("referral", &coordinator)?, suite.session("referral", &admin)?);
        Ok(Self { suite, partners, coordinator, admin, hospital, nobody })
    }

    /// One person through all flows; answers with the texts of what was refused.
    async fn flow(&self, number: usize) -> Result<String> {
        let (desk, who) = (&self.partners.desk, identity(number));
        let name = partnership::patient_of(desk, who.clone()).await?.name;
        self.known(&name, &who).await?;
        let mut referral = self.partners.request().referral.context("no referral")?;
        referral.patient = name.clone();
        let request = SubmitReferralRequest { referral: Some(referral), request_id: request_id() };
        let sent = desk.referrals().submit_referral(request).await?.into_inner().referral.context("no referral")?;
        let mut refused = self.refused(&name, &who).await?;
        match number % 20 {
            1 | 5 | 9 => refused += &self.linked(&sent.name).await?,
            2 | 6 => refused += &self.merged(&name, &who).await?,
            3 | 7 => refused += &self.held(&name).await?,
            4 => self.broken(&sent.name, number).await?,
            _ => {}
        }
        if number.is_multiple_of(3) {
            let (name, reason) = (sent.name, Reason::PatientDeclined.into());
            let cancel = CancelReferralRequest { name, reason, etag: String::new(), request_id: request_id() };
            desk.referrals().cancel_referral(cancel).await?;
        }
        if number.is_multiple_of(9) {
            desk.patients().export_patient(ExportPatientRequest { name: name.clone() }).await?;
            self.coordinator.patients().erase_patient(erase(&name)).await?;
        }
        Ok(refused)
    }

    /// Read, found, and changed to another name and back.
    async fn known(&self, name: &str, who: &PatientIdentity) -> Result<()> {
        let mut client = self.partners.desk.patients();
        client.get_patient(GetPatientRequest { name: name.into() }).await?;
        let query = who.family_name.clone();
        let found = client.search_patients(SearchPatientsRequest { query, ..Default::default() }).await?;
        assert!(!found.into_inner().matches.is_empty(), "{name} is not found");
        let married = PatientIdentity { family_name: format!("{}wed", who.family_name), ..who.clone() };
        for identity in [married, who.clone()] {
            let changed = Patient { name: name.into(), identity: Some(identity), ..Patient::default() };
            let request = UpdatePatientRequest { patient: Some(changed), update_mask: None, request_id: request_id() };
            client.update_patient(request).await?;
        }
        Ok(())
    }

    /// What is refused is not told either: a wrong field, an open referral, a name where a resource's belongs.
    async fn refused(&self, name: &str, who: &PatientIdentity) -> Result<String> {
        let mut client = self.partners.desk.patients();
        let wrong = PatientIdentity { language: who.family_name.clone(), ..who.clone() };
        let patient = Some(Patient { identity: Some(wrong), ..Patient::default() });
        let creating = client.create_patient(CreatePatientRequest { patient, request_id: request_id() }).await;
        let getting = client.get_patient(GetPatientRequest { name: who.family_name.clone() }).await;
        let erasing = self.coordinator.patients().erase_patient(erase(name)).await;
        let told = [creating.err(), getting.err(), erasing.err()];
        told.into_iter().map(|status| Ok(format!("{:?}", status.context("it was not refused")?))).collect()
    }

    /// A partner opens the referral by a link, once.
    async fn linked(&self, referral: &str) -> Result<String> {
        let expire_time = Some(time_to_proto(machine_now() + chrono::TimeDelta::days(1)));
        let (referral, purpose) = (referral.to_string(), Purpose::FollowUp.into());
        let partner_link = Some(PartnerLink { referral: referral.clone(), purpose, expire_time, ..Default::default() });
        let request = CreatePartnerLinkRequest { partner_link, request_id: request_id() };
        let made = self.partners.desk.links().create_partner_link(request).await?.into_inner();
        let visit = RedeemPartnerLinkRequest { secret: made.secret, code: made.code };
        let opened = self.nobody.clone().redeem_partner_link(visit).await?.into_inner();
        let visitor = Session::new(self.suite.channel("referral")?, &opened.access_token)?;
        let name = self.partners.patient().to_string();
        visitor.referrals().get_referral(GetReferralRequest { name: referral }).await?;
        let reading = visitor.patients().get_patient(GetPatientRequest { name }).await;
        Ok(format!("{:?}", reading.err().context("a partner reads a record")?))
    }

    /// The same person entered twice: proposed, merged, refused to be merged again, taken apart.
    async fn merged(&self, survivor: &str, who: &PatientIdentity) -> Result<String> {
        let mut client = self.partners.desk.patients();
        let merged = partnership::patient_of(&self.partners.desk, who.clone()).await?.name;
        let asked = ListDuplicatesRequest { patient: merged.clone(), ..Default::default() };
        let pairs = client.list_duplicates(asked).await?.into_inner().duplicates;
        assert!(!pairs.is_empty(), "{survivor} is not proposed");
        let reason = patient_merge::Reason::SeenDocument.into();
        let (survivor, merge) = (survivor.to_string(), merged.clone());
        let merge =
            |request_id| MergePatientsRequest { survivor: survivor.clone(), merged: merge.clone(), reason, request_id };
        client.merge_patients(merge(request_id())).await?;
        let again = client.merge_patients(merge(request_id())).await;
        client.unmerge_patients(UnmergePatientsRequest { merged, request_id: request_id() }).await?;
        Ok(format!("{:?}", again.err().context("merged twice")?))
    }

    /// Held, so that it is not erased; then no more.
    async fn held(&self, name: &str) -> Result<String> {
        let mut client = self.coordinator.patients();
        let hold = PatientHold { reason: patient_hold::Reason::Litigation.into(), ..PatientHold::default() };
        let request = PlaceHoldRequest { parent: name.into(), hold: Some(hold), request_id: request_id() };
        let hold = client.place_hold(request).await?.into_inner().hold.context("no hold")?;
        let erasing = client.erase_patient(erase(name)).await;
        client.lift_hold(LiftHoldRequest { name: hold.name, request_id: request_id() }).await?;
        Ok(format!("{:?}", erasing.err().context("erased although it is held")?))
    }

    /// Somebody elsewhere opens the file and reads it; it is reviewed.
    async fn broken(&self, referral: &str, number: usize) -> Result<()> {
        let emergency = Identity::new(&format!("emergency-{number}"), "clinician").of(&self.hospital);
        let clinician = self.suite.session("referral", &emergency)?;
        let (name, statement) = (referral.to_string(), "Unconscious in the emergency room".into());
        let reason = file_access::Reason::EmergencyTreatment.into();
        let request = OpenFileRequest { name, reason, statement, request_id: request_id(), ..Default::default() };
        let opened = clinician.break_glass().open_file(request).await?.into_inner().file_access.context("no access")?;
        clinician.referrals().get_referral(GetReferralRequest { name: referral.into() }).await?;
        let (verdict, note) = (file_access::Verdict::Justified.into(), "It had to be".into());
        let request = ReviewFileAccessRequest { name: opened.name, verdict, note, request_id: request_id() };
        self.admin.break_glass().review_file_access(request).await?;
        Ok(())
    }
}

fn erase(name: &str) -> ErasePatientRequest {
    ErasePatientRequest { name: name.into(), request_id: request_id() }
}

#[tokio::test]
async fn of_a_thousand_names_none_is_seen_outside_the_vault() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = [
        ("RELAIS__TELEMETRY__FILTER", "debug".to_string()),
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT", format!("http://{}", collector.address)),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS", "1000".to_string()),
        ("OTEL_BSP_SCHEDULE_DELAY", "200".to_string()),
    ];
    let settings: HashMap<_, _> = settings.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    let suite = Suite::start(Options { settings }).await?;
    let hands = Hands::meet(suite).await?;
    let flows = stream::iter(0..PEOPLE).map(|number| hands.flow(number));
    let refused: Vec<String> = flows.buffer_unordered(AT_ONCE).try_collect().await?;
    let suite = hands.suite;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;

    let mut url: url::Url = suite.servers.database_url.clone();
    url.set_path(&suite.name);
    let mut database = PgConnection::connect(url.as_str()).await?;
    let sent: i64 = sqlx::query_scalar("SELECT count(*) FROM referral.outbox_sent").fetch_one(&mut database).await?;
    assert!(sent >= PEOPLE as i64, "{sent} were published");
    // The tables hold what was published, too: bodies and traces stay in outbox_sent.
    let tables = dump(&mut database).await?;
    database.close().await?;
    let spans = format!("{:?}", collector.all()).to_lowercase();
    assert!(collector.all().len() > PEOPLE && collector.figures().contains("relais.outbox"), "telemetry has not come");
    let logs: Vec<String> =
        SERVICES.iter().map(|service| std::fs::read_to_string(suite.log(service))).collect::<Result<_, _>>()?;
    let seen = [
        ("a table", tables),
        ("a span", spans),
        ("a metric", collector.figures().to_lowercase()),
        ("a log", logs.concat().to_lowercase()),
        ("an error", refused.concat().to_lowercase()),
    ];
    for mark in MARKS {
        let hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (place, text) in &seen {
            assert!(!text.is_empty() && !text.contains(mark) && !text.contains(&hex), "{mark} stands in {place}");
        }
    }
    suite.stop().await
}
