//! Sampling: of which lines the sample was taken.

use chrono::{DateTime, Utc};
use relais_platform::{
    error::{Error, Result, Violation},
    ids::{Child, SiteId},
};

use super::{LineState, Order, State, line_of};

/// When and where a sample was taken.
#[derive(Debug, Clone, Copy)]
pub struct Sample {
    /// When.
    pub time: DateTime<Utc>,
    /// At which site of the provider.
    pub site: Option<Child<SiteId>>,
}

/// The order with these lines sampled, in its next version; no numbers: all that wait for it.
///
/// # Errors
/// FAILED_PRECONDITION when nothing waits for a sample, or one of these lines does not.
pub fn sample(mut order: Order, numbers: &[i32], sample: Sample, now: DateTime<Utc>) -> Result<Order> {
    if order.state == State::Revoked {
        return Err(refused("order-revoked", "the order was withdrawn".into()));
    }
    let waiting = order.lines.iter().filter(|line| line.state == LineState::Ordered).map(|line| line.number);
    let numbers: Vec<i32> = if numbers.is_empty() { waiting.collect() } else { numbers.to_vec() };
    if numbers.is_empty() {
        return Err(refused("nothing-to-sample", "no line waits for its sample".into()));
    }
    for number in numbers {
        let line = line_of(&mut order.lines, number)?;
        if line.state != LineState::Ordered {
            return Err(refused("line-not-ordered", format!("line {number} is {}", line.state.as_str())));
        }
        line.state = LineState::Sampled;
        (line.sample_time, line.site) = (Some(sample.time), sample.site.map(|site| site.id));
    }
    Ok(order.moved(now))
}

fn refused(rule: &str, words: String) -> Error {
    Error::refused("LINE_REFUSED", vec![Violation::new(rule, words)])
}

#[cfg(test)]
mod tests {
    use super::super::{
        place,
        tests::{OPEN, order},
    };
    use super::*;

    #[test]
    fn a_line_is_sampled_once() {
        let now = DateTime::UNIX_EPOCH;
        let taken = Sample { time: now, site: None };
        let placed = place(order(), &["718-7".into(), "2345-7".into()], OPEN, now).unwrap();
        let sampled = sample(placed, &[2], taken, now).unwrap();
        let states: Vec<_> = sampled.lines.iter().map(|line| line.state).collect();
        assert_eq!(states, [LineState::Ordered, LineState::Sampled]);
        assert!(sample(sampled.clone(), &[2], taken, now).is_err());
        let all = sample(sampled, &[], taken, now).unwrap();
        assert_eq!((all.lines[0].state, all.state), (LineState::Sampled, State::Active));
        assert!(sample(all, &[], taken, now).is_err());
    }
}
