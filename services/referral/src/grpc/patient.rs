//! `relais.referral.v1.PatientService`. Records leave the use cases sealed and are opened here, the last thing before the answer.

use relais_platform::{
    Context, Result,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{self, patient_service_server::PatientService};
use tonic::Request;

use super::{convert, parse};
use crate::{
    app::identity::{ListDuplicates, Vault},
    domain::identity::Record,
};

/// Serves patient records.
pub(super) struct Patients(pub Context);

impl Patients {
    fn vault(&self) -> Result<Vault> {
        Ok(Vault::new(self.0.key_service()?))
    }

    async fn shown(&self, record: Record) -> Result<Option<v1::Patient>> {
        let patient = self.vault()?.open(record).await?;
        Ok(Some(convert::patient(patient)))
    }
}

#[tonic::async_trait]
impl PatientService for Patients {
    async fn create_patient(&self, request: Request<v1::CreatePatientRequest>) -> Answer<v1::CreatePatientResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_patient(&body, self.vault()?)?;
        let record = self.0.change(call, request_id, &body, command).await?;
        answer(v1::CreatePatientResponse { patient: self.shown(record).await? })
    }

    async fn get_patient(&self, request: Request<v1::GetPatientRequest>) -> Answer<v1::GetPatientResponse> {
        let (call, body) = self.0.open(request)?;
        let record = self.0.read(call, parse::get_patient(&body)?).await?;
        answer(v1::GetPatientResponse { patient: self.shown(record).await? })
    }

    async fn update_patient(&self, request: Request<v1::UpdatePatientRequest>) -> Answer<v1::UpdatePatientResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::update_patient(&body, self.vault()?)?;
        let record = self.0.change(call, request_id, &body, command).await?;
        answer(v1::UpdatePatientResponse { patient: self.shown(record).await? })
    }

    async fn search_patients(&self, request: Request<v1::SearchPatientsRequest>) -> Answer<v1::SearchPatientsResponse> {
        let (call, body) = self.0.open(request)?;
        let (question, filter) = parse::question(&body)?;
        // A token that does not open is of no use: shorter than any that does.
        let open = |token: &str| self.0.pages.open(&call, &filter, token).unwrap_or_else(|| vec![0]);
        let start = (!body.page_token.is_empty()).then(|| open(&body.page_token));
        let search = parse::search_patients(question, (body.page_size, start), self.vault()?)?;
        let found = self.0.read(call.clone(), search).await?;
        let token = |next: usize| self.0.pages.seal(&call, &filter, &(next as u64).to_be_bytes());
        answer(v1::SearchPatientsResponse {
            next_page_token: found.next.map(token).unwrap_or_default(),
            matches: found.matches.into_iter().map(convert::found).collect(),
        })
    }

    async fn list_duplicates(&self, request: Request<v1::ListDuplicatesRequest>) -> Answer<v1::ListDuplicatesResponse> {
        let (call, body) = self.0.open(request)?;
        let patient = parse::whose_duplicates(&body)?;
        let page = self.0.pages.request(&call, &body.patient, body.page_size, &body.page_token)?;
        let page = self.0.read(call.clone(), ListDuplicates { patient, page }).await?;
        answer(v1::ListDuplicatesResponse {
            next_page_token: self.0.pages.token(&call, &body.patient, page.next),
            duplicates: page.rows.into_iter().map(convert::duplicate).collect(),
        })
    }

    async fn dismiss_duplicate(
        &self,
        request: Request<v1::DismissDuplicateRequest>,
    ) -> Answer<v1::DismissDuplicateResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::dismiss_duplicate(&body)?;
        let dismissal = self.0.change(call, request_id, &body, command).await?;
        answer(v1::DismissDuplicateResponse { dismissal: Some(convert::dismissal(dismissal)) })
    }

    async fn undismiss_duplicate(
        &self,
        request: Request<v1::UndismissDuplicateRequest>,
    ) -> Answer<v1::UndismissDuplicateResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::undismiss_duplicate(&body)?;
        let dismissal = self.0.change(call, request_id, &body, command).await?;
        answer(v1::UndismissDuplicateResponse { dismissal: Some(convert::dismissal(dismissal)) })
    }

    async fn merge_patients(&self, request: Request<v1::MergePatientsRequest>) -> Answer<v1::MergePatientsResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::merge_patients(&body)?;
        let merge = self.0.change(call, request_id, &body, command).await?;
        answer(v1::MergePatientsResponse { merge: Some(convert::merge(merge)) })
    }

    async fn unmerge_patients(
        &self,
        request: Request<v1::UnmergePatientsRequest>,
    ) -> Answer<v1::UnmergePatientsResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::unmerge_patients(&body)?;
        let merge = self.0.change(call, request_id, &body, command).await?;
        answer(v1::UnmergePatientsResponse { merge: Some(convert::merge(merge)) })
    }

    async fn erase_patient(&self, request: Request<v1::ErasePatientRequest>) -> Answer<v1::ErasePatientResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::erase_patient(&body)?;
        let erasure = self.0.change(call, request_id, &body, command).await?;
        answer(v1::ErasePatientResponse { erase_time: Some(convert::time(erasure.erase_time)) })
    }

    async fn place_hold(&self, request: Request<v1::PlaceHoldRequest>) -> Answer<v1::PlaceHoldResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::place_hold(&body)?;
        let hold = self.0.change(call, request_id, &body, command).await?;
        answer(v1::PlaceHoldResponse { hold: Some(convert::hold(hold)) })
    }

    async fn lift_hold(&self, request: Request<v1::LiftHoldRequest>) -> Answer<v1::LiftHoldResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::lift_hold(&body)?;
        let hold = self.0.change(call, request_id, &body, command).await?;
        answer(v1::LiftHoldResponse { hold: Some(convert::hold(hold)) })
    }

    async fn export_patient(&self, request: Request<v1::ExportPatientRequest>) -> Answer<v1::ExportPatientResponse> {
        let (call, body) = self.0.open(request)?;
        let command = parse::export_patient(&body, self.vault()?)?;
        let export = self.0.read(call, command).await?;
        answer(convert::export(export, self.0.clock.now()))
    }
}
