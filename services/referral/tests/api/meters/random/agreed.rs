//! Three conventions of the same partners, so that every kind of line is met: by acts and by persons, for the term and by month, for all
//! sites and for each, firm and soft, taken at submission and at acceptance; what is refused, waits and is let through; money, and staff.

use anyhow::Result;
use chrono::Days;
use relais_proto::{
    convention::v1::{
        AmendConventionRequest, Convention, CounterExpenseRequest, DiscardAmendmentRequest, Expense,
        GetConventionRequest, RecordExpenseRequest, SignConventionRequest,
    },
    referral::v1::SubmitReferralRequest,
};
use relais_tests::{Identity, Session, request_id};
use tokio::sync::Mutex;

use super::{super::*, dice::Dice};

const THRESHOLDS: [i32; 4] = [25, 50, 75, 100];
const CONNECTIONS: (&str, &str) = ("RELAIS__DATABASE__MAX_CONNECTIONS", "16");
const PATIENTS: usize = 6;
/// Days on which patients are wished to be seen: in three months.
const DAYS: [u64; 3] = [0, 32, 64];

/// What is spent: so much; or what was spent before, taken back.
pub enum Spending {
    Record(i64),
    Counter,
}

/// Partners under all of them.
pub struct Agreed {
    /// Acts, persons, and whoever was seen: of the term.
    pub metered: Metered,
    /// A line of it.
    of: Line,
    /// Each month has its places, and who finds none waits; others are taken at acceptance.
    by_month: String,
    /// Each site has its places and its staff; others are let through, are a target, or money.
    by_site: String,
    patients: Vec<String>,
    /// Two that are in scope, and one that is not.
    sites: [String; 3],
    approver: String,
    /// The laboratory's, who signs what the other partner enters.
    partner: Session,
    /// What was spent and may be taken back.
    spent: Mutex<Vec<String>>,
}

fn line(line_id: &str, committed: i64) -> Line {
    Line { line_id: line_id.into(), ..firm(committed) }
}

/// Lines of the first convention: places of this kind, with these promises.
fn places(of: &Line, [committed, persons]: [i64; 2]) -> Vec<Line> {
    let acts = Line { committed, ..of.clone() };
    let (line_id, measure) = ("persons".into(), line::Measure::Persons.into());
    let persons = Line { line_id, measure, committed: persons, ..of.clone() };
    let (kind, counted_from) = (line::Kind::Counted.into(), line::CountedFrom::Attendance.into());
    vec![acts, persons, Line { kind, counted_from, ..line("seen", 0) }]
}

fn by_month() -> Vec<Line> {
    let (per, on_exhausted) = (line::Per::Month.into(), line::OnExhausted::Waitlist.into());
    let reserve_at = line::ReserveAt::Acceptance.into();
    vec![Line { per, on_exhausted, ..line("monthly", 6) }, Line { reserve_at, ..line("accepted", 10) }]
}

fn by_site() -> Vec<Line> {
    let (on_exhausted, soft) = (line::OnExhausted::LetThrough.into(), line::Kind::Soft.into());
    let (currency, money) = ("EUR".into(), line::Measure::Money.into());
    vec![
        Line { scope: line::Scope::Site.into(), ..line("at-site", 5) },
        Line { measure: line::Measure::Persons.into(), on_exhausted, ..line("let-through", 3) },
        Line { kind: soft, ..line("target", 6) },
        Line { kind: soft, measure: money, currency, ..line("money", 10_000) },
        Line { scope: line::Scope::Site.into(), measure: line::Measure::StaffMinutes.into(), ..line("staff", 400) },
    ]
}

fn number(dice: &mut Dice, below: usize) -> i64 {
    i64::try_from(dice.roll(below)).unwrap_or_default()
}

/// Another convention of the same partners.
async fn sign(partners: &Partners, lines: Vec<Line>, sites: &[String]) -> Result<String> {
    let usual = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let terms = Terms { lines, thresholds: THRESHOLDS.to_vec(), sites: sites.to_vec(), ..usual };
    let draft = partnership::draft(&partners.operator, terms).await?;
    Ok(partnership::sign(&partners.operator, draft, partners.today).await?.name)
}

impl Agreed {
    pub async fn meet(of: Line) -> Result<Self> {
        let agreed = |terms| Terms { thresholds: THRESHOLDS.to_vec(), ..terms };
        let metered = Metered::agree_with(places(&of, [12, 4]), agreed, &[CONNECTIONS]).await?;
        let partners = &metered.partners;
        let mut patients = vec![partners.patient.clone()];
        while patients.len() < PATIENTS {
            patients.push(partnership::patient(&partners.desk).await?);
        }
        let forges = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
        let chem = partnership::site(&partners.operator, &partners.provider, "CHEM").await?;
        let elsewhere = partnership::site(&partners.operator, &partners.provider, "Elsewhere").await?;
        let sites = [forges, chem, elsewhere];
        let approver = partnership::practitioner(&partners.operator, &partners.provider).await?;
        let partner = Identity::new("lab coordinator", "coordinator").of(&partners.provider);
        let partner = partners.world.session(&partner)?;
        let by_month = sign(partners, by_month(), &[]).await?;
        let by_site = sign(partners, by_site(), &sites[..2]).await?;
        Ok(Self { of, by_month, by_site, patients, sites, approver, partner, spent: Mutex::default(), metered })
    }

    /// All three.
    pub fn conventions(&self) -> [&str; 3] {
        [&self.metered.convention, &self.by_month, &self.by_site]
    }

    /// That of which each site has its places and its staff.
    pub fn by_site(&self) -> &str {
        &self.by_site
    }

    /// The sites where patients are received under it.
    pub fn in_scope(&self) -> &[String] {
        &self.sites[..2]
    }

    /// A referral under one of them.
    pub fn ask(&self, dice: &mut Dice) -> SubmitReferralRequest {
        let at = dice.roll(4).saturating_sub(1);
        let (convention, patient) = (self.conventions()[at].into(), dice.pick(&self.patients).clone());
        let requested_date = day(self.metered.partners.today + Days::new(*dice.pick(&DAYS)));
        let site = if at == 2 { dice.pick(&self.sites[..2]).clone() } else { String::new() };
        let approver = if at == 2 && dice.roll(2) == 0 { self.approver.clone() } else { String::new() };
        let asked = Referral { convention, patient, requested_date, site, ..self.metered.ask() };
        SubmitReferralRequest { approver, ..self.metered.partners.request(asked) }
    }

    pub async fn submit(&self, request: SubmitReferralRequest) -> Result<Referral, Status> {
        let answer = self.metered.partners.desk.referrals().submit_referral(request).await?;
        Ok(answer.into_inner().referral.unwrap_or_default())
    }

    /// Money to be spent, or taken back.
    pub fn expense(&self, dice: &mut Dice) -> Spending {
        if dice.roll(3) == 0 { Spending::Counter } else { Spending::Record(1 + number(dice, 900)) }
    }

    pub async fn spend(&self, spending: Spending) -> Result<(), Status> {
        let mut client = self.metered.partners.coordinator.expenses();
        let before = self.spent.lock().await.pop();
        let (amount, name) = match (spending, before) {
            (Spending::Counter, Some(name)) => {
                let request = CounterExpenseRequest { name, request_id: request_id() };
                return client.counter_expense(request).await.map(|_| ());
            }
            (Spending::Counter, None) => (1, None),
            (Spending::Record(amount), before) => (amount, before),
        };
        let expense = Expense {
            convention: self.by_site.clone(),
            line_id: "money".into(),
            amount,
            currency: "EUR".into(),
            expense_date: day(self.metered.partners.today),
            code: "rent".into(),
            ..Expense::default()
        };
        let request = RecordExpenseRequest { expense: Some(expense), request_id: request_id() };
        let recorded = client.record_expense(request).await?.into_inner().expense.unwrap_or_default();
        self.spent.lock().await.extend(name.into_iter().chain([recorded.name]));
        Ok(())
    }

    /// Where an appointment under a convention is asked for: at any site, or at one that nobody names.
    pub fn site(&self, dice: &mut Dice, convention: &str) -> String {
        let named = convention == self.by_site || dice.roll(2) == 0;
        if named { dice.pick(&self.sites).clone() } else { String::new() }
    }

    /// Other promises for the lines of the first convention.
    pub fn promises(&self, dice: &mut Dice) -> Vec<Line> {
        places(&self.of, [6 + number(dice, 14), 2 + number(dice, 5)])
    }

    /// More than any of those promises.
    pub fn more(&self) -> Vec<Line> {
        places(&self.of, [24, 9])
    }

    /// Enters an amendment by one partner and signs it by the other. Where it commits less than is used, it is discarded, and refused.
    pub async fn amend(&self, lines: Vec<Line>) -> Result<(), Status> {
        let name = self.metered.convention.clone();
        let mut client = self.metered.partners.coordinator.conventions();
        let found = client.get_convention(GetConventionRequest { name: name.clone() }).await?.into_inner();
        let Convention { etag, terms, .. } = found.convention.unwrap_or_default();
        let (terms, effective_date) = (Terms { lines, ..terms.unwrap_or_default() }, day(self.metered.partners.today));
        let terms = Some(terms);
        let request =
            AmendConventionRequest { name: name.clone(), terms, effective_date, etag, request_id: request_id() };
        let etag = client.amend_convention(request).await?.into_inner().convention.unwrap_or_default().etag;
        let signature_date = effective_date;
        let request = SignConventionRequest { name: name.clone(), signature_date, etag, request_id: request_id() };
        let refused = match self.partner.conventions().sign_convention(request).await {
            Ok(_) => return Ok(()),
            Err(refused) => refused,
        };
        let request = DiscardAmendmentRequest { name, request_id: request_id(), ..Default::default() };
        client.discard_amendment(request).await?;
        Err(refused)
    }

    /// Ends the world, once all that is shown is what the ledgers amount to.
    pub async fn end(self) -> Result<()> {
        for convention in [&self.by_month, &self.by_site] {
            let request = RecountUsageRequest { name: convention.clone() };
            let recount = self.metered.partners.operator.conventions().recount_usage(request).await?.into_inner();
            assert_eq!(recount.differences, [], "{convention}");
        }
        self.metered.end().await
    }
}
