//! The life of a referral as tables: every move from every state, every fact in every state, every state's turn.

use chrono::{DateTime, TimeDelta, Utc};
use relais_platform::ids::{ConventionId, OrganisationId, PatientId, ReferralId};
use uuid::Uuid;

use super::*;

mod offers;
mod results;

fn referral(state: State) -> Referral {
    Referral {
        id: ReferralId::draw(),
        number: Number::from_random(7),
        state,
        version: 1,
        convention: ConventionId::draw(),
        convention_version: 1,
        service_system: "s".into(),
        service_code: "c".into(),
        referrer: OrganisationId::draw(),
        referrer_unit: None,
        patient: PatientId::draw(),
        provider: OrganisationId::draw(),
        site: None,
        prescriber: None,
        requested_date: "2017-05-01".parse().unwrap(),
        priority: Priority::Routine,
        situation: Situation::default(),
        parties: vec![],
        appointment: None,
        facts: Facts::default(),
        previous: None,
        reason: String::new(),
        alternative: String::new(),
        next_step: state.next_step(&Facts::default()),
        due_time: None,
        overdue: false,
        bearer: Bearer::ProviderInKind,
        funder: None,
        done_time: None,
        replaces: None,
        booking_days: None,
        booking_sites: None,
        offer_expire_time: None,
        create_time: DateTime::UNIX_EPOCH,
        update_time: DateTime::UNIX_EPOCH,
    }
}

/// Every move that leads somewhere; all others are refused.
const MOVES: &[(Move, &[(State, State)])] = {
    use State as S;
    &[
        (Move::Accept, &[(S::Submitted, S::Accepted), (S::Waitlisted, S::Accepted)]),
        (Move::RequestInformation, &[(S::Submitted, S::AwaitingInformation), (S::Waitlisted, S::AwaitingInformation)]),
        (Move::ProvideInformation, &[(S::AwaitingInformation, S::Submitted)]),
        (
            Move::Waitlist,
            &[
                (S::Submitted, S::Waitlisted),
                (S::Accepted, S::Waitlisted),
                (S::NoShow, S::Waitlisted),
                (S::AppointmentCancelled, S::Waitlisted),
            ],
        ),
        (
            Move::Reject,
            &[(S::Submitted, S::Rejected), (S::AwaitingInformation, S::Rejected), (S::Waitlisted, S::Rejected)],
        ),
        (
            Move::Redirect,
            &[(S::Submitted, S::Redirected), (S::AwaitingInformation, S::Redirected), (S::Waitlisted, S::Redirected)],
        ),
        (
            Move::Cancel,
            &[
                (S::Submitted, S::Cancelled),
                (S::AwaitingInformation, S::Cancelled),
                (S::Waitlisted, S::Cancelled),
                (S::Accepted, S::Cancelled),
                (S::Scheduled, S::CancelRequested),
                (S::NoShow, S::CancelRequested),
                (S::AppointmentCancelled, S::CancelRequested),
            ],
        ),
        (Move::ConfirmCancellation, &[(S::CancelRequested, S::Cancelled)]),
        (Move::DeclineOffer, &[]),
        // Without an appointment it stands where it was accepted.
        (Move::DeclineCancellation, &[(S::CancelRequested, S::Accepted)]),
        (Move::Complete, &[(S::Attended, S::Completed), (S::ResultsAvailable, S::Completed)]),
        (
            Move::Fail,
            &[
                (S::Waitlisted, S::Failed),
                (S::Accepted, S::Failed),
                (S::NoShow, S::Failed),
                (S::AppointmentCancelled, S::Failed),
            ],
        ),
        (
            Move::EnterInError,
            &[
                (S::Submitted, S::EnteredInError),
                (S::AwaitingInformation, S::EnteredInError),
                (S::Waitlisted, S::EnteredInError),
                (S::Accepted, S::EnteredInError),
                (S::Scheduled, S::EnteredInError),
                (S::NoShow, S::EnteredInError),
                (S::AppointmentCancelled, S::EnteredInError),
                (S::CancelRequested, S::EnteredInError),
            ],
        ),
    ]
};

#[test]
fn every_move_leads_where_the_table_says_and_nowhere_else() {
    assert_eq!(MOVES.len(), Move::ALL.len());
    for (by, leads) in MOVES {
        for state in State::ALL {
            let expected = leads.iter().find(|(from, _)| *from == state).map(|(_, to)| *to);
            let gone = go(&referral(state), *by);
            assert_eq!(gone.ok(), expected, "{by:?} from {state:?}");
            match gone {
                Err(Refusal::Closed(closed)) => assert!(closed == state && !state.is_open()),
                Err(Refusal::WorkDone) => assert!(matches!(state, State::Attended | State::ResultsAvailable)),
                Err(refusal) => assert_eq!(refusal, Refusal::NotFrom(*by, state)),
                Ok(_) => assert!(state.is_open(), "{state:?} is closed"),
            }
        }
    }
}

#[test]
fn what_is_done_is_neither_cancelled_nor_called_an_error() {
    for state in [State::Attended, State::ResultsAvailable] {
        assert_eq!(go(&referral(state), Move::Cancel), Err(Refusal::WorkDone));
        assert_eq!(go(&referral(state), Move::EnterInError), Err(Refusal::WorkDone));
    }
    // The patient came while the provider was asked whether to cancel.
    let facts = Facts { appointment: Some(AppointmentState::Arrived), ..Facts::default() };
    let asked = Referral { facts, ..referral(State::CancelRequested) };
    assert_eq!(go(&asked, Move::EnterInError), Err(Refusal::WorkDone));
}

#[test]
fn a_cancellation_that_was_not_to_be_leads_back_where_the_appointment_stands() {
    use AppointmentState as A;
    for (appointment, results, before, back) in [
        (A::Booked, false, State::Scheduled, State::Scheduled),
        (A::Noshow, false, State::Scheduled, State::NoShow),
        (A::Cancelled, false, State::Scheduled, State::AppointmentCancelled),
        (A::Arrived, false, State::Scheduled, State::Attended),
        (A::Fulfilled, false, State::Scheduled, State::Attended),
        (A::Booked, true, State::Scheduled, State::ResultsAvailable),
        (A::EnteredInError, false, State::Scheduled, State::Accepted),
        // Another appointment was proposed meanwhile.
        (A::Proposed, false, State::NoShow, State::NoShow),
        (A::Proposed, false, State::AppointmentCancelled, State::AppointmentCancelled),
        (A::Pending, false, State::NoShow, State::NoShow),
        (A::Pending, false, State::Scheduled, State::Accepted),
        (A::Booked, false, State::NoShow, State::Scheduled),
    ] {
        let results = if results { Results::Unread } else { Results::None };
        let facts = Facts { appointment: Some(appointment), results, ..Facts::default() };
        let asked = Referral { facts, previous: Some(before), ..referral(State::CancelRequested) };
        assert_eq!(go(&asked, Move::DeclineCancellation), Ok(back), "{appointment:?} after {before:?}");
    }
}

/// No black hole: whatever is open has an owner, a next step and a deadline; whatever is closed has none.
#[test]
fn every_open_state_has_an_owner_a_next_step_and_a_deadline() {
    let now = DateTime::UNIX_EPOCH + TimeDelta::days(3);
    for priority in [Priority::Routine, Priority::Urgent, Priority::Asap, Priority::Stat] {
        for state in State::ALL {
            let referral = Referral { priority, ..referral(state) };
            let referral = referral.standing(state, &Deadlines::default(), now);
            assert_eq!(referral.owner().is_some(), state.is_open(), "{state:?}");
            assert_eq!(referral.due_time.is_some(), state.is_open(), "{state:?}");
            assert!(referral.due_time.is_none_or(|due| due > now), "{state:?} is due at once");
            let referrers = matches!(state, State::AwaitingInformation | State::ResultsAvailable);
            let owner = if referrers { referral.referrer } else { referral.provider };
            assert!(!state.is_open() || referral.owner() == Some(owner), "{state:?}");
        }
    }
}

/// From every open state somebody has a move: nothing is open for ever.
#[test]
fn every_open_state_can_be_left_by_its_owner_or_by_a_fact() {
    for state in State::ALL.into_iter().filter(|state| state.is_open()) {
        let moves = Move::ALL.into_iter().filter(|by| go(&referral(state), *by).is_ok()).count();
        assert!(moves >= 1, "{state:?}");
    }
}

const APPOINTMENTS: [AppointmentState; 8] = [
    AppointmentState::Proposed,
    AppointmentState::Pending,
    AppointmentState::Booked,
    AppointmentState::Arrived,
    AppointmentState::Fulfilled,
    AppointmentState::Noshow,
    AppointmentState::Cancelled,
    AppointmentState::EnteredInError,
];

/// Every fact that leads somewhere; all others are noted.
const FACTS: &[(AppointmentState, &[(State, State)])] = {
    use AppointmentState as A;
    use State as S;
    &[
        (A::Proposed, &[]),
        (A::Pending, &[]),
        (
            A::Booked,
            &[
                (S::Accepted, S::Scheduled),
                (S::Waitlisted, S::Scheduled),
                (S::NoShow, S::Scheduled),
                (S::AppointmentCancelled, S::Scheduled),
            ],
        ),
        (
            A::Arrived,
            &[
                (S::Accepted, S::Attended),
                (S::Waitlisted, S::Attended),
                (S::Scheduled, S::Attended),
                (S::NoShow, S::Attended),
                (S::AppointmentCancelled, S::Attended),
            ],
        ),
        (
            A::Fulfilled,
            &[
                (S::Accepted, S::Attended),
                (S::Waitlisted, S::Attended),
                (S::Scheduled, S::Attended),
                (S::NoShow, S::Attended),
                (S::AppointmentCancelled, S::Attended),
                (S::CancelRequested, S::Attended),
            ],
        ),
        (A::Noshow, &[(S::Scheduled, S::NoShow), (S::Attended, S::NoShow)]),
        (A::Cancelled, &[(S::Scheduled, S::AppointmentCancelled), (S::NoShow, S::AppointmentCancelled)]),
        (
            A::EnteredInError,
            &[
                (S::Scheduled, S::Accepted),
                (S::NoShow, S::Accepted),
                (S::AppointmentCancelled, S::Accepted),
                (S::Attended, S::Accepted),
            ],
        ),
    ]
};

#[test]
fn every_fact_of_an_appointment_leads_where_the_table_says_and_nowhere_else() {
    use AppointmentState as A;
    use State as S;
    assert_eq!(FACTS.len(), APPOINTMENTS.len());
    for (told, leads) in FACTS {
        for state in State::ALL {
            let expected = leads.iter().find(|(from, _)| *from == state).map(|(_, to)| *to);
            assert_eq!(hear_appointment(state, *told, A::Proposed), expected, "{told:?} in {state:?}");
            assert!(expected.is_none() || state.is_open(), "a fact moved what is closed");
        }
    }
    // That the patient came is taken back.
    for before in [A::Arrived, A::Fulfilled] {
        assert_eq!(hear_appointment(S::Attended, A::Booked, before), Some(S::Scheduled));
        assert_eq!(hear_appointment(S::Attended, A::Pending, before), Some(S::Accepted));
    }
}

fn last(cause: Cause, previous: Option<State>, state: State, organisation: OrganisationId) -> Transition {
    Transition {
        id: Uuid::now_v7(),
        referral: ReferralId::draw(),
        version: 2,
        state,
        previous,
        cause,
        reason: String::new(),
        alternative: String::new(),
        items: vec![],
        note: String::new(),
        time: DateTime::UNIX_EPOCH,
        due_time: None,
        actor: "a".into(),
        organisation: Some(organisation),
        capacity: Some(Capacity::Provider),
    }
}

#[test]
fn the_last_step_is_taken_back_once_by_whoever_took_it() {
    let (own, other) = (OrganisationId::draw(), OrganisationId::draw());
    let undone = |cause, previous, state, by| undo(&last(cause, previous, state, own), by, &Facts::default());
    let from = Some(State::Submitted);
    assert_eq!(undone(Cause::Call, from, State::Accepted, own), Ok(State::Submitted));
    assert_eq!(undone(Cause::Call, from, State::Rejected, own), Ok(State::Submitted), "a wrong rejection, too");
    assert_eq!(undone(Cause::Call, from, State::Accepted, other), Err(Refusal::StepOfAnother));
    assert_eq!(undone(Cause::Undo, from, State::Submitted, own), Err(Refusal::UndoneOnce));
    assert_eq!(undone(Cause::Fact, Some(State::Scheduled), State::NoShow, own), Err(Refusal::FactOfAnother));
    assert_eq!(undone(Cause::Call, from, State::Redirected, own), Err(Refusal::Replaced));
    for (cause, previous) in [(Cause::Call, None), (Cause::Automatic, from), (Cause::Silence, from)] {
        assert_eq!(undone(cause, previous, State::Submitted, own), Err(Refusal::NothingToUndo));
    }
}

#[test]
fn what_was_scheduled_comes_back_as_its_appointment_stands_now() {
    let own = OrganisationId::draw();
    let withdrawn = last(Cause::Call, Some(State::Scheduled), State::EnteredInError, own);
    let facts = Facts { appointment: Some(AppointmentState::Cancelled), ..Facts::default() };
    assert_eq!(undo(&withdrawn, own, &facts), Ok(State::AppointmentCancelled));
}

/// Nothing that came meanwhile is forgotten, wherever the step that is taken back had led away from.
#[test]
fn what_came_since_a_wrong_step_counts_when_it_is_taken_back() {
    use AppointmentState as A;
    use Results as R;
    use State as S;
    let own = OrganisationId::draw();
    for (before, after, appointment, results, back, on) in [
        (S::Attended, S::Completed, A::Fulfilled, R::None, S::Attended, None),
        (S::Attended, S::Completed, A::Fulfilled, R::Unread, S::ResultsAvailable, None),
        (S::Attended, S::Completed, A::Booked, R::None, S::Scheduled, None),
        (S::Attended, S::Completed, A::Noshow, R::None, S::NoShow, None),
        (S::ResultsAvailable, S::Completed, A::Fulfilled, R::Unread, S::ResultsAvailable, None),
        (S::ResultsAvailable, S::Completed, A::Fulfilled, R::None, S::Attended, None),
        (S::ResultsAvailable, S::Completed, A::Fulfilled, R::Settled, S::ResultsAvailable, Some(S::Completed)),
        (S::CancelRequested, S::Cancelled, A::Fulfilled, R::None, S::Attended, None),
        (S::CancelRequested, S::Cancelled, A::Cancelled, R::None, S::CancelRequested, None),
        (S::CancelRequested, S::Scheduled, A::Booked, R::None, S::CancelRequested, None),
        (S::CancelRequested, S::Cancelled, A::Booked, R::Unread, S::ResultsAvailable, None),
        (S::Accepted, S::Cancelled, A::Proposed, R::None, S::Accepted, None),
        (S::Accepted, S::Cancelled, A::Arrived, R::None, S::Accepted, Some(S::Attended)),
        (S::Accepted, S::Cancelled, A::Booked, R::Settled, S::Accepted, Some(S::ResultsAvailable)),
    ] {
        let facts = Facts { appointment: Some(appointment), results, ..Facts::default() };
        let undone = undo(&last(Cause::Call, Some(before), after, own), own, &facts);
        assert_eq!(undone, Ok(back), "{before:?}, {appointment:?}, {results:?}");
        assert_eq!(facts.go_on(back), on, "{before:?}, {appointment:?}, {results:?}");
    }
}

fn due(state: State, overdue: bool, due_time: DateTime<Utc>) -> Referral {
    Referral { due_time: Some(due_time), overdue, ..referral(state) }
}

#[test]
fn silence_is_told_once_and_ends_what_nobody_took_up() {
    let (at, terms) = (DateTime::UNIX_EPOCH, Deadlines::default());
    let (before, after) = (at - TimeDelta::seconds(1), at + TimeDelta::seconds(1));
    assert_eq!(judge(due(State::Submitted, false, at), &terms, before), Passed::NotYet(Some(at)), "it was moved");
    let Passed::Overdue(overdue, Some(end)) = judge(due(State::Submitted, false, at), &terms, after) else {
        panic!("it is overdue");
    };
    assert_eq!((overdue.state, overdue.version, overdue.overdue), (State::Submitted, 2, true));
    assert_eq!(end, at + TimeDelta::hours(120), "as long again as it had");
    assert_eq!(judge((*overdue).clone(), &terms, after), Passed::NotYet(Some(end)));
    let Passed::Expired(expired) = judge(*overdue, &terms, end) else { panic!("it has expired") };
    assert_eq!((expired.state, expired.version, expired.due_time), (State::Expired, 3, None));
    assert_eq!(judge(*expired, &terms, end), Passed::NotYet(None));
}

#[test]
fn what_was_promised_to_a_patient_stays_overdue_and_never_expires() {
    let (at, terms) = (DateTime::UNIX_EPOCH, Deadlines::default());
    let long_after = at + TimeDelta::days(1000);
    for state in State::ALL.into_iter().filter(|state| state.is_open() && !state.expires()) {
        let Passed::Overdue(overdue, None) = judge(due(state, false, at), &terms, long_after) else {
            panic!("{state:?} is not told");
        };
        assert_eq!(judge(*overdue, &terms, long_after), Passed::NotYet(None), "{state:?}");
    }
}

#[test]
fn each_move_has_a_deadline_of_its_own() {
    let (now, terms) = (DateTime::UNIX_EPOCH, Deadlines::default());
    let step = Step::new(Cause::Call, "no-capacity");
    let overdue = Referral { overdue: true, ..due(State::Submitted, true, now) };
    let moved = overdue.after(State::Waitlisted, &step, &terms, now);
    assert_eq!((moved.overdue, moved.version, moved.reason.as_str()), (false, 2, "no-capacity"));
    assert_eq!(moved.due_time, Some(now + TimeDelta::days(14)));
    let end = now + TimeDelta::days(30);
    let facts = Facts { appointment_end: Some(end), ..Facts::default() };
    let booked = Referral { facts, ..moved }.after(State::Scheduled, &Step::new(Cause::Fact, ""), &terms, now);
    assert_eq!(booked.due_time, Some(end + TimeDelta::days(1)), "a day after the appointment");
}
