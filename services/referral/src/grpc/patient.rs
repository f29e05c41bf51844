//! `relais.referral.v1.PatientService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{
    CreatePatientRequest, CreatePatientResponse, GetPatientRequest, GetPatientResponse,
    patient_service_server::PatientService,
};
use tonic::Request;

use super::{convert, parse};

/// Serves patient records.
pub(super) struct Patients(pub Context);

#[tonic::async_trait]
impl PatientService for Patients {
    async fn create_patient(&self, request: Request<CreatePatientRequest>) -> Answer<CreatePatientResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_patient(&body)?;
        let patient = self.0.change(call, request_id, &body, command).await?;
        answer(CreatePatientResponse { patient: Some(convert::patient(patient)) })
    }

    async fn get_patient(&self, request: Request<GetPatientRequest>) -> Answer<GetPatientResponse> {
        let (call, body) = self.0.open(request)?;
        let patient = self.0.read(call, parse::get_patient(&body)?).await?;
        answer(GetPatientResponse { patient: Some(convert::patient(patient)) })
    }
}
