//! Answers of statements: what is shown, and nothing of what was counted.

use relais_platform::{
    Result,
    calls::check::{date_to_proto, time_to_proto},
};
use relais_proto::convention::v1::{self, correction, line_figures, render_statement_request::Format};

use super::line::measure;
use crate::domain::{
    language::Language,
    statement::{
        Correction, Delay, DelayAt, Document, LineFigures, Occurrences, Place, Places, Refusal, Shown, Statement,
        Subject, csv, page,
    },
};

pub(in crate::grpc) fn statement(value: Statement) -> v1::Statement {
    let document = value.document;
    let told = Told(&document);
    v1::Statement {
        name: value.id.to_string(),
        convention: value.convention.to_string(),
        number: value.number,
        first_day: Some(date_to_proto(value.days.first)),
        last_day: Some(date_to_proto(value.days.last)),
        close_time: Some(time_to_proto(value.close_time)),
        threshold: document.threshold,
        terms_version: document.terms_version,
        lines: document.lines.iter().map(|line| told.line(line)).collect(),
        persons: Some(told.places(&document.persons)),
        steps: document.steps.iter().map(|step| told.occurrences(step)).collect(),
        refusals: document.refusals.iter().map(|refusal| told.refusal(refusal)).collect(),
        delays: document.delays.iter().map(|delay| told.delay(delay)).collect(),
        corrections: document.corrections.iter().map(|correction| told.correction(correction)).collect(),
        corrections_carried_over: document.carried_over,
    }
}

/// A statement for people or programs.
///
/// # Errors
/// INTERNAL, which writing to memory never is.
pub(in crate::grpc) fn rendered(
    statement: &Statement,
    format: Format,
    language: Language,
) -> Result<v1::RenderStatementResponse> {
    let (content, content_type, extension) = match format {
        Format::Csv => (csv::render(statement, language)?, csv::CONTENT_TYPE, "csv"),
        // Unspecified has been refused by the check.
        Format::Page | Format::Unspecified => (page::render(statement, language).into(), page::CONTENT_TYPE, "html"),
    };
    let file_name = format!("statement-{}-{}.{extension}", statement.number, language.as_str());
    Ok(v1::RenderStatementResponse { content, content_type: content_type.into(), file_name })
}

fn count(shown: Shown) -> v1::Count {
    v1::Count { value: shown, suppressed: shown.is_none() }
}

/// What is told, with the names of its places.
struct Told<'a>(&'a Document);

impl Told<'_> {
    /// The names of the places, in order.
    fn sites(&self) -> impl Iterator<Item = String> {
        self.0.sites.iter().map(|named| named.site.to_string()).chain([String::new()])
    }

    fn places(&self, places: &Places) -> v1::CountBySite {
        let at = self.sites().zip(&places.at);
        let sites = at.map(|(site, shown)| v1::SiteCount { site, count: Some(count(*shown)) });
        v1::CountBySite { all: Some(count(places.all)), sites: sites.collect() }
    }

    fn line(&self, line: &LineFigures) -> v1::LineFigures {
        let months = line.months.iter().map(|month| line_figures::Month {
            month: Some(date_to_proto(month.month)),
            number: month.number,
            quantity: Some(count(month.quantity)),
        });
        v1::LineFigures {
            line_id: line.line_id.clone(),
            measure: measure(line.measure).into(),
            committed: line.committed.map(|committed| committed.quantity),
            committed_per: line.committed.map(|committed| committed.per.as_str().into()).unwrap_or_default(),
            period: Some(self.places(&line.period)),
            before: Some(self.places(&line.before)),
            to_date: Some(self.places(&line.to_date)),
            months: months.collect(),
        }
    }

    fn occurrences(&self, value: &Occurrences) -> v1::Occurrences {
        v1::Occurrences { code: value.code.clone(), count: Some(self.places(&value.count)) }
    }

    fn refusal(&self, value: &Refusal) -> v1::Refusals {
        let (state, reason) = (value.state.clone(), value.reason.clone());
        v1::Refusals { state, reason, count: Some(self.places(&value.count)) }
    }

    fn delay(&self, value: &Delay) -> v1::Delay {
        let at = self.sites().zip(&value.at).filter(|(_, at)| **at != DelayAt::None);
        v1::Delay {
            from_state: value.from.clone(),
            to_state: value.to.clone(),
            all: Some(delay_at(String::new(), value.all)),
            sites: at.map(|(site, at)| delay_at(site, *at)).collect(),
        }
    }

    fn correction(&self, value: &Correction) -> v1::Correction {
        let subject = match value.key.subject {
            Subject::Quantity | Subject::ToDate | Subject::Month => correction::Subject::Quantity,
            Subject::Persons => correction::Subject::Persons,
            Subject::Steps => correction::Subject::Steps,
            Subject::Refusals => correction::Subject::Refusals,
        };
        let site = match value.key.place {
            Place::Site(site) => self.0.site_name(site).map(|named| named.site.to_string()).unwrap_or_default(),
            Place::Nowhere | Place::All => String::new(),
        };
        v1::Correction {
            number: value.number,
            subject: subject.into(),
            code: value.key.code.clone(),
            site,
            all_sites: value.key.place == Place::All,
            difference: value.difference,
        }
    }
}

fn delay_at(site: String, at: DelayAt) -> v1::delay::Place {
    // Tenths of an hour are few: no number of them is too large to be exact.
    #[allow(clippy::cast_precision_loss, reason = "a delay of hours is far below 2^52 tenths")]
    let hours = |tenths: i64| tenths as f64 / 10.0;
    let (p50_hours, p90_hours) = match at {
        DelayAt::Took(p50, p90) => (Some(hours(p50)), Some(hours(p90))),
        DelayAt::None | DelayAt::Suppressed => (None, None),
    };
    v1::delay::Place { site, p50_hours, p90_hours, suppressed: at == DelayAt::Suppressed }
}
