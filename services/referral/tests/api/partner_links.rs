//! Partner links: one referral, one purpose, once.

use anyhow::{Context, Result};
use chrono::TimeDelta;
use futures::future::join_all;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    network::v1::ListOrganisationsRequest,
    operations::v1::AdvanceClockRequest,
    referral::v1::{
        CancelReferralRequest, CreatePartnerLinkRequest, CreatePartnerLinkResponse, ErasePatientRequest,
        GetReferralRequest, ListPartnerLinksRequest, ListReferralsRequest, PartnerLink, RedeemPartnerLinkRequest,
        RedeemPartnerLinkResponse, Referral, RevokePartnerLinkRequest, cancel_referral_request,
        partner_link::{Purpose, State},
        partner_link_service_client::PartnerLinkServiceClient,
    },
};
use relais_tests::{Session, request_id, violations};
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::partners::Partners;

fn request(referral: &Referral) -> CreatePartnerLinkRequest {
    let link = PartnerLink {
        referral: referral.name.clone(),
        purpose: Purpose::FollowUp.into(),
        expire_time: Some(time_to_proto(machine_now() + TimeDelta::days(7))),
        ..PartnerLink::default()
    };
    CreatePartnerLinkRequest { partner_link: Some(link), request_id: request_id() }
}

async fn create(session: &Session, referral: &Referral) -> Result<CreatePartnerLinkResponse> {
    Ok(session.links().create_partner_link(request(referral)).await?.into_inner())
}

fn name(made: &CreatePartnerLinkResponse) -> String {
    made.partner_link.as_ref().map(|link| link.name.clone()).unwrap_or_default()
}

/// As somebody without a token.
async fn redeem(partners: &Partners, secret: &str, code: &str) -> Result<RedeemPartnerLinkResponse, Status> {
    let request = RedeemPartnerLinkRequest { secret: secret.into(), code: code.into() };
    let answer = PartnerLinkServiceClient::new(partners.world.channel()).redeem_partner_link(request).await;
    answer.map(tonic::Response::into_inner)
}

/// That nothing tells why.
fn assert_shut(answered: Result<RedeemPartnerLinkResponse, Status>, what: &str) {
    let status = answered.err().unwrap_or_else(|| Status::ok("it opened"));
    let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
    let told = (status.code(), reason.as_str(), status.message());
    assert_eq!(told, (Code::Unauthenticated, "LINK_INVALID", "the link does not open: ask for a new one"), "{what}");
    assert!(status.metadata().get("retry-after").is_none() && status.get_details_bad_request().is_none(), "{what}");
}

fn another_code(code: &str) -> String {
    format!("{:08}", (code.parse::<u32>().unwrap_or_default() + 1) % 100_000_000)
}

async fn state(session: &Session, referral: &Referral) -> Result<State> {
    let request = ListPartnerLinksRequest { referral: referral.name.clone(), ..Default::default() };
    let links = session.links().list_partner_links(request).await?.into_inner().partner_links;
    Ok(links.first().context("no link")?.state())
}

async fn get(session: &Session, referral: &Referral) -> Result<Referral, Status> {
    let answer = session.referrals().get_referral(GetReferralRequest { name: referral.name.clone() }).await?;
    Ok(answer.into_inner().referral.unwrap_or_default())
}

#[tokio::test]
async fn a_partner_sees_one_referral_and_of_it_what_is_administrative() -> Result<()> {
    let partners = Partners::meet().await?;
    let (sent, other) = (partners.submit().await?, partners.submit().await?);
    let made = create(&partners.desk, &sent).await?;
    assert_eq!((made.secret.len(), made.code.len()), (64, 8));
    let spoken = format!("{} {}-{}", &made.code[..3], &made.code[3..5], &made.code[5..]);
    let opened = redeem(&partners, &made.secret, &spoken).await?;
    assert_eq!((opened.referral.as_str(), opened.purpose()), (sent.name.as_str(), Purpose::FollowUp));
    let partner = partners.world.session_with(&opened.access_token)?;
    let seen = get(&partner, &sent).await?;
    assert_eq!((&seen.number, seen.state, &seen.provider), (&sent.number, sent.state, &sent.provider));
    let hidden = Referral { appointment: seen.appointment.clone(), ..Default::default() };
    let kept = (seen.patient, seen.service, seen.convention, seen.prescriber, seen.parties, seen.etag);
    assert_eq!(
        kept,
        (hidden.patient, hidden.service, hidden.convention, hidden.prescriber, hidden.parties, hidden.etag)
    );
    // Another referral of the same parties is as absent as one that never was.
    let refused = get(&partner, &other).await.unwrap_err();
    let never = Referral { name: format!("referrals/{}", uuid::Uuid::now_v7()), ..Default::default() };
    let absent = get(&partner, &never).await.unwrap_err();
    assert_eq!((refused.code(), absent.code()), (Code::NotFound, Code::NotFound));
    assert_eq!(refused.message().replace(&other.name, ""), absent.message().replace(&never.name, ""));
    // And nothing else answers at all.
    let listed = partner.referrals().list_referrals(ListReferralsRequest::default()).await.unwrap_err();
    let directory = partner.network().list_organisations(ListOrganisationsRequest::default()).await.unwrap_err();
    let link = partner.links().create_partner_link(request(&sent)).await.unwrap_err();
    assert_eq!([listed.code(), directory.code(), link.code()], [Code::PermissionDenied; 3]);
    partners.world.end().await
}

#[tokio::test]
async fn a_link_opens_once_however_many_try_at_once() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let made = create(&partners.desk, &sent).await?;
    let tries = join_all((0..20).map(|_| redeem(&partners, &made.secret, &made.code))).await;
    let (opened, shut): (Vec<_>, Vec<_>) = tries.into_iter().partition(Result::is_ok);
    assert_eq!(opened.len(), 1);
    shut.into_iter().for_each(|answered| assert_shut(answered, "used"));
    assert_shut(redeem(&partners, &made.secret, &made.code).await, "used");
    assert_eq!(state(&partners.desk, &sent).await?, State::Used);
    partners.world.end().await
}

#[tokio::test]
async fn wrong_codes_are_counted_and_five_lock_the_link() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let made = create(&partners.desk, &sent).await?;
    for n in 0..4 {
        assert_shut(redeem(&partners, &made.secret, &another_code(&made.code)).await, &format!("wrong code {n}"));
    }
    assert_eq!(state(&partners.desk, &sent).await?, State::Open);
    assert_shut(redeem(&partners, &made.secret, "").await, "an empty code");
    assert_eq!(state(&partners.desk, &sent).await?, State::Locked);
    assert_shut(redeem(&partners, &made.secret, &made.code).await, "locked");
    // With the right code among many wrong ones at once, it opens once or is locked; nobody gets a sixth guess.
    let made = create(&partners.desk, &sent).await?;
    let wrong = another_code(&made.code);
    let guesses = (0..40).map(|_| redeem(&partners, &made.secret, &wrong));
    join_all(guesses).await.into_iter().for_each(|answered| assert_shut(answered, "guesses at once"));
    assert_shut(redeem(&partners, &made.secret, &made.code).await, "locked by guesses at once");
    assert_eq!(partners.world.count("SELECT max(wrong_codes)::bigint FROM partner_link").await?, 5);
    // Each try leaves its row in the audit.
    let audited = "SELECT count(*) FROM audit WHERE action LIKE '%/RedeemPartnerLink'";
    assert_eq!(partners.world.count(audited).await?, 47);
    partners.world.end().await
}

#[tokio::test]
async fn secrets_that_are_no_secrets_open_nothing_and_lock_nothing() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let (made, other) = (create(&partners.desk, &sent).await?, create(&partners.desk, &sent).await?);
    let last = if made.secret.ends_with('0') { "1" } else { "0" };
    let guesses = [
        String::new(),
        "x".into(),
        made.secret[1..].into(),
        format!("{}{last}", &made.secret[..63]),
        format!("{}{}", &made.secret[..32], &other.secret[32..]),
        format!("{}{}", "0".repeat(32), &made.secret[32..]),
        "\u{0}".repeat(64),
        "é".repeat(32),
        "f".repeat(64),
        "f".repeat(100_000),
        format!("{} OR 1=1", made.secret),
    ];
    for guess in &guesses {
        assert_shut(redeem(&partners, guess, &made.code).await, &guess.chars().take(70).collect::<String>());
    }
    assert_shut(redeem(&partners, &made.secret, &other.code).await, "the code of another link");
    assert_shut(redeem(&partners, &made.secret, &"1".repeat(100_000)).await, "a huge code");
    redeem(&partners, &made.secret, &made.code).await?;
    partners.world.end().await
}

#[tokio::test]
async fn a_revoked_link_opens_nothing_more() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let (shut, open) = (create(&partners.desk, &sent).await?, create(&partners.desk, &sent).await?);
    let visit = redeem(&partners, &open.secret, &open.code).await?;
    let visitor = partners.world.session_with(&visit.access_token)?;
    get(&visitor, &sent).await?;
    let revoke =
        |made: &CreatePartnerLinkResponse| RevokePartnerLinkRequest { name: name(made), request_id: request_id() };
    // Not by others, to whom it is absent, though they are parties of the referral.
    for other in [&partners.lab, &partners.stranger] {
        assert_eq!(other.links().revoke_partner_link(revoke(&shut)).await.unwrap_err().code(), Code::NotFound);
    }
    let request = revoke(&shut);
    let first = partners.desk.links().revoke_partner_link(request.clone()).await?.into_inner();
    assert_eq!(first.partner_link.as_ref().map(PartnerLink::state), Some(State::Revoked));
    assert_eq!(partners.desk.links().revoke_partner_link(request).await?.into_inner(), first);
    assert_shut(redeem(&partners, &shut.secret, &shut.code).await, "revoked");
    // What a link has opened is shut with it.
    partners.coordinator.links().revoke_partner_link(revoke(&open)).await?;
    assert_eq!(get(&visitor, &sent).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}

#[tokio::test]
async fn a_link_and_what_it_opened_expire() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let (late, open) = (create(&partners.desk, &sent).await?, create(&partners.desk, &sent).await?);
    let visit = redeem(&partners, &open.secret, &open.code).await?;
    let visitor = partners.world.session_with(&visit.access_token)?;
    get(&visitor, &sent).await?;
    let time = Some(time_to_proto(machine_now() + TimeDelta::days(7)));
    partners.operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    assert_shut(redeem(&partners, &late.secret, &late.code).await, "expired");
    assert_eq!(get(&visitor, &sent).await.unwrap_err().code(), Code::Unauthenticated);
    partners.world.end().await
}

#[tokio::test]
async fn who_may_make_a_link_and_for_how_long() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let refused = partners.stranger.links().create_partner_link(request(&sent)).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound, "no party");
    let at = |seconds: i64| Some(time_to_proto(machine_now() + TimeDelta::seconds(seconds)));
    let broken = at(0).map(|told| prost_types::Timestamp { nanos: -1, ..told });
    let huge = at(0).map(|told| prost_types::Timestamp { seconds: i64::MAX, ..told });
    for expire_time in [at(-60), at(31 * 86_400), None, broken, huge] {
        let mut asked = request(&sent);
        asked.partner_link = asked.partner_link.map(|link| PartnerLink { expire_time, ..link });
        let status = partners.desk.links().create_partner_link(asked).await.unwrap_err();
        let told = (status.code(), violations(&status));
        assert_eq!(told, (Code::InvalidArgument, vec!["partner_link.expire_time".to_string()]), "{expire_time:?}");
    }
    // What a purpose would open is not there: no link says that it is.
    for purpose in [Purpose::Appointment, Purpose::Result] {
        let mut asked = request(&sent);
        asked.partner_link = asked.partner_link.map(|link| PartnerLink { purpose: purpose.into(), ..link });
        let status = partners.desk.links().create_partner_link(asked).await.unwrap_err();
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, vec!["partner_link.purpose".into()]));
    }
    let empty = CreatePartnerLinkRequest::default();
    let status = partners.desk.links().create_partner_link(empty).await.unwrap_err();
    let fields =
        ["partner_link", "partner_link.purpose", "partner_link.expire_time", "request_id", "partner_link.referral"];
    assert_eq!(violations(&status), fields);
    partners.world.end().await
}

#[tokio::test]
async fn secrets_are_told_once_and_kept_nowhere() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let asked = request(&sent);
    let made = partners.lab.links().create_partner_link(asked.clone()).await?.into_inner();
    let again = partners.lab.links().create_partner_link(asked).await?.into_inner();
    assert_eq!((&again.partner_link, again.secret.as_str(), again.code.as_str()), (&made.partner_link, "", ""));
    let row: String =
        sqlx::query_scalar("SELECT l::text FROM partner_link l").fetch_one(&partners.world.database).await?;
    assert!(!row.contains(&made.secret[32..]) && !row.contains(&made.code), "{row}");
    // Its maker sees it, other parties do not.
    assert_eq!(state(&partners.lab, &sent).await?, State::Open);
    assert!(state(&partners.desk, &sent).await.is_err());
    partners.world.end().await
}

/// Whoever holds the record ends the links of all parties with it, those that were opened, too.
#[tokio::test]
async fn links_end_with_the_patients_record() -> Result<()> {
    let partners = Partners::meet().await?;
    let sent = partners.submit().await?;
    let (own, theirs) = (create(&partners.desk, &sent).await?, create(&partners.lab, &sent).await?);
    let open = create(&partners.lab, &sent).await?;
    let visit = redeem(&partners, &open.secret, &open.code).await?;
    let visitor = partners.world.session_with(&visit.access_token)?;
    get(&visitor, &sent).await?;
    let (name, reason) = (sent.name.clone(), cancel_referral_request::Reason::PatientDeclined.into());
    let cancel = CancelReferralRequest { name, reason, request_id: request_id(), ..Default::default() };
    partners.desk.referrals().cancel_referral(cancel).await?;
    get(&visitor, &sent).await?;
    let erase = ErasePatientRequest { name: partners.patient.clone(), request_id: request_id() };
    partners.coordinator.patients().erase_patient(erase).await?;
    for link in [own, theirs] {
        assert_shut(redeem(&partners, &link.secret, &link.code).await, "the record was erased");
    }
    assert_eq!(get(&visitor, &sent).await.unwrap_err().code(), Code::NotFound);
    partners.world.end().await
}

/// Guesses are counted over all links; whoever has a link of their own gets in all the same.
#[tokio::test]
async fn too_many_failed_tries_of_whichever_links_are_put_off() -> Result<()> {
    let partners = Partners::meet_with(&[("RELAIS__PARTNER_LINKS__FAILED_PER_MINUTE", "3")]).await?;
    let sent = partners.submit().await?;
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(create(&partners.desk, &sent).await?);
    }
    let [tried, fresh, mistyped, last] = made.as_slice() else { panic!("four") };
    assert_shut(redeem(&partners, &tried.secret, &another_code(&tried.code)).await, "a wrong code");
    for guess in ["x".to_string(), "0".repeat(64)] {
        assert_shut(redeem(&partners, &guess, "00000000").await, "a made-up secret");
    }
    // The right code of a link that was tried in vain, and anything else that opens none: put off, all alike.
    for (secret, code) in [(tried.secret.as_str(), tried.code.as_str()), ("x", "1"), (&mistyped.secret, "1")] {
        let status = redeem(&partners, secret, code).await.unwrap_err();
        let reason = status.get_details_error_info().map(|info| info.reason).unwrap_or_default();
        assert_eq!((status.code(), reason.as_str()), (Code::ResourceExhausted, "TOO_MANY_FAILED_LINKS"));
        let after = status.get_details_retry_info().and_then(|info| info.retry_delay).context("no delay")?;
        assert!(after.as_secs() <= 60 && !after.is_zero(), "{after:?}");
    }
    // A link that nobody tried opens at its first try.
    redeem(&partners, &fresh.secret, &fresh.code).await?;
    // Of those that were put off none was locked, and in the next minute they open.
    let time = Some(time_to_proto(machine_now() + TimeDelta::seconds(61)));
    partners.operator.operations().advance_clock(AdvanceClockRequest { time }).await?;
    for link in [tried, mistyped, last] {
        redeem(&partners, &link.secret, &link.code).await?;
    }
    let rows =
        "SELECT count(*) FROM audit WHERE action LIKE '%/RedeemPartnerLink' AND reason = 'TOO_MANY_FAILED_LINKS'";
    assert_eq!(partners.world.count(rows).await?, 1, "one a minute: nobody fills the audit without a token");
    partners.world.end().await
}
