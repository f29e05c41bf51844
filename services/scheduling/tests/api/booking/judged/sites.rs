//! The site of an appointment is judged as its day is.

use relais_platform::ids::{Child, SiteId};
use relais_proto::events::v1::BookingSites;

use super::*;

const OUT_OF_SCOPE: &str = "site-not-in-scope";

impl Centre {
    /// A referral that was accepted, and whose appointment is booked without asking at these sites.
    async fn sent_to(&self, number: &str, sites: &[String]) -> Result<Referred> {
        let booking_sites = Some(BookingSites { sites: sites.to_vec() });
        let referred = self.submitted_as(number, |event| ReferralSubmitted { booking_sites, ..event }).await?;
        self.step(&referred.told, 2, "accepted").await?;
        Ok(referred)
    }

    /// Another site of the same provider.
    fn elsewhere(&self) -> String {
        Child::new(self.site.organisation, SiteId::draw()).to_string()
    }
}

#[tokio::test]
async fn at_a_site_that_was_not_judged_it_waits_and_is_booked_or_given_up_by_the_answer() -> Result<()> {
    let mut centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, here, elsewhere) = (centre.sender()?, centre.site.to_string(), centre.elsewhere());
    let known = centre.sent_to("KNOWN", &[elsewhere.clone(), here.clone()]).await?;
    let slot = centre.slot_in(&known, INSIDE).await?;
    assert!(is(&book(&sender, &known, &slot.name).await?, State::Booked));

    let (admitted, refused) = (centre.sent_to("ONE", &[elsewhere]).await?, centre.sent_to("TWO", &[]).await?);
    let [first, second] = centre.two_in(&admitted, INSIDE + 5).await?;
    let asks = book(&sender, &admitted, &first.name).await?;
    assert!(waits(&asks) && waits(&book(&sender, &refused, &second.name).await?), "{asks:?}");
    let (_, told) = centre.until(|event| as_moved(event, "pending")).await?;
    assert_eq!(told.site, here, "the site is told, for it is judged");

    let booking_sites = Some(BookingSites { sites: vec![here] });
    let answer = BookingJudged { booking_sites, ..Judged::Admitted.of(&admitted, &asks, centre.last_day()) };
    centre.world.tap.publish(admitted.told.id.0, 3, answer).await?;
    eventually("it is booked", || async { Ok(is(&centre.look(&asks).await?, State::Booked).then_some(())) }).await?;
    let next = centre.slot_in(&admitted, INSIDE + 8).await?;
    let moved = reschedule(&sender, &asks.name, &next.name).await?;
    assert!(is(&moved, State::Booked), "that site needs no answer any more: {moved:?}");

    let asks = get(&sender, &refused.appointment).await?;
    let booking_sites = Some(BookingSites::default());
    let reason = OUT_OF_SCOPE.into();
    let answer = BookingJudged { booking_sites, reason, ..Judged::Refused.of(&refused, &asks, centre.last_day()) };
    centre.world.tap.publish(refused.told.id.0, 3, answer).await?;
    let given_up = eventually("it is given up", || async {
        Ok(Some(centre.look(&asks).await?).filter(|now| is(now, State::Cancelled)))
    })
    .await?;
    assert_eq!(given_up.reason, OUT_OF_SCOPE);
    let other = centre.accepted("OTHER").await?;
    assert!(is(&book(&sender, &other, &second.name).await?, State::Booked), "its seat is free");
    centre.end().await
}

/// The place moved to another site, by what was asked for an appointment that is no more: the one that stands asks.
#[tokio::test]
async fn what_is_booked_where_no_place_is_any_more_asks() -> Result<()> {
    let centre = Centre::open_daily().await?;
    centre.enter(centre.rule()).await?;
    let (sender, referred) = (centre.sender()?, centre.sent_to("R", &[centre.site.to_string()]).await?);
    let slot = centre.slot_in(&referred, INSIDE).await?;
    let booked = book(&sender, &referred, &slot.name).await?;
    assert!(is(&booked, State::Booked));
    let stale = Appointment { etag: "0".into(), ..booked.clone() };
    let booking_sites = Some(BookingSites { sites: vec![centre.elsewhere()] });
    let moved = BookingJudged { booking_sites, ..Judged::Admitted.of(&referred, &stale, centre.last_day()) };
    centre.world.tap.publish(referred.told.id.0, 3, moved).await?;
    centre.world.until_count(AWAITED, 1).await?;
    assert!(waits(&centre.look(&booked).await?));
    centre.end().await
}
