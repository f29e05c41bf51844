//! Figures for who pays or watches, and treats nobody: counts of people are told in steps, as official statistics do.
//!
//! Each count is rounded down to a multiple of the number below which statements leave figures out. What is computed of several is computed of
//! what is shown, so that figures add up and no difference of two tells more than they do. Money and minutes of staff are of nobody.

use chrono::NaiveDate;
use relais_platform::ids::OrganisationId;

use super::{Convention, Figure, Line, MeterFigures, Point, Recount, Role};

/// The steps in which counts are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Steps(i64);

impl Steps {
    /// To whom nothing is rounded.
    pub const EXACT: Self = Self(0);

    /// Of figures for an organisation under a convention: who sends, sees or coordinates knows its patients, and is told what they are.
    pub fn of(convention: &Convention, organisation: Option<OrganisationId>) -> Self {
        let knows = |role| organisation.is_some_and(|organisation| convention.terms.is_party(organisation, role));
        if [Role::Referrer, Role::Provider, Role::Coordinator].into_iter().any(knows) {
            return Self::EXACT;
        }
        Self(convention.terms.conditions.suppress_below.0)
    }

    /// How large they are; 0: figures are exact.
    pub fn size(self) -> i64 {
        self.0
    }

    /// A count in steps. What is less than nothing is rounded towards it, too.
    fn down(self, count: i64) -> i64 {
        if self == Self::EXACT { count } else { count - count % self.0 }
    }

    /// What was given under a line. Where less than a step was, there is no row: it would tell that somebody came.
    pub fn figures(self, line: &Line, figures: Vec<Figure>) -> Vec<Figure> {
        if self == Self::EXACT || !line.counts_referrals() {
            return figures;
        }
        let rounded = figures.into_iter().map(|figure| Figure { quantity: self.down(figure.quantity), ..figure });
        rounded.filter(|figure| figure.quantity != 0).collect()
    }

    /// A meter at the end of a day. All that is taken is in steps, and what of it is used; what is reserved is what lies between. What is
    /// left, beyond, and expected follows from these.
    pub fn meter(self, line: &Line, meter: MeterFigures, day: NaiveDate) -> MeterFigures {
        if self == Self::EXACT || !line.counts_referrals() {
            return meter;
        }
        let (taken, used) = (self.down(meter.taken()), self.down(meter.used));
        let point = |point: &Point| {
            let taken = self.down(point.taken);
            Point { taken, left: (meter.committed - taken).max(0), ..*point }
        };
        let burn_down = meter.burn_down.iter().map(point).collect();
        let released = self.down(meter.released);
        let told = MeterFigures { reserved: taken - used, used, released, burn_down, ..meter };
        MeterFigures { exhaustion_date: told.exhaustion(day), ..told }
    }

    /// A recount: how many entries there are tells of people as well.
    pub fn recount(self, recount: Recount) -> Recount {
        Recount { entries: self.down(recount.entries), total: self.down(recount.total), ..recount }
    }
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::ConventionId;

    use super::{
        super::{Conditions, Few, LineKind, Measure, Moved, Party, Terms},
        *,
    };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn line() -> Line {
        Line { kind: LineKind::Firm, committed: Some(12), ..Line::counted_acts("places") }
    }

    #[test]
    fn who_pays_or_watches_is_told_steps_and_who_knows_the_patients_figures() {
        let (payer, both) = (OrganisationId::draw(), OrganisationId::draw());
        let mut parties = vec![(payer, Role::Funder), (both, Role::Funder)];
        let knowing = [Role::Referrer, Role::Provider, Role::Coordinator].map(|role| (OrganisationId::draw(), role));
        parties.extend(knowing);
        parties.push((both, Role::Coordinator));
        let terms = Terms {
            parties: parties.into_iter().map(|(organisation, role)| Party { organisation, role }).collect(),
            services: Vec::new(),
            lines: vec![line()],
            start_date: day("2026-01-01"),
            end_date: day("2026-12-31"),
            sites: Vec::new(),
            exclusive: false,
            conditions: Conditions { suppress_below: Few(11), ..Conditions::default() },
        };
        let agreed = Convention::draft(ConventionId::draw(), String::new(), terms, chrono::DateTime::UNIX_EPOCH);
        for (who, expected) in [(Some(payer), 11), (None, 11), (Some(OrganisationId::draw()), 11), (Some(both), 0)] {
            assert_eq!(Steps::of(&agreed, who).size(), expected);
        }
        assert!(knowing.iter().all(|(who, _)| Steps::of(&agreed, Some(*who)) == Steps::EXACT));
    }

    #[test]
    fn a_count_below_a_step_is_no_row_and_money_is_told_as_it_is() {
        let at = |quantity| Figure { month: day("2026-01-01"), site: None, quantity };
        let all = [1, 4, 5, 9, 10, -1, -6].map(at).to_vec();
        assert_eq!(Steps(5).figures(&line(), all.clone()), [5, 5, 10, -5].map(at));
        assert_eq!(Steps::EXACT.figures(&line(), all.clone()), all);
        let money = Line { measure: Measure::Money, ..line() };
        assert_eq!(Steps(5).figures(&money, all.clone()), all);
        let recount = Recount { entries: 9, total: 4, differences: Vec::new() };
        assert_eq!(Steps(5).recount(recount.clone()), Recount { entries: 5, total: 0, ..recount });
    }

    /// Whatever was taken, all figures follow from two: all of it in steps, and what was used in steps.
    #[test]
    fn what_a_meter_tells_follows_from_two_figures_in_steps() {
        let year = (day("2026-01-01"), day("2026-12-31"));
        let today = day("2026-06-30");
        let told = |reserved: i64, used: i64, released: i64| {
            let entered = [
                Moved { month: day("2026-01-01"), committed: 12, reserved, used: 0, released: 0 },
                Moved { month: day("2026-03-01"), committed: 0, reserved: 0, used, released },
            ];
            Steps(5).meter(&line(), MeterFigures::of(&line(), year, None, today, &entered), today)
        };
        for reserved in 0..12 {
            for used in 0..12 {
                let meter = told(reserved, used, 4);
                let (taken, shown) = ((reserved + used) / 5 * 5, used / 5 * 5);
                assert_eq!((meter.used, meter.reserved, meter.released), (shown, taken - shown, 0));
                assert_eq!(meter.left() - meter.beyond(), 12 - taken);
                assert_eq!(
                    meter.burn_down.last().map(|point| (point.taken, point.left)),
                    Some((taken, (12 - taken).max(0)))
                );
                assert_eq!(meter.burn_down[0].taken, reserved / 5 * 5);
                assert_eq!(meter.exhaustion_date, told(meter.reserved, meter.used, 4).exhaustion_date);
            }
        }
        assert_eq!(told(3, 0, 9).exhaustion_date, None, "a date would tell that somebody came");
        assert_eq!(told(9, 0, 9).exhaustion_date, told(5, 0, 9).exhaustion_date);
        assert_eq!(told(9, 0, 9).released, 5);
        let money = Line { measure: Measure::Money, ..line() };
        let entered = [Moved { month: day("2026-01-01"), committed: 12, reserved: 0, used: 3, released: 0 }];
        let exact = MeterFigures::of(&money, year, None, today, &entered);
        assert_eq!(Steps(5).meter(&money, exact.clone(), today), exact);
    }
}
