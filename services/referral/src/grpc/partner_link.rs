//! `relais.referral.v1.PartnerLinkService`, and what a partner sees of a referral.

use std::time::Duration;

use chrono::{DateTime, Utc};
use relais_platform::{
    Context, Error,
    calls::{
        caller::{Grant, Purpose},
        check::time_to_proto,
        token::service_key::Partner,
    },
    error::Kind,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{
    CreatePartnerLinkRequest, CreatePartnerLinkResponse, ListPartnerLinksRequest, ListPartnerLinksResponse,
    PartnerLink, RedeemPartnerLinkRequest, RedeemPartnerLinkResponse, Referral, RevokePartnerLinkRequest,
    RevokePartnerLinkResponse, partner_link, partner_link_service_server::PartnerLinkService,
};
use tonic::Request;

use super::parse;
use crate::{
    app::referral::{CreatePartnerLink, ListPartnerLinks, RedeemPartnerLink, Redeemed},
    domain::referral::partner_link::{self as domain, Keys, LinkState},
    store::partner_link::Hashes,
};

/// Serves partner links.
pub(super) struct PartnerLinks(pub Context);

#[tonic::async_trait]
impl PartnerLinkService for PartnerLinks {
    async fn create_partner_link(
        &self,
        request: Request<CreatePartnerLinkRequest>,
    ) -> Answer<CreatePartnerLinkResponse> {
        let (call, body) = self.0.open(request)?;
        // Without a key no link could be opened.
        self.0.key()?;
        let asked = parse::create_partner_link(&body, |purpose| call.is_offered(purpose))?;
        let parse::Asked { request_id, referral, purpose, expires_at, keys } = asked;
        let hashes = self.hashes(&keys);
        let command = CreatePartnerLink { referral, purpose, expires_at, keys, hashes };
        let created = self.0.change(call, request_id, &body, command).await?;
        let (secret, code) = created.keys.map(|keys| (keys.secret(), keys.code().into())).unwrap_or_default();
        let made = created.link.create_time;
        let partner_link = Some(link(created.link, made));
        answer(CreatePartnerLinkResponse { partner_link, secret, code })
    }

    async fn list_partner_links(&self, request: Request<ListPartnerLinksRequest>) -> Answer<ListPartnerLinksResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = parse::list_partner_links(&body)?;
        let page = self.0.pages.request(&call, &body.referral, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListPartnerLinks { referral, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.referral, found.next);
        let now = self.0.clock.now();
        let partner_links = found.rows.into_iter().map(|link| self::link(link, now)).collect();
        answer(ListPartnerLinksResponse { partner_links, next_page_token })
    }

    async fn revoke_partner_link(
        &self,
        request: Request<RevokePartnerLinkRequest>,
    ) -> Answer<RevokePartnerLinkResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::revoke_partner_link(&body)?;
        let revoked = self.0.change(call, request_id, &body, command).await?;
        answer(RevokePartnerLinkResponse { partner_link: Some(link(revoked, self.0.clock.now())) })
    }

    async fn redeem_partner_link(
        &self,
        request: Request<RedeemPartnerLinkRequest>,
    ) -> Answer<RedeemPartnerLinkResponse> {
        let (call, body) = self.0.open(request)?;
        let keys = Keys::given(&body.secret, &body.code);
        let failed_per_minute = self.0.settings.partner_links.failed_per_minute;
        let command = RedeemPartnerLink { id: keys.id, hashes: self.hashes(&keys), failed_per_minute };
        let link = match self.0.read(call, command).await? {
            Redeemed::Opened(link) => link,
            Redeemed::Shut => return Err(refused().into()),
            Redeemed::TooOften(after) => return Err(too_often(after).into()),
        };
        let grant = Grant { link: link.id, referral: link.referral, purpose: link.purpose };
        let partner = Partner { organisation: link.organisation, unit: link.unit, grant };
        let (access_token, expires_at) = self.0.key()?.partner(&partner)?;
        answer(RedeemPartnerLinkResponse {
            access_token,
            expire_time: Some(time_to_proto(expires_at)),
            referral: link.referral.to_string(),
            purpose: purpose(link.purpose).into(),
        })
    }
}

impl PartnerLinks {
    fn hashes(&self, keys: &Keys) -> Hashes {
        Hashes { secret: self.0.hash(&keys.secret_material()), code: self.0.hash(&keys.code_material()) }
    }
}

/// Absent, wrong, expired, revoked, locked and used are answered alike.
fn refused() -> Error {
    Error::new(Kind::Unauthenticated, "LINK_INVALID", "the link does not open: ask for a new one")
}

/// Nor does this tell anything of the link.
fn too_often(after: Duration) -> Error {
    Error::too_often("TOO_MANY_FAILED_LINKS", "too many links were tried in vain: try again in a moment", after)
}

/// What a partner sees of a referral: what is administrative, and of that neither who the parties nor who the patient is.
pub(super) fn for_partner(referral: Referral) -> Referral {
    Referral {
        name: referral.name,
        number: referral.number,
        state: referral.state,
        provider: referral.provider,
        site: referral.site,
        requested_date: referral.requested_date,
        priority: referral.priority,
        appointment: referral.appointment,
        create_time: referral.create_time,
        update_time: referral.update_time,
        ..Referral::default()
    }
}

fn purpose(value: Purpose) -> partner_link::Purpose {
    match value {
        Purpose::FollowUp => partner_link::Purpose::FollowUp,
        Purpose::Appointment => partner_link::Purpose::Appointment,
        Purpose::Result => partner_link::Purpose::Result,
    }
}

pub(super) fn link(value: domain::PartnerLink, now: DateTime<Utc>) -> PartnerLink {
    let state = match value.state(now) {
        LinkState::Open => partner_link::State::Open,
        LinkState::Used => partner_link::State::Used,
        LinkState::Expired => partner_link::State::Expired,
        LinkState::Revoked => partner_link::State::Revoked,
        LinkState::Locked => partner_link::State::Locked,
    };
    PartnerLink {
        name: value.id.to_string(),
        referral: value.referral.to_string(),
        purpose: purpose(value.purpose).into(),
        expire_time: Some(time_to_proto(value.expires_at)),
        state: state.into(),
        create_time: Some(time_to_proto(value.create_time)),
    }
}
