//! `relais.results.v1.ReportService`.

use relais_platform::{
    Context, Result,
    calls::check::time_to_proto,
    grpc::{Answer, answer},
};
use relais_proto::results::v1::{
    AcknowledgeReportRequest, AcknowledgeReportResponse, CreateReportRequest, CreateReportResponse,
    DiscardQuarantinedReportRequest, DiscardQuarantinedReportResponse, GetReportRequest, GetReportResponse,
    ListQuarantinedReportsRequest, ListQuarantinedReportsResponse, ListReportsRequest, ListReportsResponse,
    ReleaseQuarantinedReportRequest, ReleaseQuarantinedReportResponse, ReviseReportRequest, ReviseReportResponse,
    report_service_server::ReportService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::{
    Vault,
    report::{ListQuarantined, ListReports},
};

/// Serves reports.
pub(super) struct Reports(pub Context);

impl Reports {
    fn vault(&self) -> Result<Vault> {
        Ok(Vault::new(self.0.key_service()?))
    }
}

#[tonic::async_trait]
impl ReportService for Reports {
    async fn create_report(&self, request: Request<CreateReportRequest>) -> Answer<CreateReportResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::create_report(&body, self.vault()?)?;
        let handed = self.0.change(call, request_id, &body, command).await?;
        answer(CreateReportResponse { report: Some(convert::handed(handed)) })
    }

    async fn revise_report(&self, request: Request<ReviseReportRequest>) -> Answer<ReviseReportResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::revise_report(&body, self.vault()?)?;
        let handed = self.0.change(call, request_id, &body, command).await?;
        answer(ReviseReportResponse { report: Some(convert::handed(handed)) })
    }

    async fn get_report(&self, request: Request<GetReportRequest>) -> Answer<GetReportResponse> {
        let (call, body) = self.0.open(request)?;
        let seen = self.0.read(call, parse::get_report(&body, self.vault()?)?).await?;
        answer(GetReportResponse { report: Some(convert::seen(seen)) })
    }

    async fn list_reports(&self, request: Request<ListReportsRequest>) -> Answer<ListReportsResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = parse::referral(&body.referral)?;
        let page = self.0.pages.request(&call, &body.referral, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListReports { referral, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.referral, found.next);
        answer(ListReportsResponse { reports: found.rows.into_iter().map(convert::seen).collect(), next_page_token })
    }

    async fn acknowledge_report(
        &self,
        request: Request<AcknowledgeReportRequest>,
    ) -> Answer<AcknowledgeReportResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::acknowledge_report(&body)?;
        let done = self.0.change(call, request_id, &body, command).await?;
        let (version, acknowledge_time) = (done.version, Some(time_to_proto(done.time)));
        answer(AcknowledgeReportResponse { version, acknowledge_time })
    }

    async fn list_quarantined_reports(
        &self,
        request: Request<ListQuarantinedReportsRequest>,
    ) -> Answer<ListQuarantinedReportsResponse> {
        let (call, body) = self.0.open(request)?;
        let page = self.0.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListQuarantined { page }).await?;
        let next_page_token = self.0.pages.token(&call, "", found.next);
        let reports = found.rows.iter().map(convert::quarantined).collect();
        answer(ListQuarantinedReportsResponse { reports, next_page_token })
    }

    async fn release_quarantined_report(
        &self,
        request: Request<ReleaseQuarantinedReportRequest>,
    ) -> Answer<ReleaseQuarantinedReportResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::release_quarantined(&body, self.vault()?)?;
        let brought = self.0.change(call, request_id, &body, command).await?;
        answer(ReleaseQuarantinedReportResponse { report: Some(convert::handed(brought.0)) })
    }

    async fn discard_quarantined_report(
        &self,
        request: Request<DiscardQuarantinedReportRequest>,
    ) -> Answer<DiscardQuarantinedReportResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::discard_quarantined(&body)?;
        let discarded = self.0.change(call, request_id, &body, command).await?;
        answer(DiscardQuarantinedReportResponse { report: Some(convert::quarantined(&discarded.0)) })
    }
}
