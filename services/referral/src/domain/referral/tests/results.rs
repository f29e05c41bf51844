//! What reports come to: where a version leads, whose turn it is while results are there, and until when.

use super::*;

#[test]
fn results_count_from_the_acceptance_on_and_a_late_partial_one_neither_reopens_nor_hides() {
    use ReportStatus as R;
    let waits = [State::Submitted, State::AwaitingInformation];
    let came_to_nothing =
        [State::Rejected, State::Redirected, State::Cancelled, State::Expired, State::Failed, State::EnteredInError];
    for state in State::ALL {
        let told = |status, late| hear_report(state, Reported { status, critical: false, late });
        for status in [R::Partial, R::Preliminary, R::Final, R::Amended, R::Corrected] {
            let counts = !waits.contains(&state) && !came_to_nothing.contains(&state);
            assert_eq!(told(status, false), counts.then_some(State::ResultsAvailable), "{status:?} in {state:?}");
        }
        assert_eq!(told(R::Partial, true), None, "{state:?}");
        for status in [R::Registered, R::Cancelled, R::EnteredInError] {
            assert_eq!(told(status, false), None, "{status:?} in {state:?}");
        }
    }
}

/// The design's invariant: a critical result is acknowledged or has escalated, so wherever it finds a referral, somebody owns it.
#[test]
fn a_critical_result_is_somebodys_turn_in_whatever_state_it_comes() {
    use ReportStatus as R;
    for state in State::ALL {
        for status in [R::Partial, R::Preliminary, R::Final, R::Amended, R::Corrected] {
            let told = |late| hear_report(state, Reported { status, critical: true, late });
            assert_eq!(told(false), Some(State::ResultsAvailable), "{status:?} in {state:?}");
            assert_eq!(told(true), None, "{status:?} in {state:?}");
        }
    }
    let facts = Facts { results: Results::Critical, ..Facts::default() };
    for state in [State::Attended, State::ResultsAvailable] {
        let open = Referral { facts, ..referral(state) };
        assert_eq!(go(&open, Move::Complete), Err(Refusal::CriticalResult), "{state:?}");
    }
}

/// Whatever the priority: what is critical is due as what is most urgent, until it is taken note of; what comes beside it does not
/// put it off.
#[test]
fn a_critical_result_is_due_as_the_most_urgent_is() {
    let (now, terms) = (DateTime::UNIX_EPOCH, Deadlines::default());
    let stands = |state, results, of: Referral, now| {
        let facts = Facts { results, ..Facts::default() };
        Referral { facts, ..of }.standing(state, &terms, now)
    };
    let due = |state, results| stands(state, results, referral(State::Attended), now).due_time;
    let (four, five_days) = (now + TimeDelta::hours(4), now + TimeDelta::hours(120));
    assert_eq!(due(State::ResultsAvailable, Results::Critical), Some(four));
    assert_eq!(due(State::ResultsAvailable, Results::Unread), Some(five_days));
    assert_eq!(due(State::Attended, Results::Critical), due(State::Attended, Results::None));
    let critical = stands(State::ResultsAvailable, Results::Critical, referral(State::Attended), now);
    let later = now + TimeDelta::hours(3);
    let again = |of, results| stands(State::ResultsAvailable, results, of, later).due_time;
    assert_eq!(again(critical.clone(), Results::Critical), Some(four));
    assert_eq!(again(critical.clone(), Results::Unread), Some(later + TimeDelta::hours(120)), "it was taken note of");
    let overdue = Referral { overdue: true, ..critical };
    assert_eq!(again(overdue, Results::Critical), Some(later + TimeDelta::hours(4)), "told again");
}

/// What was read is not the reader's to wait for: the laboratory's silence after a partial result is the laboratory's.
#[test]
fn who_has_read_what_is_there_is_not_late_with_what_is_to_come() {
    let (now, terms) = (DateTime::UNIX_EPOCH, Deadlines::default());
    for (results, step, days) in [
        (Results::Critical, NextStep::Acknowledge, None),
        (Results::Unread, NextStep::Acknowledge, Some(terms.first_contact(Priority::Routine))),
        (Results::Partial, NextStep::Report, Some(terms.result())),
    ] {
        let facts = Facts { results, ..Facts::default() };
        let stands = Referral { facts, ..referral(State::Attended) }.standing(State::ResultsAvailable, &terms, now);
        let owner = if step == NextStep::Report { stands.provider } else { stands.referrer };
        assert_eq!((stands.next_step, stands.owner()), (Some(step), Some(owner)), "{results:?}");
        assert!(days.is_none_or(|days| stands.due_time == Some(now + days)), "{results:?}");
        let left = hear_reading(State::ResultsAvailable, Results::Critical, &facts);
        let moves = results != Results::Critical;
        assert_eq!(left, moves.then_some(State::ResultsAvailable), "{results:?}");
    }
}
