//! `relais.referral.v1.ReferralService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{
    CancelReferralRequest, CancelReferralResponse, GetAllowedActionsRequest, GetAllowedActionsResponse,
    GetReferralRequest, GetReferralResponse, ListReferralsRequest, ListReferralsResponse, SubmitReferralRequest,
    SubmitReferralResponse, referral_service_server::ReferralService,
};
use tonic::Request;

use super::{convert, parse, partner_link::for_partner};
use crate::app::referral::ListReferrals;

/// Serves referrals.
pub(super) struct Referrals(pub Context);

#[tonic::async_trait]
impl ReferralService for Referrals {
    async fn submit_referral(&self, request: Request<SubmitReferralRequest>) -> Answer<SubmitReferralResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::submit_referral(&body)?;
        let referral = self.0.change(call, request_id, &body, command).await?;
        answer(SubmitReferralResponse { referral: Some(convert::referral(referral)) })
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
        let page = self.0.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListReferrals { page }).await?;
        let next_page_token = self.0.pages.token(&call, "", found.next);
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

    async fn cancel_referral(&self, request: Request<CancelReferralRequest>) -> Answer<CancelReferralResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::cancel_referral(&body)?;
        let referral = self.0.change(call, request_id, &body, command).await?;
        answer(CancelReferralResponse { referral: Some(convert::referral(referral)) })
    }
}
