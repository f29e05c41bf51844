//! `relais.referral.v1.RecipientService`: answers services alone.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{
    ResolveContactRequest, ResolveContactResponse, ResolveRecipientsRequest, ResolveRecipientsResponse,
    recipient_service_server::RecipientService,
};
use tonic::Request;

use super::{convert, parse};
use crate::app::identity::Vault;

/// Says who receives results, and where people are reached.
pub(super) struct Recipients(pub Context);

#[tonic::async_trait]
impl RecipientService for Recipients {
    async fn resolve_recipients(
        &self,
        request: Request<ResolveRecipientsRequest>,
    ) -> Answer<ResolveRecipientsResponse> {
        let (call, body) = self.0.open(request)?;
        let recipients = self.0.read(call, parse::resolve_recipients(&body)?).await?;
        answer(ResolveRecipientsResponse { recipients: recipients.into_iter().map(convert::recipient).collect() })
    }

    async fn resolve_contact(&self, request: Request<ResolveContactRequest>) -> Answer<ResolveContactResponse> {
        let (call, body) = self.0.open(request)?;
        let question = parse::resolve_contact(&body, Vault::new(self.0.key_service()?))?;
        let reached = self.0.read(call, question).await?;
        answer(convert::reached(reached))
    }
}
