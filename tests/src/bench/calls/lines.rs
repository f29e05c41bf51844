//! A busy line beside many: what a referral waits for because others take places of the same line.
//!
//! Both sides do the same work. Each convention has one firm line in sixteen stripes, with thresholds, of which more is committed than
//! anybody takes. One side sends all its referrals under one convention, the other under sixty-four in turn; both for the same patients.
//! Beside it, PostgreSQL's own measure of the least that takes a place: of one row, of sixteen stripes, of many lines.

use std::sync::Arc;

use anyhow::{Result, ensure};
use relais_proto::{
    convention::v1::{Line, Terms, line},
    referral::v1::{Referral, SubmitReferralRequest},
};

use super::{
    Plan,
    create::GENTLE,
    drive, order, pgbench,
    place::{serve, sessions, sizes, traced},
};
use crate::{
    Session,
    bench::{limit::Sizes, report::Figure, say, stage::Stage},
    partnership::{self, Partners},
    request_id,
};

/// Lines among which one side chooses, and patients of both.
const LINES: usize = 64;
/// More than is ever taken: what is measured is how a place is taken, not that none is left.
const COMMITTED: i64 = 1_000_000_000;
/// As partners agree on; so far away, nobody waits for them.
const THRESHOLDS: [i32; 3] = [70, 90, 100];
const CALLERS: [(usize, &str); 2] = [
    (16, "SubmitReferral, 16 in flight, one firm line to 64 of them"),
    (64, "SubmitReferral, 64 in flight, one firm line to 64 of them"),
];
const FLOOR: Option<f64> = Some(0.8);
/// The least that takes a place, and what it is: without a floor, for it only says what stripes are good for.
const BARE: [(&str, &str); 2] =
    [(ONE_ROW, "a place taken, by pgbench, of one row to 64 lines"), (ONE_LINE, "the same, of one line's 16 stripes")];

/// Lines as narrow as they can be, with a ledger.
const TABLES: &str = "
    CREATE SCHEMA bare_line;
    CREATE TABLE bare_line.stripe (
        line int, stripe int, available bigint NOT NULL CHECK (available >= 0), reserved bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (line, stripe)
    ) WITH (fillfactor = 25);
    CREATE TABLE bare_line.entry (id uuid PRIMARY KEY, line int NOT NULL, at timestamptz NOT NULL, body bytea NOT NULL);
    INSERT INTO bare_line.stripe (line, stripe, available)
    SELECT line, stripe, 1000000000 FROM generate_series(0, 63) AS line, generate_series(0, 15) AS stripe;
";
const ONE_ROW: &str = "BEGIN;
UPDATE bare_line.stripe SET available = available - 1, reserved = reserved + 1
WHERE line = 0 AND stripe = 0 AND available >= 1;
INSERT INTO bare_line.entry VALUES (gen_random_uuid(), 0, now(), decode(repeat('00', :event), 'hex'));
COMMIT;
";
const ONE_LINE: &str = "BEGIN;
UPDATE bare_line.stripe SET available = available - 1, reserved = reserved + 1 WHERE line = 0 AND stripe = (
    SELECT stripe FROM bare_line.stripe WHERE line = 0 AND available >= 1 ORDER BY stripe LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED);
INSERT INTO bare_line.entry VALUES (gen_random_uuid(), 0, now(), decode(repeat('00', :event), 'hex'));
COMMIT;
";
const MANY_LINES: &str = "\\set line random(0, 63)
BEGIN;
UPDATE bare_line.stripe SET available = available - 1, reserved = reserved + 1 WHERE line = :line AND stripe = (
    SELECT stripe FROM bare_line.stripe WHERE line = :line AND available >= 1 ORDER BY stripe LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED);
INSERT INTO bare_line.entry VALUES (gen_random_uuid(), :line, now(), decode(repeat('00', :event), 'hex'));
COMMIT;
";

/// Partners under many conventions that differ in nothing.
struct Agreed {
    partners: Partners,
    conventions: Vec<String>,
    patients: Vec<String>,
}

impl Agreed {
    async fn meet(stage: &Stage) -> Result<Self> {
        let mut terms = None;
        let agreed = |usual| terms.insert(metered(usual)).clone();
        let partners = Partners::meet_under(|identity| stage.suite.session("referral", identity), agreed).await?;
        let mut conventions = vec![partners.convention().to_string()];
        while let Some(terms) = terms.clone().filter(|_| conventions.len() < LINES) {
            let draft = partnership::draft(&partners.operator, terms).await?;
            conventions.push(partnership::sign(&partners.operator, draft, partners.today()).await?.name);
        }
        let mut patients = Vec::new();
        for _ in 0..LINES {
            patients.push(partnership::patient(&partners.desk).await?);
        }
        Ok(Self { partners, conventions, patients })
    }

    /// The conventions of a side: 0 has one.
    fn side(&self, side: usize) -> &[String] {
        if side == 0 { &self.conventions[..1] } else { &self.conventions }
    }

    fn request(&self, side: usize, index: usize) -> SubmitReferralRequest {
        let (conventions, patient) = (self.side(side), &self.patients[index % LINES]);
        let convention = &conventions[index % conventions.len()];
        let partners = &self.partners;
        let referral: Referral = partnership::referral(convention, patient, partners.provider(), partners.today());
        SubmitReferralRequest { referral: Some(referral), request_id: request_id(), ..Default::default() }
    }
}

/// One firm line, taken at submission.
fn metered(usual: Terms) -> Terms {
    let places = Line {
        line_id: "places".into(),
        measure: line::Measure::Acts.into(),
        kind: line::Kind::Firm.into(),
        committed: COMMITTED,
        ..Line::default()
    };
    Terms { lines: vec![places], thresholds: THRESHOLDS.to_vec(), ..usual }
}

pub(super) async fn measure(plan: Plan) -> Result<Vec<Figure>> {
    say("one firm line, and many");
    let mut stage = Stage::prepare_as(traced().await?).await?;
    serve(&mut stage, "referral").await?;
    let agreed = Arc::new(Agreed::meet(&stage).await?);
    let sizes = sizes(&mut stage, &agreed.partners).await?;
    let desks = sessions(&stage.suite, "referral", &agreed.partners.sender)?;
    // Every meter is open, and every convention known, before anything counts.
    for side in 0..2 {
        let call = submission(&desks, &agreed, side);
        drive::through(GENTLE, LINES * 2, call).await?;
    }
    let mut figures = CALLERS.map(|(_, what)| Figure::new(what, FLOOR));
    for run in 1..=plan.runs {
        for ((callers, _), figure) in CALLERS.iter().zip(&mut figures) {
            let mut rates = [0.0; 2];
            for side in order(run) {
                rates[side] = drive::rate(*callers, plan.time, submission(&desks, &agreed, side)).await?;
            }
            figure.add(rates[0], rates[1]);
        }
    }
    let (sent, took) = (stage.rows.count("referral.referral").await?, stage.rows.count("referral.meter_claim").await?);
    ensure!(sent == took, "{sent} referrals were sent, and {took} have a place: something else was measured");
    let bare = bare(&mut stage, sizes, plan).await?;
    stage.end().await?;
    Ok(figures.into_iter().chain(bare).collect())
}

type Sending = futures::future::BoxFuture<'static, Result<()>>;

/// A referral after the other, under the conventions of a side.
fn submission(
    desks: &Arc<Vec<Session>>,
    agreed: &Arc<Agreed>,
    side: usize,
) -> impl Fn(usize, usize) -> Sending + Send + Sync + 'static {
    let (desks, agreed) = (desks.clone(), agreed.clone());
    move |caller, index| {
        let (desk, request) = (desks[caller % desks.len()].clone(), agreed.request(side, index));
        Box::pin(async move {
            desk.referrals().submit_referral(request).await?;
            Ok(())
        })
    }
}

/// The least that takes a place of one row, and of one line, beside many lines.
async fn bare(stage: &mut Stage, sizes: Sizes, plan: Plan) -> Result<Vec<Figure>> {
    stage.rows.run(TABLES).await?;
    let mut figures = BARE.map(|(_, what)| Figure::new(what, None));
    for run in 1..=plan.runs {
        for ((script, _), figure) in BARE.iter().zip(&mut figures) {
            let mut rates = [None; 2];
            for side in order(run) {
                let script = [*script, MANY_LINES][side];
                rates[side] = pgbench::rate(stage, script, sizes, plan.time).await?;
            }
            if let [Some(one), Some(many)] = rates {
                figure.add(one, many);
            }
        }
    }
    Ok(figures.into_iter().filter(Figure::is_measured).collect())
}
