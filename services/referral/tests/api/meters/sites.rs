//! A place is where the patient is: booked, sent on, or seen.

use anyhow::Result;
use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use relais_platform::events::Event;
use relais_proto::{
    convention::v1::{Party, party},
    events::v1::BookingSites,
    referral::v1::{
        RedirectReferralRequest,
        referral::{Reason, State},
    },
};
use relais_tests::{partnership, request_id, rules, violations};
use tonic_types::StatusExt;

use super::*;
use crate::lifecycle::{Appointment, accept_referral, get, judged::judgement, until};

const OUT_OF_SCOPE: &str = "site-not-in-scope";

/// A line of so many places at each site.
fn at_each(committed: i64) -> Line {
    Line { scope: line::Scope::Site.into(), ..firm(committed) }
}

/// Three sites of the provider, and a convention for the first of them, as many as are said.
async fn agree(lines: Vec<Line>, in_scope: usize) -> Result<(Metered, [String; 3])> {
    let partners = Partners::meet().await?;
    let site = async |name| partnership::site(&partners.operator, &partners.provider, name).await;
    let all = [site("A").await?, site("B").await?, site("C").await?];
    let sites = all.iter().take(in_scope).cloned().collect();
    Ok((Metered::under(partners, lines, |terms| Terms { sites, ..terms }).await?, all))
}

fn only(sites: &[&String]) -> Option<BookingSites> {
    Some(BookingSites { sites: sites.iter().map(|site| (*site).clone()).collect() })
}

/// A day of the next month.
fn next_month(of: NaiveDate) -> NaiveDate {
    of.with_day(15).and_then(|day| day.checked_add_months(Months::new(1))).unwrap_or(of)
}

impl Metered {
    async fn accepted_at(&self, site: &str) -> Result<Referral> {
        let sent = self.submit(Referral { site: site.into(), ..self.ask() }).await?;
        Ok(accept_referral(&self.partners.lab, &sent.name).await?)
    }

    /// Reserved, used and beyond of a line at a site, in the present period.
    async fn at(&self, line_id: &str, site: &str) -> Result<(i64, i64, i64)> {
        let all = self.meters(None).await?;
        let found = all.into_iter().find(|meter| meter.line_id == line_id && meter.site == site);
        Ok(found.map(|meter| (meter.reserved, meter.used, meter.beyond)).unwrap_or_default())
    }

    /// The sites that are told with the submission of a referral.
    async fn told(&mut self, referral: &str) -> Result<Option<BookingSites>> {
        loop {
            if let (_, Event::ReferralSubmitted(told)) = self.partners.world.tap.next().await?
                && told.referral == referral
            {
                return Ok(told.booking_sites);
            }
        }
    }
}

/// One place at each site: whoever wished for A and is booked at B takes that of B; where it is taken, the booking is refused, and nothing
/// has moved of any line.
#[tokio::test]
async fn a_place_moves_to_the_site_of_the_booking_or_the_booking_is_refused() -> Result<()> {
    let monthly = Line { line_id: "monthly".into(), per: line::Per::Month.into(), ..firm(5) };
    let (mut metered, [a, b, c]) = agree(vec![monthly, at_each(1)], 3).await?;
    let day = next_month(metered.partners.today);
    metered.accepted_at(&b).await?;
    let sent = metered.accepted_at(&a).await?;
    assert_eq!(metered.told(&sent.name).await?, only(&[&a]));

    let mut appointment = Appointment::of(&sent).at(&b);
    appointment.ask(&metered.partners, day).await?;
    let (_, judged) = judgement(&mut metered.partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (false, "volume-exhausted"));
    assert_eq!(judged.booking_sites, only(&[&a]), "as it was");
    assert_eq!((metered.at("places", &a).await?, metered.at("places", &b).await?), ((1, 0, 0), (1, 0, 0)));
    assert_eq!(metered.at("monthly", "").await?, (2, 0, 0), "nor has its place of the month moved");

    let mut appointment = appointment.at(&c);
    appointment.ask(&metered.partners, day).await?;
    let (_, judged) = judgement(&mut metered.partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (true, ""));
    assert_eq!(judged.booking_sites, only(&[&c]));
    assert_eq!((metered.at("places", &a).await?, metered.at("places", &c).await?), ((0, 0, 0), (1, 0, 0)));
    assert_eq!(metered.at("monthly", "").await?, (1, 0, 0));

    appointment.tell(&metered.partners, "booked").await?;
    until(&metered.partners, &sent.name, State::Scheduled).await?;
    appointment.tell(&metered.partners, "fulfilled").await?;
    until(&metered.partners, &sent.name, State::Attended).await?;
    assert_eq!((metered.at("places", &a).await?, metered.at("places", &c).await?), ((0, 0, 0), (0, 1, 0)));
    metered.accepted_at(&a).await?;
    metered.end().await
}

#[tokio::test]
async fn a_site_that_is_none_of_the_conventions_is_refused_when_it_is_booked() -> Result<()> {
    let (mut metered, [a, b, c]) = agree(vec![firm(5)], 2).await?;
    let sent = metered.accepted_at("").await?;
    assert_eq!(metered.told(&sent.name).await?, only(&[&a, &b]), "there nobody need ask");
    let day = metered.partners.today + chrono::Days::new(3);
    let mut appointment = Appointment::of(&sent).at(&c);
    appointment.ask(&metered.partners, day).await?;
    let (_, judged) = judgement(&mut metered.partners).await?;
    assert_eq!((judged.admitted, judged.reason.as_str()), (false, OUT_OF_SCOPE));
    assert_eq!(judged.booking_sites, only(&[&a, &b]));
    assert_eq!(get(&metered.partners.lab, &sent.name).await?.state(), State::Accepted);
    let mut appointment = appointment.at(&b);
    appointment.ask(&metered.partners, day).await?;
    assert!(judgement(&mut metered.partners).await?.1.admitted);
    assert_eq!(metered.stands().await?, (1, 0, 4, 0));
    metered.end().await
}

/// Where each site counts and a referral names none, it is counted nowhere until it is booked.
#[tokio::test]
async fn who_names_no_site_has_a_place_at_that_of_the_booking() -> Result<()> {
    let line = Line { kind: line::Kind::Soft.into(), ..at_each(1) };
    let (mut metered, [a, ..]) = agree(vec![line], 3).await?;
    let sent = metered.accepted_at("").await?;
    assert_eq!(metered.told(&sent.name).await?, only(&[]), "it is asked wherever it is booked");
    // Nothing is committed where there is no site: until it has one, it shows as beyond.
    assert_eq!((metered.at("places", "").await?, metered.at("places", &a).await?), ((1, 0, 1), (0, 0, 0)));
    let day = metered.partners.today + chrono::Days::new(3);
    Appointment::of(&sent).at(&a).ask(&metered.partners, day).await?;
    let (_, judged) = judgement(&mut metered.partners).await?;
    assert_eq!((judged.admitted, judged.booking_sites), (true, only(&[&a])));
    assert_eq!((metered.at("places", "").await?, metered.at("places", &a).await?), ((0, 0, 0), (1, 0, 0)));
    metered.end().await
}

/// Who comes without a booking is seen where nobody asked: that site counts it, beyond what it has, and the other has its place back.
#[tokio::test]
async fn who_was_seen_elsewhere_counts_where_it_was() -> Result<()> {
    let (metered, [a, b, _]) = agree(vec![firm_in_all(), at_each(1)], 3).await?;
    metered.accepted_at(&b).await?;
    let sent = metered.accepted_at(&a).await?;
    Appointment::of(&sent).at(&b).tell(&metered.partners, "fulfilled").await?;
    until(&metered.partners, &sent.name, State::Attended).await?;
    assert_eq!((metered.at("places", &a).await?, metered.at("places", &b).await?), ((0, 0, 0), (1, 1, 1)));
    assert_eq!(metered.at("in-all", "").await?, (1, 1, 0));
    metered.end().await
}

fn firm_in_all() -> Line {
    Line { line_id: "in-all".into(), ..firm(5) }
}

/// Who is sent on names a site of the new provider where each counts: nobody escapes its places.
#[tokio::test]
async fn who_is_sent_on_has_a_place_at_a_site_of_the_other_provider() -> Result<()> {
    let partners = Partners::meet().await?;
    let other = partnership::organisation(&partners.operator, "Another laboratory").await?;
    let here = partnership::site(&partners.operator, &partners.provider, "Here").await?;
    let there = partnership::site(&partners.operator, &other, "There").await?;
    let closed = partnership::site(&partners.operator, &other, "Closed").await?;
    let sites = vec![here.clone(), there.clone()];
    let provider = Party { organisation: other.clone(), role: party::Role::Provider.into() };
    let metered = Metered::under(partners, vec![at_each(1)], |mut terms| {
        terms.parties.push(provider);
        Terms { sites, ..terms }
    })
    .await?;
    let send_on = async |name: &str, site: &str| {
        let request = RedirectReferralRequest {
            name: name.into(),
            reason: Reason::NoCapacity.into(),
            provider: other.clone(),
            site: site.into(),
            request_id: request_id(),
            ..RedirectReferralRequest::default()
        };
        metered.partners.lab.referrals().redirect_referral(in_language(request, "fr")).await
    };
    let at_here = || metered.submit(Referral { site: here.clone(), ..metered.ask() });
    let first = at_here().await?;
    for site in ["", closed.as_str()] {
        let refused = send_on(&first.name, site).await.unwrap_err();
        assert_eq!(rules(&refused), [OUT_OF_SCOPE], "{site}");
        let told = refused.get_details_precondition_failure().context("no rules")?.violations.remove(0);
        assert!(told.description.contains("site"), "{told:?}");
    }
    assert_eq!(violations(&send_on(&first.name, &here).await.unwrap_err()), ["site"]);
    assert_eq!(metered.at("places", &here).await?, (1, 0, 0), "nothing was done of it");
    send_on(&first.name, &there).await?;
    assert_eq!((metered.at("places", &here).await?, metered.at("places", &there).await?), ((0, 0, 0), (1, 0, 0)));
    let second = at_here().await?;
    let refused = send_on(&second.name, &there).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    let told = refused.get_details_precondition_failure().context("no rules")?.violations.remove(0);
    assert!(told.description.contains("ligne"), "in the caller's language: {told:?}");
    assert_eq!(get(&metered.partners.lab, &second.name).await?.state(), State::Submitted);
    let unlimited = "SELECT count(*) FROM meter WHERE committed IS NULL";
    assert_eq!(metered.partners.world.count(unlimited).await?, 0);
    metered.end().await
}

/// In Nouméa it is the next day, and the next month, when in Paris it is still the evening before.
#[tokio::test]
async fn what_is_used_is_of_the_site_and_the_day_of_the_visit() -> Result<()> {
    let partners = Partners::meet().await?;
    partnership::site_in(&partners.operator, &partners.provider, "Paris", "Europe/Paris").await?;
    let noumea = partnership::site_in(&partners.operator, &partners.provider, "Nouméa", "Pacific/Noumea").await?;
    let metered = Metered::under(partners, vec![firm(5)], |terms| terms).await?;
    let sent = metered.accepted_at("").await?;
    let first = next_month(metered.partners.today).with_day(1).context("no first day")?;
    let evening = (first - chrono::Days::new(1)).and_hms_opt(20, 0, 0).context("no evening")?.and_utc();
    Appointment::of(&sent).at(&noumea).starting(evening).tell(&metered.partners, "fulfilled").await?;
    until(&metered.partners, &sent.name, State::Attended).await?;
    let used: Vec<NaiveDate> = sqlx::query_scalar("SELECT local_date FROM meter_entry WHERE used > 0")
        .fetch_all(&metered.partners.world.database)
        .await?;
    assert_eq!(used, [first]);
    let request = GetUsageRequest {
        name: metered.convention.clone(),
        line_id: "places".into(),
        first_month: day(first - TimeDelta::days(1)),
        last_month: day(first),
        ..GetUsageRequest::default()
    };
    let usage = metered.partners.lab.conventions().get_usage(request).await?.into_inner();
    let figures: Vec<_> = usage.figures.into_iter().map(|it| (it.month, it.site, it.quantity)).collect();
    assert_eq!(figures, [(day(first), noumea, 1)]);
    metered.end().await
}
