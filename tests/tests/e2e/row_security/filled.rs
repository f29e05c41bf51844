//! Two suites between which every walled table has rows: all that the matrix asks for, and all that happens in a story.

use anyhow::{Context, Result};
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{CounterExpenseRequest, Line, Terms, line},
    referral::v1::{
        DismissDuplicateRequest, MergePatientsRequest, ReviewFileAccessRequest, duplicate_dismissal,
        file_access::Verdict, patient_merge,
    },
};
use relais_tests::{
    Identity, Session, SmtpServer, Suite,
    partnership::{Partners, identity, patient_of},
    request_id,
    story::{self, Place},
};

use crate::matrix::{
    holder::Holder,
    metered::{spent, with_lines},
};

/// What the matrix asks for; records that are merged, that look alike and that are two people's; a look at a file, reviewed.
pub async fn as_the_matrix_asks() -> Result<(Suite, SmtpServer)> {
    let (suite, mail) = story::open().await?;
    let holder = Holder::settle(&suite).await?;
    let at = |role: &str| suite.session("referral", &Identity::new(role, role).of(&holder.organisation));
    let (desk, coordinator) = (at("desk")?, at("coordinator")?);
    // The third looks like both; then the first pair is one person's, and the other two people's.
    let (one, twin, lookalike) = (person(&desk).await?, person(&desk).await?, person(&desk).await?);
    let dismissed = DismissDuplicateRequest {
        patient: one.clone(),
        other: lookalike,
        reason: duplicate_dismissal::Reason::RelatedPersons.into(),
        request_id: request_id(),
    };
    coordinator.patients().dismiss_duplicate(dismissed).await?;
    let merged = MergePatientsRequest {
        survivor: one,
        merged: twin,
        reason: patient_merge::Reason::SeenDocument.into(),
        request_id: request_id(),
    };
    coordinator.patients().merge_patients(merged).await?;
    person(&desk).await?;
    let reviewed = ReviewFileAccessRequest {
        name: holder.names.get("relais.health/FileAccess").cloned().context("an access")?,
        verdict: Verdict::Justified.into(),
        note: "The patient was there".into(),
        request_id: request_id(),
    };
    at("admin")?.break_glass().review_file_access(reviewed).await?;
    meter(&suite).await?;
    Ok((suite, mail))
}

/// A referral that takes the only place of a line, and crosses its threshold; money that was spent, and was not.
async fn meter(suite: &Suite) -> Result<()> {
    let agreed = |terms: Terms| {
        let (kind, on_exhausted) = (line::Kind::Firm.into(), line::OnExhausted::Waitlist.into());
        let firm = Line { kind, committed: 1, on_exhausted, ..terms.lines[0].clone() };
        with_lines(Terms { lines: vec![firm], thresholds: vec![100], ..terms })
    };
    let partners = Partners::meet_under(|identity| suite.session("referral", identity), agreed).await?;
    let sent = partners.submit(partners.request()).await?;
    // Somebody waits for it.
    partners.submit(partners.request()).await?;
    let name = spent(&partners, &sent.convention).await?;
    let request = CounterExpenseRequest { name, request_id: request_id() };
    partners.operator.expenses().counter_expense(request).await?;
    Ok(())
}

/// All that happens in the story of a laboratory.
pub async fn as_the_story_goes() -> Result<(Suite, SmtpServer)> {
    let (suite, mail) = story::open().await?;
    story::play(&Place::own(&suite, &mail)?, "bionext").await?;
    Ok((suite, mail))
}

/// Somebody who is called as the others are.
async fn person(desk: &Session) -> Result<String> {
    let birth = machine_now().date_naive() - chrono::Days::new(15_000);
    Ok(patient_of(desk, identity("Weber", "Anne", birth)).await?.name)
}
