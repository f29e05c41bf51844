//! gRPC clients that send a token.

use anyhow::Result;
use chrono::{Datelike, NaiveDate};
use prost::Message;
use prost_types::{FileDescriptorProto, FileDescriptorSet};
use relais_platform::calls::check::date_to_proto;
use relais_proto::{
    audit::v1::audit_service_client::AuditServiceClient,
    convention::v1::{
        convention_service_client::ConventionServiceClient, expense_service_client::ExpenseServiceClient,
        staff_time_service_client::StaffTimeServiceClient, statement_service_client::StatementServiceClient,
    },
    google::r#type::Date,
    holdings::v1::holdings_service_client::HoldingsServiceClient,
    network::v1::{
        leave_service_client::LeaveServiceClient, member_service_client::MemberServiceClient,
        network_service_client::NetworkServiceClient,
    },
    notification::v1::{
        delivery_service_client::DeliveryServiceClient, notification_service_client::NotificationServiceClient,
    },
    operations::v1::operations_service_client::OperationsServiceClient,
    referral::v1::{
        break_glass_service_client::BreakGlassServiceClient, partner_link_service_client::PartnerLinkServiceClient,
        patient_service_client::PatientServiceClient, recipient_service_client::RecipientServiceClient,
        referral_service_client::ReferralServiceClient, vault_service_client::VaultServiceClient,
    },
    results::v1::{
        attachment_service_client::AttachmentServiceClient, report_service_client::ReportServiceClient,
        results_service_client::ResultsServiceClient,
    },
    scheduling::v1::{
        opening_service_client::OpeningServiceClient, scheduling_service_client::SchedulingServiceClient,
    },
};
use tonic::{
    GrpcMethod, Request, Status,
    metadata::{Ascii, MetadataValue},
    service::{Interceptor, interceptor::InterceptedService},
    transport::Channel,
};
use tonic_types::StatusExt;
use uuid::Uuid;

use crate::Journal;

/// Sends a token with each call, and a trace's parent when there is one.
#[derive(Clone)]
pub struct Bearer {
    authorization: MetadataValue<Ascii>,
    trace: Trace,
}

/// The trace that calls stand in.
#[derive(Clone)]
enum Trace {
    None,
    Under(MetadataValue<Ascii>),
    Each(Journal),
}

impl Trace {
    fn parent(&self, request: &Request<()>) -> Result<Option<MetadataValue<Ascii>>, Status> {
        match self {
            Self::None => Ok(None),
            Self::Under(parent) => Ok(Some(parent.clone())),
            Self::Each(journal) => {
                let method = request.extensions().get::<GrpcMethod<'_>>();
                let rpc = method.map(|method| format!("{}/{}", method.service(), method.method()));
                journal.note(rpc.unwrap_or_default()).map(Some)
            }
        }
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.authorization.clone());
        if let Some(parent) = self.trace.parent(&request)? {
            request.metadata_mut().insert("traceparent", parent);
        }
        Ok(request)
    }
}

type Via = InterceptedService<Channel, Bearer>;

/// One caller at one service.
#[derive(Clone)]
pub struct Session {
    channel: Channel,
    bearer: Bearer,
}

macro_rules! clients {
    ($($(#[$doc:meta])* $name:ident: $client:ident;)*) => {
        impl Session {
            $($(#[$doc])* pub fn $name(&self) -> $client<Via> {
                $client::with_interceptor(self.channel.clone(), self.bearer.clone())
            })*
        }
    };
}

clients! {
    /// The directory.
    network: NetworkServiceClient;
    /// Members and their sessions.
    members: MemberServiceClient;
    /// Leave and substitutes.
    leaves: LeaveServiceClient;
    /// Conventions.
    conventions: ConventionServiceClient;
    /// Statements.
    statements: StatementServiceClient;
    /// Money spent under conventions.
    expenses: ExpenseServiceClient;
    /// Time of staff under conventions.
    staff_times: StaffTimeServiceClient;
    /// Patient records.
    patients: PatientServiceClient;
    /// The vault's keys.
    vault: VaultServiceClient;
    /// Referrals.
    referrals: ReferralServiceClient;
    /// Who receives what, for services.
    recipients: RecipientServiceClient;
    /// Links for partners.
    links: PartnerLinkServiceClient;
    /// Appointments.
    scheduling: SchedulingServiceClient;
    /// When sites receive patients.
    openings: OpeningServiceClient;
    /// Orders.
    results: ResultsServiceClient;
    /// Reports.
    reports: ReportServiceClient;
    /// Files of orders and reports.
    attachments: AttachmentServiceClient;
    /// The inbox.
    inbox: NotificationServiceClient;
    /// What goes out by mail.
    deliveries: DeliveryServiceClient;
    /// Clock and backlog.
    operations: OperationsServiceClient;
    /// Who saw what.
    audits: AuditServiceClient;
    /// What is held on people.
    holdings: HoldingsServiceClient;
    /// Files opened by those who are no party.
    break_glass: BreakGlassServiceClient;
}

impl Session {
    /// A caller with this token.
    ///
    /// # Errors
    /// When the token cannot stand in a header.
    pub fn new(channel: Channel, token: &str) -> Result<Self> {
        let authorization = format!("Bearer {token}").parse()?;
        Ok(Self { channel, bearer: Bearer { authorization, trace: Trace::None } })
    }

    /// The way to any RPC.
    pub fn service(&self) -> InterceptedService<Channel, Bearer> {
        InterceptedService::new(self.channel.clone(), self.bearer.clone())
    }

    /// The same caller, within a trace.
    ///
    /// # Errors
    /// When the parent cannot stand in a header.
    pub fn traced(mut self, traceparent: &str) -> Result<Self> {
        self.bearer.trace = Trace::Under(traceparent.parse()?);
        Ok(self)
    }

    /// The same caller, each of whose calls begins a trace that is noted.
    #[must_use]
    pub fn noted(mut self, journal: &Journal) -> Self {
        self.bearer.trace = Trace::Each(journal.clone());
        self
    }
}

/// One caller at each of the four services.
#[derive(Clone)]
pub struct Sessions {
    /// At the referral service.
    pub referral: Session,
    /// At the scheduling service.
    pub scheduling: Session,
    /// At the results service.
    pub results: Session,
    /// At the notification service.
    pub notification: Session,
}

impl Sessions {
    /// All four, in order.
    pub fn all(&self) -> [(&'static str, &Session); 4] {
        [
            ("referral", &self.referral),
            ("scheduling", &self.scheduling),
            ("results", &self.results),
            ("notification", &self.notification),
        ]
    }
}

/// A new `request_id`.
pub fn request_id() -> String {
    Uuid::now_v7().to_string()
}

/// A day as `google.type.Date`.
pub fn date(day: NaiveDate) -> Date {
    debug_assert!(day.year() > 0);
    date_to_proto(day)
}

/// A request whose answer is wished for in a language.
pub fn in_language<T>(message: T, language: &'static str) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("accept-language", MetadataValue::from_static(language));
    request
}

/// The codes of the rules that a refusal names, in order.
pub fn rules(status: &Status) -> Vec<String> {
    let failure = status.get_details_precondition_failure();
    failure.map(|f| f.violations.into_iter().map(|v| v.subject).collect()).unwrap_or_default()
}

/// The fields that an error names, in order.
pub fn violations(status: &Status) -> Vec<String> {
    let bad = status.get_details_bad_request();
    bad.map(|b| b.field_violations.into_iter().map(|v| v.field).collect()).unwrap_or_default()
}

/// The full names of all services of the contract.
pub fn all_services() -> Vec<String> {
    let set = FileDescriptorSet::decode(relais_proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
    let named = |file: &FileDescriptorProto| {
        let package = file.package().to_string();
        file.service.iter().map(move |service| format!("{package}.{}", service.name())).collect::<Vec<_>>()
    };
    set.file.iter().flat_map(named).collect()
}

/// The RPCs of services, as paths, from the descriptors.
pub fn methods(services: &[&str]) -> Vec<String> {
    let set = FileDescriptorSet::decode(relais_proto::FILE_DESCRIPTOR_SET).unwrap_or_default();
    let mut methods = Vec::new();
    for file in &set.file {
        for service in &file.service {
            let name = format!("{}.{}", file.package(), service.name());
            if services.contains(&name.as_str()) {
                methods.extend(service.method.iter().map(|method| format!("/{name}/{}", method.name())));
            }
        }
    }
    methods
}
