//! What is stated to who pays: year by year, numbered, never changed; what comes late is a correction on the next one.

use anyhow::{Context, Result};
use chrono::Days;
use relais_proto::convention::v1::{
    CloseStatementRequest, Count, CountBySite, Delay, GetStatementRequest, ListStatementsRequest,
    RenderStatementRequest, Statement, correction::Subject, render_statement_request::Format,
};

use super::{
    Stage,
    chain::{XRAYS, year_from},
    ensure,
    office::Partnership,
    scene, tell,
};
use crate::{date, request_id, story::asked};

/// Reports of the first year that came after it was stated.
const LATE: i64 = 3;

/// Closes the statement of a year of the mandate, counted from 0, and tells its figures.
pub(super) async fn close(stage: &Stage<'_>, story: &Partnership, year: u32) -> Result<()> {
    scene(&format!("The statement of year {}", year + 1));
    let days = (year_from(story.first_day, year), year_from(story.first_day, year + 1) - Days::new(1));
    let request = CloseStatementRequest {
        convention: story.convention.clone(),
        first_day: Some(date(days.0)),
        last_day: Some(date(days.1)),
        request_id: request_id(),
    };
    let mut client = stage.at(&story.coordinator)?.referral.statements();
    let closed = asked("CloseStatement", client.close_statement(request)).await?.statement.context("no statement")?;
    ensure(closed.number == i64::from(year) + 1, "its number is another one")?;
    story.coordinator.tells(format!("closes number {}, from {} to {}", closed.number, days.0, days.1));
    tell("", format!("numbers of people and referrals below {} are left out, as agreed", closed.threshold));
    figures(story, &closed);
    let corrected: Vec<_> = closed.corrections.iter().map(|it| (it.number, it.subject(), it.difference)).collect();
    if year == 1 {
        // The first one stays as it is: what came late is told here.
        let of_xrays = (1, Subject::Quantity, LATE);
        ensure(corrected.contains(&of_xrays), &format!("{corrected:?} is corrected"))?;
        tell("", format!("correction of number 1: {LATE} X-rays more, whose reports came late"));
    } else {
        ensure(corrected.is_empty(), &format!("{corrected:?} is corrected"))?;
    }
    Ok(())
}

fn figures(story: &Partnership, statement: &Statement) {
    tell("", format!("people seen: {}", by_site(story, statement.persons.as_ref())));
    for (committed, line) in statement.lines.iter().filter_map(|line| Some((line.committed?, line))) {
        tell("", format!("committed for a {}: {committed} ({})", line.committed_per, line.line_id));
    }
    for line in statement.lines.iter().filter(|line| line.line_id == XRAYS) {
        tell("", format!("X-rays: {}", by_site(story, line.period.as_ref())));
    }
    for step in
        statement.steps.iter().filter(|step| ["submitted", "no-show", "completed"].contains(&step.code.as_str()))
    {
        tell("", format!("{}: {}", step.code, number(step.count.as_ref().and_then(|count| count.all.as_ref()))));
    }
    let is_told = |delay: &&Delay| ["scheduled", "attended"].contains(&delay.from_state.as_str());
    for delay in statement.delays.iter().filter(is_told) {
        let hours = delay.all.as_ref().map(|all| (all.p50_hours, all.p90_hours));
        let Some((Some(half), Some(most))) = hours else { continue };
        let step = format!("from {} to {}", delay.from_state, delay.to_state);
        tell("", format!("{step}: half within {half:.0} hours, nine of ten within {most:.0}"));
    }
}

/// A number in all, and at each site.
fn by_site(story: &Partnership, count: Option<&CountBySite>) -> String {
    let Some(count) = count else { return "nothing".into() };
    let sites = count.sites.iter().filter(|site| !site.site.is_empty());
    let sites: Vec<_> =
        sites.map(|site| format!("{} {}", story.called(&site.site), number(site.count.as_ref()))).collect();
    format!("{} ({})", number(count.all.as_ref()), sites.join(", "))
}

/// A number, unless it is left out.
fn number(count: Option<&Count>) -> String {
    match count.and_then(|count| count.value) {
        Some(value) => value.to_string(),
        None => "left out".into(),
    }
}

/// The last one, as a table for programs and as a page to print, in both languages; the first one is as it was.
pub(super) async fn render(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let mut client = stage.at(&story.coordinator)?.referral.statements();
    let list = ListStatementsRequest { convention: story.convention.clone(), ..Default::default() };
    let all = asked("ListStatements", client.list_statements(list)).await?.statements;
    let numbers: Vec<_> = all.iter().map(|statement| statement.number).collect();
    ensure(numbers == [3, 2, 1], "not every year is stated")?;
    let (last, first) = all.first().zip(all.last()).context("no statement")?;
    let get = GetStatementRequest { name: first.name.clone() };
    let again = asked("GetStatement", client.get_statement(get)).await?.statement.context("no statement")?;
    ensure(again.corrections.is_empty() && again.close_time == first.close_time, "the first one has changed")?;
    for (language, format) in ["fr", "en"].into_iter().flat_map(|it| [(it, Format::Csv), (it, Format::Page)]) {
        let (name, language_code) = (last.name.clone(), language.into());
        let request = RenderStatementRequest { name, format: format.into(), language_code };
        let rendered = asked("RenderStatement", client.render_statement(request)).await?;
        let text = String::from_utf8(rendered.content)?;
        let is_page = text.to_lowercase().starts_with("<!doctype html>") && text.contains("<svg");
        let right = format != Format::Page || (is_page && text.contains(&format!("lang=\"{language}\"")));
        ensure(right, &format!("{} is no page", rendered.file_name))?;
        let lines = text.lines().count();
        story.coordinator.tells(format!("has {}: {}, {lines} lines", rendered.file_name, rendered.content_type));
        if let Some(kept) = stage.keep(&rendered.file_name, &text)? {
            tell("", format!("    to look at: {}", kept.display()));
        }
    }
    Ok(())
}
