//! Offers: made, lapsed, declined, and what becomes of a referral that has none.

use super::*;

#[test]
fn an_offer_is_the_providers_to_decide_and_lapses_once() {
    let (deadlines, now) = (Deadlines::default(), DateTime::UNIX_EPOCH);
    let waits = referral(State::Waitlisted);
    assert!(go(&waits, Move::DeclineOffer).is_err(), "nothing is offered");
    let offered = waits.offered(&deadlines, now);
    let until = now + TimeDelta::hours(72);
    assert_eq!((offered.state, offered.next_step), (State::Waitlisted, Some(NextStep::Decide)));
    assert_eq!((offered.due_time, offered.offer_expire_time), (Some(until), Some(until)));
    assert_eq!((offered.version, offered.reason.as_str()), (2, PLACE_OFFERED));
    assert_eq!(on_list(&offered, offer().cause), OnList::Same);
    assert_eq!(judge(offered.clone(), &deadlines, now), Passed::NotYet(Some(until)));
    let Passed::Lapsed(lapsed) = judge(offered.clone(), &deadlines, until) else { panic!("it has lapsed") };
    assert_eq!((lapsed.state, lapsed.next_step), (State::Waitlisted, Some(NextStep::OfferPlace)));
    assert_eq!((lapsed.version, lapsed.offer_expire_time), (3, None));
    assert_eq!(on_list(&lapsed, lapse().cause), OnList::Passes);
    assert!(matches!(judge((*lapsed).clone(), &deadlines, until), Passed::NotYet(Some(_))), "once");
    // A judgement of a booking leaves an offer where it is.
    let judged = Judgement { admitted: true, reason: String::new(), days: None, sites: None };
    assert_eq!(offered.clone().judged(&judged, now).offer_expire_time, Some(until));

    assert_eq!(go(&offered, Move::DeclineOffer), Ok(State::Waitlisted));
    let decline = Step::new(Cause::Call, OFFER_DECLINED);
    let declined = offered.clone().after(State::Waitlisted, &decline, &deadlines, now);
    assert_eq!((declined.offer_expire_time, on_list(&declined, Cause::Call)), (None, OnList::Passes));
    let accepted = offered.after(State::Accepted, &Step::new(Cause::Call, ""), &deadlines, now);
    assert_eq!((accepted.offer_expire_time, on_list(&accepted, Cause::Call)), (None, OnList::Leaves));
    let again = accepted.after(State::Waitlisted, &Step::new(Cause::Undo, ""), &deadlines, now);
    assert_eq!(on_list(&again, Cause::Undo), OnList::Joins);
    assert_eq!(on_list(&again, Cause::Overdue), OnList::Same);
}
