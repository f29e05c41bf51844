//! The steps of `relais.referral.v1.ReferralService`: each is parsed, taken, and answered with the referral as it is then.

use prost::Message;
use relais_platform::{
    Context, Result,
    calls::Recall,
    database::UseCase,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{self, Referral};
use tonic::Request;
use uuid::Uuid;

use super::convert;
use crate::domain::referral;

/// Takes a step, and answers with the referral.
pub(super) async fn take<B, C, R>(
    context: &Context,
    request: Request<B>,
    parse: impl FnOnce(&B) -> Result<(Uuid, C)>,
    response: impl FnOnce(Option<Referral>) -> R,
) -> Answer<R>
where
    B: Message,
    C: UseCase<Outcome = referral::Referral>,
    C::Outcome: Recall,
{
    let (call, body) = context.open(request)?;
    let (request_id, command) = parse(&body)?;
    let referral = context.change(call, request_id, &body, command).await?;
    answer(response(Some(convert::referral(referral))))
}

/// The fields that each step has.
macro_rules! common {
    ($($request:ident),*) => {
        $(impl Common for v1::$request {
            fn common(&self) -> (&str, &str, &str) {
                (&self.name, &self.etag, &self.request_id)
            }
        })*
    };
}

/// A request of a step: the referral's name, the etag seen, the request's id.
pub(super) trait Common {
    /// The three.
    fn common(&self) -> (&str, &str, &str);
}

common!(
    AcceptReferralRequest,
    WaitlistReferralRequest,
    ConfirmCancellationRequest,
    DeclineCancellationRequest,
    CompleteReferralRequest,
    FailReferralRequest,
    DeclineOfferRequest
);
