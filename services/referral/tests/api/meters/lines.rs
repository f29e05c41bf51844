//! What each term of a line does: a test that passes and one that fails for every one of them.

use anyhow::Result;
use chrono::{Datelike, Days, Months, NaiveDate};
use relais_proto::referral::v1::{SubmitReferralRequest, referral::State};
use relais_tests::{date, partnership, rules, violations};

use super::*;
use crate::lifecycle::{accept_referral, cancel_referral, get};

/// The first day of the month after.
fn next_month(of: NaiveDate) -> NaiveDate {
    of.with_day(1).and_then(|first| first.checked_add_months(Months::new(1))).unwrap_or(of)
}

#[tokio::test]
async fn each_month_has_as_many_places_and_the_refusal_names_the_next_one() -> Result<()> {
    let metered = Metered::agree(vec![Line { per: line::Per::Month.into(), ..firm(1) }]).await?;
    let today = metered.partners.today;
    metered.send().await?;
    let refused = metered.send().await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    let next = next_month(today);
    let checked = metered.check(metered.ask()).await?;
    let failed = &checked.failed_rules[0];
    assert!(!checked.admitted, "{checked:?}");
    let last = next_month(next) - Days::new(1);
    assert_eq!((failed.term.as_str(), &failed.passes), ("terms.lines", &vec![format!("{next}/{last}")]));
    let standing = &checked.lines[0];
    assert_eq!((standing.committed, standing.reserved, standing.used, standing.left), (1, 1, 0, 0));
    assert_eq!(standing.period_end, day(next - Days::new(1)));
    let later = Referral { requested_date: day(next), ..metered.ask() };
    assert!(metered.check(later.clone()).await?.admitted);
    metered.submit(later.clone()).await?;
    // That one is used up, too: the first that is not is named.
    let after = next_month(next);
    let passes = metered.check(metered.ask()).await?.failed_rules.remove(0).passes;
    assert_eq!(passes, [format!("{after}/{}", next_month(after) - Days::new(1))]);
    metered.end().await
}

#[tokio::test]
async fn a_refusal_is_told_in_the_callers_language() -> Result<()> {
    let metered = Metered::agree(vec![firm(1)]).await?;
    metered.send().await?;
    for (language, begins) in
        [("fr", "tout ce que la ligne «\u{a0}places\u{a0}»"), ("en", "all that line “places” commits")]
    {
        let request = in_language(metered.partners.request(metered.ask()), language);
        let refused = metered.partners.desk.referrals().submit_referral(request).await.unwrap_err();
        assert!(told(&refused).starts_with(begins), "{refused:?}");
    }
    metered.end().await
}

#[tokio::test]
async fn each_site_has_as_many_places_and_another_one_passes() -> Result<()> {
    let partners = Partners::meet().await?;
    let forges = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let chem = partnership::site(&partners.operator, &partners.provider, "CHEM").await?;
    let line = Line { scope: line::Scope::Site.into(), ..firm(1) };
    let sites = vec![forges.clone(), chem.clone()];
    let metered = Metered::under(partners, vec![line], |terms| Terms { sites, ..terms }).await?;
    let at = |site: &String| Referral { site: site.clone(), ..metered.ask() };
    assert_eq!(rules(&metered.send().await.unwrap_err()), ["site-not-in-scope"], "none is named");
    metered.submit(at(&forges)).await?;
    assert_eq!(rules(&metered.submit(at(&forges)).await.unwrap_err()), ["volume-exhausted"]);
    assert_eq!(metered.check(at(&forges)).await?.failed_rules[0].passes, [chem.as_str()]);
    metered.submit(at(&chem)).await?;
    assert_eq!(metered.check(at(&forges)).await?.failed_rules[0].passes, [""; 0]);
    let mut told: Vec<_> = metered.meters(None).await?.into_iter().map(|it| (it.site, it.reserved, it.left)).collect();
    told.sort();
    let mut expected = vec![(forges, 1, 0), (chem, 1, 0)];
    expected.sort();
    assert_eq!(told, expected);
    metered.end().await
}

#[tokio::test]
async fn a_used_up_line_may_put_referrals_on_the_waiting_list() -> Result<()> {
    let line = Line { on_exhausted: line::OnExhausted::Waitlist.into(), ..firm(1) };
    let metered = Metered::agree(vec![line]).await?;
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    let first = metered.send().await?;
    let checked = metered.check(metered.ask()).await?;
    assert!(checked.admitted && checked.waitlisted, "{checked:?}");
    let second = metered.send().await?;
    assert_eq!((second.state(), second.reason.as_str()), (State::Waitlisted, "volume-exhausted"));
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    let refused = accept_referral(lab, &second.name).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"], "no place has become free");
    cancel_referral(desk, &first.name).await?;
    accept_referral(lab, &second.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    metered.end().await
}

#[tokio::test]
async fn a_used_up_line_may_let_through_whom_somebody_answers_for_by_name() -> Result<()> {
    let line = Line { on_exhausted: line::OnExhausted::LetThrough.into(), ..firm(1) };
    let metered = Metered::agree(vec![line]).await?;
    let partners = &metered.partners;
    metered.send().await?;
    assert_eq!(metered.check(metered.ask()).await?.failed_rules[0].passes, ["approver"]);
    let approver = partnership::practitioner(&partners.operator, &partners.provider).await?;
    let other = partnership::organisation(&partners.operator, "Elsewhere").await?;
    let stranger = partnership::practitioner(&partners.operator, &other).await?;
    let absent = approver.replace(&approver[approver.len() - 4..], "0000");
    let by = |approver: &str| SubmitReferralRequest { approver: approver.into(), ..partners.request(metered.ask()) };
    for nobody in [&stranger, &absent] {
        let refused = partners.desk.referrals().submit_referral(by(nobody)).await.unwrap_err();
        assert_eq!(violations(&refused), ["approver"]);
    }
    partners.desk.referrals().submit_referral(by(&approver)).await?;
    assert_eq!(metered.stands().await?, (2, 0, 0, 1), "shown as beyond");
    let named: Vec<String> = sqlx::query_scalar("SELECT approver FROM meter_entry WHERE approver <> ''")
        .fetch_all(&partners.world.database)
        .await?;
    assert_eq!(named, [approver]);
    metered.end().await
}

#[tokio::test]
async fn a_soft_line_is_a_target() -> Result<()> {
    let metered = Metered::agree(vec![Line { kind: line::Kind::Soft.into(), ..firm(1) }]).await?;
    let (first, _) = (metered.send().await?, metered.send().await?);
    assert_eq!(metered.stands().await?, (2, 0, 0, 1));
    cancel_referral(&metered.partners.desk, &first.name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0), "what comes back pays for what is beyond");
    assert_eq!(get(&metered.partners.desk, &first.name).await?.state(), State::Cancelled);
    metered.end().await
}

/// A referral takes its place on all lines or on none.
#[tokio::test]
async fn of_several_lines_all_have_a_place_or_none_is_taken() -> Result<()> {
    let narrow = Line { line_id: "narrow".into(), ..firm(1) };
    let metered = Metered::agree(vec![narrow, firm(5)]).await?;
    metered.send().await?;
    assert_eq!(rules(&metered.send().await.unwrap_err()), ["volume-exhausted"]);
    let told: Vec<_> = metered.meters(None).await?.into_iter().map(|it| (it.line_id, it.reserved)).collect();
    assert_eq!(told, [("narrow".to_string(), 1), ("places".to_string(), 1)]);
    // All that fails is told at once, beside the rules that have nothing to do with lines.
    let ask = Referral { provider: metered.partners.mdm.clone(), ..metered.ask() };
    assert_eq!(rules(&metered.submit(ask).await.unwrap_err()), ["provider-not-party", "volume-exhausted"]);
    let past = Referral { requested_date: Some(date(metered.partners.today + Days::new(901))), ..metered.ask() };
    let told = rules(&metered.submit(past).await.unwrap_err());
    assert_eq!(told, ["convention-not-in-force", "volume-exhausted"]);
    metered.end().await
}

/// On a counted line nothing is reserved; who is seen counts.
#[tokio::test]
async fn a_counted_line_counts_who_was_seen() -> Result<()> {
    let seen = Line {
        kind: line::Kind::Counted.into(),
        committed: 0,
        counted_from: line::CountedFrom::Attendance.into(),
        ..firm(0)
    };
    let metered = Metered::agree(vec![seen]).await?;
    let sent = metered.send().await?;
    assert_eq!(metered.stands().await?, (0, 0, 0, 0));
    accept_referral(&metered.partners.lab, &sent.name).await?;
    crate::lifecycle::Appointment::of(&sent).tell(&metered.partners, "fulfilled").await?;
    crate::lifecycle::until(&metered.partners, &sent.name, State::Attended).await?;
    assert_eq!(metered.stands().await?, (0, 1, 0, 0));
    metered.end().await
}
