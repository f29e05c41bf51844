//! `relais.referral.v1.ReferralService`.

use relais_platform::{
    Context, Result,
    grpc::{Answer, answer},
    telemetry,
};
use relais_proto::referral::v1::{
    AcceptReferralRequest, AcceptReferralResponse, CancelReferralRequest, CancelReferralResponse,
    CheckAdmissionRequest, CheckAdmissionResponse, CompleteReferralRequest, CompleteReferralResponse,
    ConfirmCancellationRequest, ConfirmCancellationResponse, DeclineCancellationRequest, DeclineCancellationResponse,
    DeclineOfferRequest, DeclineOfferResponse, EnterInErrorRequest, EnterInErrorResponse, FailReferralRequest,
    FailReferralResponse, GetAllowedActionsRequest, GetAllowedActionsResponse, GetReferralRequest, GetReferralResponse,
    GetTimelineRequest, GetTimelineResponse, ListReferralsRequest, ListReferralsResponse, ListTransitionsRequest,
    ListTransitionsResponse, ListWaitingRequest, ListWaitingResponse, LookupReferralRequest, LookupReferralResponse,
    ProvideInformationRequest, ProvideInformationResponse, RedirectReferralRequest, RedirectReferralResponse,
    RejectReferralRequest, RejectReferralResponse, RequestInformationRequest, RequestInformationResponse,
    SubmitReferralRequest, SubmitReferralResponse, UndoReferralRequest, UndoReferralResponse, WaitlistReferralRequest,
    WaitlistReferralResponse, referral_service_server::ReferralService,
};
use tonic::Request;
use uuid::Uuid;

use super::{
    convert,
    lifecycle::{Common, take},
    parse,
    partner_link::for_partner,
};
use crate::{
    app::referral::{GetTimeline, ListReferrals, ListTransitions, ListWaiting, NOT_ADMITTED, TakeStep},
    domain::referral::Move,
};

/// Serves referrals.
pub(super) struct Referrals(pub Context);

#[tonic::async_trait]
impl ReferralService for Referrals {
    async fn submit_referral(&self, request: Request<SubmitReferralRequest>) -> Answer<SubmitReferralResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::submit_referral(&body)?;
        let submitted = self.0.change(call, request_id, &body, command).await;
        // Here it is said once, however often the unit was begun again.
        let referral = submitted.inspect_err(|error| {
            if error.reason == NOT_ADMITTED {
                telemetry::not_admitted(error);
            }
        })?;
        answer(SubmitReferralResponse { referral: Some(convert::referral(referral)) })
    }

    async fn check_admission(&self, request: Request<CheckAdmissionRequest>) -> Answer<CheckAdmissionResponse> {
        let (call, body) = self.0.open(request)?;
        let language = call.language;
        let checked = self.0.read(call, parse::check_admission(&body)?).await?;
        answer(convert::checked(checked, language))
    }

    async fn get_referral(&self, request: Request<GetReferralRequest>) -> Answer<GetReferralResponse> {
        let (call, body) = self.0.open(request)?;
        let partner = call.caller.grant.is_some();
        let referral = convert::referral(self.0.read(call, parse::get_referral(&body)?).await?);
        let referral = if partner { for_partner(referral) } else { referral };
        answer(GetReferralResponse { referral: Some(referral) })
    }

    async fn list_referrals(&self, request: Request<ListReferralsRequest>) -> Answer<ListReferralsResponse> {
        let (call, body) = self.0.open(request)?;
        let filter = parse::filter(&body)?;
        let asked = format!("{filter:?}");
        let page = self.0.pages.request(&call, &asked, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListReferrals { filter, page }).await?;
        let next_page_token = self.0.pages.token(&call, &asked, found.next);
        answer(ListReferralsResponse {
            referrals: found.rows.into_iter().map(convert::referral).collect(),
            next_page_token,
        })
    }

    async fn get_allowed_actions(
        &self,
        request: Request<GetAllowedActionsRequest>,
    ) -> Answer<GetAllowedActionsResponse> {
        let (call, body) = self.0.open(request)?;
        let actions = self.0.read(call, parse::get_allowed_actions(&body)?).await?;
        answer(GetAllowedActionsResponse { actions: actions.iter().map(|action| action.name().into()).collect() })
    }

    async fn lookup_referral(&self, request: Request<LookupReferralRequest>) -> Answer<LookupReferralResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = self.0.read(call, parse::lookup_referral(&body)?).await?;
        answer(LookupReferralResponse { referral: Some(convert::referral(referral)) })
    }

    async fn list_transitions(&self, request: Request<ListTransitionsRequest>) -> Answer<ListTransitionsResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = parse::of_referral(&body.parent)?;
        let page = self.0.pages.request(&call, &body.parent, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListTransitions { referral, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.parent, found.next);
        answer(ListTransitionsResponse {
            transitions: found.rows.into_iter().map(convert::transition).collect(),
            next_page_token,
        })
    }

    async fn get_timeline(&self, request: Request<GetTimelineRequest>) -> Answer<GetTimelineResponse> {
        let (call, body) = self.0.open(request)?;
        let patient = parse::of_patient(&body.patient)?;
        let page = self.0.pages.request(&call, &body.patient, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), GetTimeline { patient, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.patient, found.next);
        answer(GetTimelineResponse { entries: found.rows.into_iter().map(convert::entry).collect(), next_page_token })
    }

    async fn accept_referral(&self, request: Request<AcceptReferralRequest>) -> Answer<AcceptReferralResponse> {
        take(&self.0, request, |body| step(Move::Accept, body), |referral| AcceptReferralResponse { referral }).await
    }

    async fn request_information(
        &self,
        request: Request<RequestInformationRequest>,
    ) -> Answer<RequestInformationResponse> {
        take(&self.0, request, parse::request_information, |referral| RequestInformationResponse { referral }).await
    }

    async fn provide_information(
        &self,
        request: Request<ProvideInformationRequest>,
    ) -> Answer<ProvideInformationResponse> {
        take(&self.0, request, parse::provide_information, |referral| ProvideInformationResponse { referral }).await
    }

    async fn waitlist_referral(&self, request: Request<WaitlistReferralRequest>) -> Answer<WaitlistReferralResponse> {
        take(
            &self.0,
            request,
            |body| parse::step_for(Move::Waitlist, body.reason, body.common()),
            |referral| WaitlistReferralResponse { referral },
        )
        .await
    }

    async fn reject_referral(&self, request: Request<RejectReferralRequest>) -> Answer<RejectReferralResponse> {
        take(&self.0, request, parse::reject_referral, |referral| RejectReferralResponse { referral }).await
    }

    async fn redirect_referral(&self, request: Request<RedirectReferralRequest>) -> Answer<RedirectReferralResponse> {
        take(&self.0, request, parse::redirect_referral, |referral| RedirectReferralResponse { referral }).await
    }

    async fn cancel_referral(&self, request: Request<CancelReferralRequest>) -> Answer<CancelReferralResponse> {
        take(&self.0, request, parse::cancel_referral, |referral| CancelReferralResponse { referral }).await
    }

    async fn confirm_cancellation(
        &self,
        request: Request<ConfirmCancellationRequest>,
    ) -> Answer<ConfirmCancellationResponse> {
        take(
            &self.0,
            request,
            |body| step(Move::ConfirmCancellation, body),
            |referral| ConfirmCancellationResponse { referral },
        )
        .await
    }

    async fn decline_cancellation(
        &self,
        request: Request<DeclineCancellationRequest>,
    ) -> Answer<DeclineCancellationResponse> {
        take(
            &self.0,
            request,
            |body| step(Move::DeclineCancellation, body),
            |referral| DeclineCancellationResponse { referral },
        )
        .await
    }

    async fn complete_referral(&self, request: Request<CompleteReferralRequest>) -> Answer<CompleteReferralResponse> {
        take(&self.0, request, |body| step(Move::Complete, body), |referral| CompleteReferralResponse { referral })
            .await
    }

    async fn fail_referral(&self, request: Request<FailReferralRequest>) -> Answer<FailReferralResponse> {
        take(
            &self.0,
            request,
            |body| parse::step_for(Move::Fail, body.reason, body.common()),
            |referral| FailReferralResponse { referral },
        )
        .await
    }

    async fn enter_in_error(&self, request: Request<EnterInErrorRequest>) -> Answer<EnterInErrorResponse> {
        take(&self.0, request, parse::enter_in_error, |referral| EnterInErrorResponse { referral }).await
    }

    async fn list_waiting(&self, request: Request<ListWaitingRequest>) -> Answer<ListWaitingResponse> {
        let (call, body) = self.0.open(request)?;
        let convention = parse::of_convention(&body.parent)?;
        let size = self.0.pages.request(&call, &body.parent, body.page_size, "")?.size;
        let after = parse::after_turn(&body.page_token, |token| self.0.pages.open(&call, &body.parent, token))?;
        let found = self.0.read(call.clone(), ListWaiting { convention, after, size }).await?;
        let next = found.next.map(|turn| self.0.pages.seal(&call, &body.parent, &parse::turn_to_bytes(&turn)));
        let waiting = found.rows.into_iter().map(convert::waiting).collect();
        answer(ListWaitingResponse { waiting, next_page_token: next.unwrap_or_default() })
    }

    async fn decline_offer(&self, request: Request<DeclineOfferRequest>) -> Answer<DeclineOfferResponse> {
        take(&self.0, request, |body| step(Move::DeclineOffer, body), |referral| DeclineOfferResponse { referral })
            .await
    }

    async fn undo_referral(&self, request: Request<UndoReferralRequest>) -> Answer<UndoReferralResponse> {
        take(&self.0, request, parse::undo_referral, |referral| UndoReferralResponse { referral }).await
    }
}

/// A step of which nothing but the referral is asked.
fn step(by: Move, body: &impl Common) -> Result<(Uuid, TakeStep)> {
    let (name, etag, request_id) = body.common();
    parse::step(by, name, etag, request_id)
}
