//! A thousand people whose names nobody else bears go through all flows; none is seen where they must not be: logs, spans,
//! metrics, what is published, other schemas, error texts.

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    holdings::v1::ExportHoldingsRequest,
    operations::v1::RebuildProjectionRequest,
    referral::v1::{
        CancelReferralRequest, CreatePartnerLinkRequest, CreatePatientRequest, ErasePatientRequest,
        ExportPatientRequest, GetPatientRequest, GetReferralRequest, LiftHoldRequest, ListDuplicatesRequest,
        MergePatientsRequest, OpenFileRequest, PartnerLink, Patient, PatientHold, PatientIdentity, PlaceHoldRequest,
        RedeemPartnerLinkRequest, ReviewFileAccessRequest, SearchPatientsRequest, SubmitReferralRequest,
        UnmergePatientsRequest, UpdatePatientRequest, cancel_referral_request::Reason, file_access,
        partner_link::Purpose, partner_link_service_client::PartnerLinkServiceClient, patient_hold, patient_merge,
    },
};
use relais_tests::{Identity, Session, Sessions, partnership, partnership::Partners, request_id, settled};
use tonic::transport::Channel;

use super::canary_marks::{Watched, identity, nir};

const PEOPLE: usize = 1_000;
/// Fewer than a service has connections: nobody is to wait in vain on a busy machine.
const AT_ONCE: usize = 4;

/// Those through whose hands a person goes.
struct Hands {
    watched: Watched,
    partners: Partners,
    coordinator: Session,
    admins: Sessions,
    hospital: String,
    entry: String,
    nobody: PartnerLinkServiceClient<Channel>,
}

impl Hands {
    async fn meet(watched: Watched) -> Result<Self> {
        let suite = &watched.suite;
        let partners = Partners::meet(suite).await?;
        let own = |role: &str| Identity::new(role, role).of(&partners.sender.organisation);
        let (coordinator, admin) = (own("coordinator"), own("admin"));
        let hospital = partnership::organisation(&partners.operator, "Hospital").await?;
        let nobody = PartnerLinkServiceClient::new(suite.channel("referral")?);
        let (coordinator, admins) = (suite.session("referral", &coordinator)?, suite.sessions(&admin)?);
        let entry = partnership::practitioner(&partners.operator, &hospital).await?;
        Ok(Self { watched, partners, coordinator, admins, hospital, entry, nobody })
    }

    /// One person through all flows; answers with the texts of what was refused.
    async fn flow(&self, number: usize) -> Result<String> {
        let (desk, who) = (&self.partners.desk, identity(number));
        let name = partnership::patient_of(desk, who.clone()).await?.name;
        self.known(&name, &who).await?;
        let mut referral = self.partners.request().referral.context("no referral")?;
        referral.patient = name.clone();
        let request =
            SubmitReferralRequest { referral: Some(referral), request_id: request_id(), ..Default::default() };
        let sent = desk.referrals().submit_referral(request).await?.into_inner().referral.context("no referral")?;
        let mut refused = self.refused(&name, &who).await?;
        match number % 20 {
            1 | 5 | 9 => refused += &self.linked(&sent.name).await?,
            2 | 6 => refused += &self.merged(&name, &who).await?,
            3 | 7 => refused += &self.held(&name).await?,
            4 => self.broken(&sent.name, number, &who).await?,
            _ => {}
        }
        if number.is_multiple_of(3) {
            let (name, reason) = (sent.name, Reason::PatientDeclined.into());
            let cancel = CancelReferralRequest { name, reason, etag: String::new(), request_id: request_id() };
            desk.referrals().cancel_referral(cancel).await?;
        }
        if number.is_multiple_of(9) {
            desk.patients().export_patient(ExportPatientRequest { name: name.clone() }).await?;
            for (_, admin) in self.admins.all() {
                refused += &exported(admin, &name).await?;
            }
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

    /// What is refused is not told either: a wrong field, a wrong number, an open referral, a name where a resource's belongs.
    async fn refused(&self, name: &str, who: &PatientIdentity) -> Result<String> {
        let mut client = self.partners.desk.patients();
        let identifiers = vec![nir(0, 1)];
        let wrong = PatientIdentity { language: who.family_name.clone(), identifiers, ..who.clone() };
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
        let visitor = Session::new(self.watched.suite.channel("referral")?, &opened.access_token)?;
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
    async fn broken(&self, referral: &str, number: usize, who: &PatientIdentity) -> Result<()> {
        let emergency = Identity::new(&format!("emergency-{number}"), "clinician").of(&self.hospital);
        let clinician = self.watched.suite.session("referral", &emergency.registered(&self.entry))?;
        let (name, statement) = (referral.to_string(), format!("{} is unconscious", who.family_name));
        let reason = file_access::Reason::EmergencyTreatment.into();
        let request = OpenFileRequest { name, reason, statement, request_id: request_id(), ..Default::default() };
        let opened = clinician.break_glass().open_file(request).await?.into_inner().file_access.context("no access")?;
        clinician.referrals().get_referral(GetReferralRequest { name: referral.into() }).await?;
        let (verdict, note) = (file_access::Verdict::Justified.into(), format!("{} says so", who.family_name));
        let request = ReviewFileAccessRequest { name: opened.name, verdict, note, request_id: request_id() };
        self.admins.referral.break_glass().review_file_access(request).await?;
        Ok(())
    }
}

fn erase(name: &str) -> ErasePatientRequest {
    ErasePatientRequest { name: name.into(), request_id: request_id() }
}

/// Whatever one service holds on a person; what it refuses is told.
async fn exported(admin: &Session, patient: &str) -> Result<String> {
    let request = ExportHoldingsRequest { patient: patient.into() };
    let told = match admin.holdings().export_holdings(request).await {
        Ok(answer) => answer.into_inner().try_collect::<Vec<_>>().await.map(|_| ()),
        Err(status) => Err(status),
    };
    Ok(told.err().map(|status| format!("{status:?}")).unwrap_or_default())
}

#[tokio::test]
async fn of_a_thousand_names_none_is_seen_outside_the_vault() -> Result<()> {
    let hands = Hands::meet(Watched::start(&[]).await?).await?;
    let flows = stream::iter(0..PEOPLE).map(|number| hands.flow(number));
    let refused: Vec<String> = flows.buffer_unordered(AT_ONCE).try_collect().await?;
    let suite = &hands.watched.suite;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    settled(&operator).await?;
    let request = RebuildProjectionRequest { aggregate_kind: "relais.referral.referral".into() };
    for session in [&operator.scheduling, &operator.results, &operator.notification] {
        session.operations().rebuild_projection(request.clone()).await?.into_inner().try_collect::<Vec<_>>().await?;
    }
    settled(&operator).await?;
    let sent = suite.count("referral", "SELECT count(*) FROM referral.outbox_sent").await?;
    assert!(sent >= PEOPLE as i64, "{sent} were published");
    // What clinicians and reviewers said stands in one place, of those who were not erased.
    let said = "SELECT count(*) FROM referral.file_words WHERE words LIKE '%Qwzcanary%'";
    let broken = (0..PEOPLE).filter(|number| number % 20 == 4 && !number.is_multiple_of(9)).count() as i64;
    assert_eq!(suite.count("referral", said).await?, 2 * broken);
    let suite = hands.watched.see_none(&refused.concat(), &["referral.file_words"], PEOPLE).await?;
    suite.stop().await
}
