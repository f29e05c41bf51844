//! The first year: it fills, both partners hear of it, it is used up, and an amendment makes room.

use anyhow::{Context, Result};
use chrono::Days;
use relais_proto::{
    convention::v1::{AmendConventionRequest, Convention, DiscardAmendmentRequest, Terms},
    referral::v1::Referral,
};
use tonic::Code;

use super::{
    Stage,
    chain::{PATIENTS, year_from},
    ensure,
    first::judged,
    office::Partnership,
    scene,
    steps::{Seen, is},
    tell,
};
use crate::{
    date, partnership, request_id, rules,
    story::{asked, steps},
};

/// What the amendment commits to.
const MORE: i64 = 12;
/// Less than is used by then.
const LESS: i64 = 5;

/// Eleven people in all; answers with three whose reports come after the year has been stated.
pub(super) async fn fill(stage: &Stage<'_>, story: &Partnership) -> Result<Vec<Seen>> {
    let late = six_come(stage, story).await?;
    scene("Everybody hears of it");
    stage.go_on_by(60).await?;
    let mut sent = story.send_some(stage, 2).await?;
    story.desk.tells("sends two more people, two months later");
    story.heard(stage, &["70", "90"]).await?;
    sent.extend(story.send_some(stage, 1).await?);
    story.desk.tells("sends one more: the tenth and last of the year");
    story.heard(stage, &["70", "90", "100"]).await?;
    story.stands(stage, (10, 3, 7, 0)).await?;
    let next = is_used_up(stage, story, &sent).await?;
    sent.push(is_amended(stage, story, next).await?);
    let seen = story.see(stage, sent).await?;
    story
        .reception
        .tells(format!("sees the {} who were still to come, the one of the amendment among them", seen.len()));
    story.report_all(stage, &seen).await?;
    story.stands(stage, (MORE, 0, 11, 1)).await?;
    Ok(late)
}

/// Six are sent, five come, and one misses the first time.
async fn six_come(stage: &Stage<'_>, story: &Partnership) -> Result<Vec<Seen>> {
    scene("The first year fills");
    let sent = story.send_some(stage, 6).await?;
    story.desk.tells("sends six more people for steps of their procedures");
    story.heard(stage, &["70"]).await?;
    story.stands(stage, (10, 6, 1, 3)).await?;
    let (mut booked, mut seen) = story.book_all(stage, sent).await?;
    let (missed, who) = booked.pop().zip(seen.pop()).context("nobody was booked")?;
    for booked in &booked {
        steps::attend(stage, &story.reception, booked).await?;
    }
    story.miss(stage, &missed, &who.sent).await?;
    story.reception.tells(format!("sees five of them; the patient of {} does not come", who.sent.number));
    stage.settle().await?;
    story.stands(stage, (10, 1, 6, 3)).await?;
    let (late, on_time): (Vec<_>, Vec<_>) = seen.into_iter().partition(|seen| seen.site == story.colmar);
    let again = story.see(stage, vec![who.sent]).await?;
    story.desk.tells("books again for whoever missed, whose place was kept; now they come");
    story.report_all(stage, &on_time).await?;
    story.report_all(stage, &again).await?;
    story.stands(stage, (10, 0, 7, 3)).await?;
    story.radiologist.tells(format!("has {} reports of Colmar still to write", late.len()));
    Ok(late)
}

/// The next one is refused with what would pass; whoever has a place may come again.
async fn is_used_up(stage: &Stage<'_>, story: &Partnership, sent: &[Referral]) -> Result<Referral> {
    scene("Used up");
    let person = story.person(stage).await?;
    let ask = story.ask(&person.record, stage.today() + Days::new(3));
    for language in ["fr", "en"] {
        let refused = judged(stage, story, &ask, language).await?;
        let [rule] = refused.failed_rules.as_slice() else {
            return ensure(false, &format!("{:?} fail", refused.failed_rules)).map(|()| ask);
        };
        let next = (year_from(story.first_day, 1), year_from(story.first_day, 2) - Days::new(1));
        let passes = rule.code == "volume-exhausted" && rule.passes == [format!("{}/{}", next.0, next.1)];
        ensure(passes, "what would pass is not told")?;
        story.desk.tells(format!("asks for one more: {} ({}): {}", rule.code, rule.term, rule.sentence));
        tell("", format!("what would pass: {}", rule.passes.join(", ")));
    }
    let refused = steps::submit(stage, &story.desk, ask.clone()).await.err().context("it is admitted")?;
    let told = refused.downcast_ref().map(rules).unwrap_or_default();
    ensure(told == ["volume-exhausted"], "it is refused for another reason")?;
    let held = sent.first().context("nobody was sent")?;
    let again = judged(stage, story, &story.ask(&held.patient, stage.today() + Days::new(3)), "fr").await?;
    ensure(again.admitted && again.lines.iter().any(|line| line.held), "whoever has a place is refused")?;
    story.desk.tells("asks for somebody who was sent before: yes, the place is shared");
    Ok(ask)
}

/// MC3 commits to more, from today on; never to less than was used.
async fn is_amended(stage: &Stage<'_>, story: &Partnership, ask: Referral) -> Result<Referral> {
    scene("An amendment");
    let refused = amend(stage, story, LESS).await.err().context("less than was used is signed")?;
    ensure(is(&refused, Code::FailedPrecondition), &format!("it is refused for another reason: {refused:#}"))?;
    let told = refused.downcast_ref().map(rules).unwrap_or_default();
    story.head.tells(format!("would commit to {LESS} people a year: {}", told.join(", ")));
    let signed = amend(stage, story, MORE).await?;
    story
        .head
        .tells(format!("signs an amendment: {MORE} people a year, version {} of the terms", signed.terms_version));
    story.stands(stage, (MORE, 3, 7, 2)).await?;
    let sent = story.send(stage, ask).await?;
    ensure(sent.convention_version == signed.terms_version, "other terms admitted it")?;
    story.desk.tells(format!("sends the one who was refused: admitted, referral {}", sent.number));
    story.heard(stage, &["70", "90", "100", "90"]).await?;
    Ok(sent)
}

/// The same terms with another number of people, from today on.
async fn amend(stage: &Stage<'_>, story: &Partnership, committed: i64) -> Result<Convention> {
    let now = story.agreed(stage, &story.convention).await?;
    let mut terms: Terms = now.terms.context("no terms")?;
    for line in terms.lines.iter_mut().filter(|line| line.line_id == PATIENTS) {
        line.committed = committed;
    }
    let mut client = stage.at(&story.coordinator)?.referral.conventions();
    let request = AmendConventionRequest {
        name: now.name.clone(),
        terms: Some(terms),
        effective_date: Some(date(stage.today())),
        etag: now.etag,
        request_id: request_id(),
    };
    let amended = asked("AmendConvention", client.amend_convention(request)).await?.convention;
    let amended = amended.context("no convention")?;
    let signed = partnership::sign(&stage.at(&story.head)?.referral, amended, stage.today()).await;
    if signed.is_err() {
        let request = DiscardAmendmentRequest { name: now.name, request_id: request_id(), ..Default::default() };
        asked("DiscardAmendment", client.discard_amendment(request)).await?;
    }
    signed
}
