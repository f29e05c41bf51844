//! The audit service: who saw a patient or a referral; served by every service for itself.

use std::marker::PhantomData;

use relais_proto::audit::v1::{
    Access, ListAccessesRequest, ListAccessesResponse, access, audit_service_server::AuditService,
};
use tonic::Request;

use super::{Answer, answer};
use crate::{
    Context, Service,
    audit::{Asked, ListAccesses, Outcome, Row},
    calls::{Check, Role, Rule, Rules, Sight, check::time_to_proto},
    error::Result,
    ids::{Child, OrganisationId, PatientId, PractitionerId, ReferralId, UnitId},
};

/// Its full name.
pub const NAME: &str = "relais.audit.v1.AuditService";

/// Those who answer for an organisation. Whose patients they may ask about is the service's to say.
pub(super) const RULES: Rules =
    &[("/relais.audit.v1.AuditService/ListAccesses", Rule::roles(&[Role::Admin, Role::Coordinator], Sight::Own))];

/// Serves `relais.audit.v1` for a service.
pub(super) struct Audits<S> {
    context: Context,
    service: PhantomData<fn() -> S>,
}

impl<S> Audits<S> {
    pub(super) fn new(context: Context) -> Self {
        Self { context, service: PhantomData }
    }
}

#[tonic::async_trait]
impl<S: Service> AuditService for Audits<S> {
    async fn list_accesses(&self, request: Request<ListAccessesRequest>) -> Answer<ListAccessesResponse> {
        let (call, body) = self.context.open(request)?;
        let asked = asked(&body)?;
        let filter = asked.to_string();
        let page = self.context.pages.request(&call, &filter, body.page_size, &body.page_token)?;
        let list = ListAccesses::<S> { asked, page, service: PhantomData };
        let found = self.context.read(call.clone(), list).await?;
        let next_page_token = self.context.pages.token(&call, &filter, found.next);
        let accesses = found.rows.into_iter().map(convert).collect::<Result<_>>()?;
        answer(ListAccessesResponse { accesses, next_page_token })
    }
}

fn asked(request: &ListAccessesRequest) -> Result<Asked> {
    let mut check = Check::default();
    check.ensure(
        "referral",
        request.patient.is_empty() != request.referral.is_empty(),
        "or else patient must be given",
    );
    let asked = if request.patient.is_empty() {
        Asked::Referral(check.name("referral", &request.referral))
    } else {
        Asked::Patient(check.name("patient", &request.patient))
    };
    check.finish().map(|()| asked)
}

pub(super) fn convert(row: Row) -> Result<Access> {
    let outcome = match Outcome::stored(&row.outcome)? {
        Outcome::Served => access::Outcome::Served,
        Outcome::Changed => access::Outcome::Changed,
        Outcome::Refused => access::Outcome::Refused,
    };
    let organisation = row.organisation.map(OrganisationId);
    let unit = organisation.zip(row.unit).map(|(of, unit)| Child::new(of, UnitId(unit)).to_string());
    let entry = organisation.zip(row.practitioner);
    let practitioner = entry.map(|(of, entry)| Child::new(of, PractitionerId(entry)).to_string());
    Ok(Access {
        access_time: Some(time_to_proto(row.at)),
        subject: row.caller,
        acting_service: row.actor,
        organisation: organisation.map(|id| id.to_string()).unwrap_or_default(),
        unit: unit.unwrap_or_default(),
        practitioner: practitioner.unwrap_or_default(),
        rpc: row.action,
        resource: row.resource,
        patient: row.patient.map(|id| PatientId(id).to_string()).unwrap_or_default(),
        referral: row.referral.map(|id| ReferralId(id).to_string()).unwrap_or_default(),
        purpose: row.purpose,
        outcome: outcome.into(),
        reason: row.reason,
        trace_id: row.trace_id,
    })
}
