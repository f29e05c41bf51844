//! gRPC: parse, call the use case, convert; a few lines an RPC.

mod attachments;
mod convert;
mod holdings;
mod parse;
mod reports;
mod results;

pub use holdings::holdings;

use relais_platform::{
    Context,
    calls::{Role, Rule, Rules, Sight, rules::Fields},
    parties::{Capacity, Content},
};
use relais_proto::results::v1::{
    attachment_service_server::AttachmentServiceServer, report_service_server::ReportServiceServer,
    results_service_server::ResultsServiceServer,
};
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] =
    &["relais.results.v1.ResultsService", "relais.results.v1.ReportService", "relais.results.v1.AttachmentService"];

/// What is asked and what was found is clinical: only roles and capacities that open it.
const CARE: Rule = Rule::roles(&[Role::Clinician], Sight::Parties(&[Capacity::Referrer, Capacity::Provider]));
/// That a report is there, all parties see, and the unit before which it was laid; what it says, the use case shows to those it is meant
/// for.
const PRESENCE: Rule = Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician], Sight::Parties(&Capacity::ALL));
const SUBMISSION: Rule = Rule::roles(&[Role::Clinician], Sight::Own);
const QUARANTINE: Rule = Rule::roles(&[Role::Desk, Role::Clinician], Sight::Own);

/// Who may call what.
pub const RULES: Rules = &[
    ("/relais.results.v1.ResultsService/GetOrder", CARE),
    ("/relais.results.v1.ResultsService/ListOrders", CARE),
    ("/relais.results.v1.ResultsService/PlaceOrder", CARE.acts(&[Capacity::Referrer])),
    ("/relais.results.v1.ResultsService/CancelOrderLine", CARE.acts(&[Capacity::Referrer, Capacity::Provider])),
    ("/relais.results.v1.ResultsService/RecordSampling", CARE.acts(&[Capacity::Provider])),
    ("/relais.results.v1.ResultsService/ListAnalyses", Rule::everybody(Sight::Everybody)),
    ("/relais.results.v1.ReportService/CreateReport", SUBMISSION),
    ("/relais.results.v1.ReportService/ReviseReport", CARE.acts(&[Capacity::Provider])),
    ("/relais.results.v1.ReportService/GetReport", PRESENCE),
    ("/relais.results.v1.ReportService/ListReports", PRESENCE),
    ("/relais.results.v1.ReportService/AcknowledgeReport", CARE),
    ("/relais.results.v1.ReportService/ListQuarantinedReports", QUARANTINE),
    ("/relais.results.v1.ReportService/ReleaseQuarantinedReport", QUARANTINE),
    ("/relais.results.v1.ReportService/DiscardQuarantinedReport", QUARANTINE),
    ("/relais.results.v1.AttachmentService/UploadAttachment", CARE),
    ("/relais.results.v1.AttachmentService/GetUpload", SUBMISSION),
    ("/relais.results.v1.AttachmentService/ListAttachments", CARE),
    ("/relais.results.v1.AttachmentService/DownloadAttachment", CARE),
];

/// What is asked and what was found is health data.
pub const FIELDS: Fields = &[
    ("relais.results.v1.Order", Content::Clinical),
    ("relais.results.v1.ReportContent", Content::Clinical),
    ("relais.results.v1.Attachment", Content::Clinical),
];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let largest = context.settings.server.max_message_bytes;
    let orders = ResultsServiceServer::new(results::Orders(context.clone()));
    let reports = ReportServiceServer::new(reports::Reports(context.clone()));
    let attachments = AttachmentServiceServer::new(attachments::Attachments(context.clone()));
    Routes::new(orders.max_decoding_message_size(largest))
        .add_service(reports.max_decoding_message_size(largest))
        .add_service(attachments.max_decoding_message_size(largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_clinical_goes_to_roles_and_capacities_that_are() {
        for (rpc, rule) in RULES.iter().filter(|(_, rule)| rule.sight == CARE.sight) {
            let Sight::Parties(seen) = rule.sight else { panic!("{rpc}") };
            assert!(seen.iter().all(|capacity| capacity.contents().contains(&Content::Clinical)), "{rpc}");
            assert!(!rule.roles.is_empty(), "{rpc}");
            assert!(rule.roles.iter().all(|role| role.contents().contains(&Content::Clinical)), "{rpc}");
        }
    }
}
