//! Terms that act once a referral is admitted: who accepts it, and until when each step is due.

use anyhow::{Context, Result};
use relais_proto::{
    convention::v1::{Deadlines, Terms, terms::Acceptance},
    referral::v1::{
        Referral,
        referral::{Priority, State},
    },
};
use relais_tests::{partnership, violations};
use tonic::Status;

use super::submit;
use crate::{
    lifecycle::{
        Appointment, accept_referral, cancel_referral, decline_cancellation, provide_information, request_information,
        until,
    },
    partners::Partners,
};

/// A convention of its own with this acceptance and these deadlines.
async fn timed(partners: &Partners, acceptance: Acceptance, deadlines: Deadlines) -> Result<String> {
    let usual = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let terms = Terms { acceptance: acceptance.into(), deadlines: Some(deadlines), ..usual };
    let draft = partnership::draft(&partners.operator, terms).await?;
    Ok(partnership::sign(&partners.operator, draft, partners.today).await?.name)
}

async fn send(partners: &Partners, convention: &str, priority: Priority) -> Result<Referral> {
    let asked = Referral { convention: convention.into(), priority: priority.into(), ..partners.ask() };
    Ok(Box::pin(submit(partners, asked)).await?)
}

/// Seconds from the last change of a referral until it is due.
fn due_in(referral: &Referral) -> i64 {
    let seconds = |time: &Option<prost_types::Timestamp>| time.as_ref().map(|time| time.seconds).unwrap_or_default();
    seconds(&referral.due_time) - seconds(&referral.update_time)
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const DEADLINES: Deadlines = Deadlines {
    first_contact_routine_hours: 100,
    first_contact_urgent_hours: 30,
    first_contact_asap_hours: 20,
    first_contact_stat_hours: 2,
    appointment_days: 9,
    result_days: 8,
    information_days: 6,
    cancellation_answer_days: 3,
    offer_hours: 5,
};

/// Who accepts, and until when each step is due: as it was agreed.
#[tokio::test]
async fn acceptance_and_deadlines_are_those_that_were_agreed() -> Result<()> {
    let partners = Box::pin(Partners::meet()).await?;
    let (desk, lab) = (&partners.desk, &partners.lab);
    let automatic = Box::pin(timed(&partners, Acceptance::Automatic, DEADLINES)).await?;
    let sent = Box::pin(send(&partners, &automatic, Priority::Routine)).await?;
    assert_eq!((sent.state(), due_in(&sent)), (State::Accepted, 9 * DAY));

    let by_hand = Box::pin(timed(&partners, Acceptance::ByHand, DEADLINES)).await?;
    for (priority, hours) in
        [(Priority::Routine, 100), (Priority::Urgent, 30), (Priority::Asap, 20), (Priority::Stat, 2)]
    {
        let sent = Box::pin(send(&partners, &by_hand, priority)).await?;
        assert_eq!((sent.state(), due_in(&sent)), (State::Submitted, hours * HOUR), "{priority:?}");
    }
    let sent = Box::pin(send(&partners, &by_hand, Priority::Routine)).await?;
    assert_eq!(due_in(&Box::pin(request_information(lab, &sent.name)).await?), 6 * DAY);
    Box::pin(provide_information(desk, &sent.name)).await?;
    assert_eq!(due_in(&Box::pin(accept_referral(lab, &sent.name)).await?), 9 * DAY);
    let mut visit = Appointment::of(&sent);
    Box::pin(visit.tell(&partners, "booked")).await?;
    Box::pin(until(&partners, &sent.name, State::Scheduled)).await?;
    let asked = Box::pin(cancel_referral(desk, &sent.name)).await?;
    assert_eq!((asked.state(), due_in(&asked)), (State::CancelRequested, 3 * DAY));
    Box::pin(decline_cancellation(lab, &sent.name)).await?;
    Box::pin(visit.tell(&partners, "fulfilled")).await?;
    assert_eq!(due_in(&Box::pin(until(&partners, &sent.name, State::Attended)).await?), 8 * DAY);
    Box::pin(partners.world.end()).await
}

/// What would be no deadline, and nobody's way to accept, is no term.
#[tokio::test]
async fn what_is_no_deadline_is_refused_by_field() -> Result<()> {
    let partners = Box::pin(Partners::meet()).await?;
    let longest = Deadlines { result_days: 3_660, first_contact_stat_hours: 87_840, ..DEADLINES };
    Box::pin(timed(&partners, Acceptance::ByHand, longest)).await?;
    let none = Deadlines { first_contact_routine_hours: -1, appointment_days: 3_661, ..DEADLINES };
    let refused = Box::pin(timed(&partners, Acceptance::ByHand, none)).await.unwrap_err();
    let refused = refused.downcast_ref::<Status>().context("no refusal")?;
    let fields = ["first_contact_routine_hours", "appointment_days"];
    assert_eq!(violations(refused), fields.map(|field| format!("convention.terms.deadlines.{field}")));
    Box::pin(partners.world.end()).await
}
