//! Every step brings the place that a referral holds to where it stands.

use anyhow::Result;
use chrono::TimeDelta;
use relais_proto::{
    convention::v1::{Party, party},
    referral::v1::{
        AcceptReferralRequest, RedirectReferralRequest,
        referral::{Reason, State},
    },
};
use relais_tests::{partnership, request_id, rules};
use tonic_types::StatusExt;

use super::*;
use crate::lifecycle::{
    Appointment, accept_referral, advance, cancel_referral, enter_in_error, fail_referral, get, provide_information,
    reject_referral, request_information, undo_referral, until, waitlist_referral,
};

#[tokio::test]
async fn whatever_comes_to_nothing_gives_its_place_back_once() -> Result<()> {
    let mut metered = Metered::agree(vec![firm(3)]).await?;
    for end in ["reject", "cancel", "fail", "error"] {
        let sent = metered.send().await?;
        let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
        request_information(lab, &sent.name).await?;
        provide_information(desk, &sent.name).await?;
        waitlist_referral(lab, &sent.name).await?;
        assert_eq!(metered.stands().await?, (1, 0, 2, 0), "it waits with its place");
        match end {
            "reject" => reject_referral(lab, &sent.name).await?,
            "cancel" => cancel_referral(desk, &sent.name).await?,
            "error" => enter_in_error(desk, &sent.name).await?,
            _ => {
                accept_referral(lab, &sent.name).await?;
                fail_referral(lab, &sent.name).await?
            }
        };
        assert_eq!(metered.stands().await?, (0, 0, 3, 0), "{end}");
    }
    // Silence gives it back, too.
    let silent = metered.send().await?;
    advance(&mut metered.partners, TimeDelta::hours(121)).await?;
    relais_tests::eventually("it is overdue", || async {
        Ok(get(&metered.partners.lab, &silent.name).await?.overdue.then_some(()))
    })
    .await?;
    advance(&mut metered.partners, TimeDelta::hours(121)).await?;
    until(&metered.partners, &silent.name, State::Expired).await?;
    let meter = metered.meter().await?;
    assert_eq!((meter.reserved, meter.released, meter.left), (0, 5, 3));
    metered.end().await
}

#[tokio::test]
async fn who_is_seen_uses_the_place_and_who_was_not_gives_it_back_as_a_reservation() -> Result<()> {
    let metered = Metered::agree(vec![firm(2)]).await?;
    let partners = &metered.partners;
    let sent = metered.send().await?;
    accept_referral(&partners.lab, &sent.name).await?;
    let mut visit = Appointment::of(&sent);
    visit.tell(partners, "booked").await?;
    until(partners, &sent.name, State::Scheduled).await?;
    assert_eq!(metered.stands().await?, (1, 0, 1, 0));
    visit.tell(partners, "noshow").await?;
    until(partners, &sent.name, State::NoShow).await?;
    assert_eq!(metered.stands().await?, (1, 0, 1, 0), "to be booked again");
    // It was wrong: the patient came.
    visit.tell(partners, "arrived").await?;
    until(partners, &sent.name, State::Attended).await?;
    assert_eq!(metered.stands().await?, (0, 1, 1, 0));
    visit.tell(partners, "booked").await?;
    until(partners, &sent.name, State::Scheduled).await?;
    assert_eq!(metered.stands().await?, (1, 0, 1, 0), "an entry against it");
    let elsewhere =
        "SELECT count(*) FROM (SELECT FROM meter_entry GROUP BY local_date, site_id HAVING sum(used) < 0) AS day";
    assert_eq!(partners.world.count(elsewhere).await?, 0, "on the day and at the place of what it is against");
    visit.tell(partners, "fulfilled").await?;
    until(partners, &sent.name, State::Attended).await?;
    crate::lifecycle::complete_referral(&partners.lab, &sent.name).await?;
    assert_eq!(metered.stands().await?, (0, 1, 1, 0));
    let kinds = "SELECT count(*) FROM meter_entry WHERE kind IN ('reserve', 'use', 'counter')";
    assert_eq!(partners.world.count(kinds).await?, 4);
    // Who comes without a booking is seen all the same.
    let walk_in = metered.send().await?;
    accept_referral(&partners.lab, &walk_in.name).await?;
    Appointment::of(&walk_in).tell(partners, "fulfilled").await?;
    until(partners, &walk_in.name, State::Attended).await?;
    assert_eq!(metered.stands().await?, (0, 2, 0, 0));
    metered.end().await
}

#[tokio::test]
async fn a_step_that_is_taken_back_takes_its_place_again_or_is_refused() -> Result<()> {
    let metered = Metered::agree(vec![firm(1)]).await?;
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    let first = metered.send().await?;
    reject_referral(lab, &first.name).await?;
    undo_referral(lab, &first.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    let second = metered.send().await.unwrap_err();
    assert_eq!(rules(&second), ["volume-exhausted"]);
    cancel_referral(desk, &first.name).await?;
    let second = metered.send().await?;
    let refused = undo_referral(desk, &first.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    assert_eq!(get(desk, &first.name).await?.state(), State::Cancelled, "nothing was done of it");
    accept_referral(lab, &second.name).await?;
    fail_referral(lab, &second.name).await?;
    let again = metered.send().await?;
    let refused = undo_referral(lab, &second.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    cancel_referral(desk, &again.name).await?;
    undo_referral(lab, &second.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    metered.end().await
}

/// A referral that is sent on hands its place to the one that replaces it, even on a line that is used up.
#[tokio::test]
async fn a_place_goes_on_to_the_referral_that_replaces() -> Result<()> {
    let partners = Partners::meet().await?;
    let another = partnership::organisation(&partners.operator, "Another laboratory").await?;
    let provider = Party { organisation: another.clone(), role: party::Role::Provider.into() };
    let metered = Metered::under(partners, vec![firm(1)], |mut terms| {
        terms.parties.push(provider);
        terms
    })
    .await?;
    let sent = metered.send().await?;
    let request = RedirectReferralRequest {
        name: sent.name.clone(),
        reason: Reason::NoCapacity.into(),
        provider: another,
        request_id: request_id(),
        ..RedirectReferralRequest::default()
    };
    metered.partners.lab.referrals().redirect_referral(request).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    assert_eq!(metered.partners.world.count("SELECT count(*) FROM meter_entry WHERE kind = 'reserve'").await?, 2);
    metered.end().await
}

/// Where a place is taken at acceptance, a submission takes none, and an acceptance without a place is refused.
#[tokio::test]
async fn a_place_may_be_taken_at_acceptance() -> Result<()> {
    let line = Line { reserve_at: line::ReserveAt::Acceptance.into(), ..firm(1) };
    let metered = Metered::agree(vec![line]).await?;
    let (first, second) = (metered.send().await?, metered.send().await?);
    assert_eq!(metered.stands().await?, (0, 0, 1, 0));
    accept_referral(&metered.partners.lab, &first.name).await?;
    let refused = accept_referral(&metered.partners.lab, &second.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    assert_eq!(get(&metered.partners.lab, &second.name).await?.state(), State::Submitted);
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    let accept = AcceptReferralRequest { name: second.name, request_id: request_id(), ..Default::default() };
    for (language, begins) in [
        ("fr", "tout ce que la ligne «\u{a0}places\u{a0}» prévoit jusqu’au "),
        ("en", "all that line “places” commits until "),
    ] {
        let refused =
            metered.partners.lab.referrals().accept_referral(in_language(accept.clone(), language)).await.unwrap_err();
        assert_eq!(refused.get_details_error_info().map(|info| info.reason).as_deref(), Some("LINE_USED_UP"));
        assert!(told(&refused).starts_with(begins), "{refused:?}");
    }
    metered.end().await
}

/// What the acceptance took goes back with it, and is taken again with the next one.
#[tokio::test]
async fn an_acceptance_that_is_taken_back_gives_back_what_it_took() -> Result<()> {
    let line = Line { reserve_at: line::ReserveAt::Acceptance.into(), ..firm(1) };
    let metered = Metered::agree(vec![line]).await?;
    let lab = &metered.partners.lab;
    let (first, second) = (metered.send().await?, metered.send().await?);
    // On the list of those who wait for the provider alone, none is held either.
    waitlist_referral(lab, &first.name).await?;
    for (goes, comes) in [(&first, &second), (&second, &first)] {
        accept_referral(lab, &goes.name).await?;
        assert_eq!(metered.stands().await?, (1, 0, 0, 0));
        undo_referral(lab, &goes.name).await?;
        assert_eq!(metered.stands().await?, (0, 0, 1, 0));
        accept_referral(lab, &comes.name).await?;
        assert_eq!(rules(&accept_referral(lab, &goes.name).await.unwrap_err()), ["volume-exhausted"]);
        undo_referral(lab, &comes.name).await?;
    }
    accept_referral(lab, &first.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    metered.end().await
}

/// On the list of those who wait for the provider a place is kept as before: who comes back there takes it again.
#[tokio::test]
async fn who_comes_back_to_the_list_takes_the_place_again_or_is_refused() -> Result<()> {
    let metered = Metered::agree(vec![firm(1)]).await?;
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    let first = metered.send().await?;
    waitlist_referral(lab, &first.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    cancel_referral(desk, &first.name).await?;
    undo_referral(desk, &first.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    reject_referral(lab, &first.name).await?;
    metered.send().await?;
    let refused = undo_referral(lab, &first.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    assert_eq!(get(desk, &first.name).await?.state(), State::Rejected, "nothing was done of it");
    metered.end().await
}
