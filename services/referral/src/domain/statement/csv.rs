//! A statement as comma-separated values (RFC 4180): a row for each number, with the code by which programs know it and the words by
//! which people do. Numbers are written plainly, with a point, in every language; so are the codes of sections and
//! figures, at the end of each row.

use csv::{Terminator, WriterBuilder};
use relais_platform::error::{Error, Result};

use super::{Delay, DelayAt, Document, LineFigures, Place, Places, Shown, Statement, Subject, words::word};
use crate::domain::language::Language;

/// What the bytes are.
pub const CONTENT_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// The columns of codes of section and figure, which are the same in every language.
const CODES: [&str; 2] = ["section_code", "figure_code"];

/// Rows as they are written.
struct Rows<'a> {
    language: Language,
    document: &'a Document,
    written: Vec<[String; 9]>,
}

/// A section, a code in it, and the words for that.
type Of<'a> = (&'a str, &'a str, &'a str);

/// Renders a statement.
///
/// # Errors
/// INTERNAL, which writing to memory never is.
pub fn render(statement: &Statement, language: Language) -> Result<Vec<u8>> {
    let mut rows = Rows { language, document: &statement.document, written: Vec::new() };
    rows.head(statement);
    rows.lines();
    rows.steps();
    statement.document.delays.iter().for_each(|delay| rows.delay(delay));
    rows.corrections();
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    let head = ["section", "code", "label", "figure", "site", "value", "suppressed"].map(|name| word(language, name));
    let head = head.into_iter().chain(CODES);
    writer.write_record(head).map_err(Error::internal)?;
    for row in &rows.written {
        writer.write_record(row).map_err(Error::internal)?;
    }
    writer.into_inner().map_err(|error| Error::internal(std::io::Error::other(error.to_string())))
}

/// A text that no spreadsheet takes for a formula.
fn text(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if formula { format!("'{value}") } else { value.into() }
}

impl Rows<'_> {
    fn say(&self, name: &str) -> String {
        word(self.language, name).into()
    }

    fn push(&mut self, (section, code, label): Of<'_>, figure: &str, site: &str, value: Option<String>) {
        let suppressed = self.say(if value.is_none() { "yes" } else { "no" });
        let row = [
            self.say(section),
            text(code),
            text(label),
            self.say(figure),
            text(site),
            value.unwrap_or_default(),
            suppressed,
            section.into(),
            figure.into(),
        ];
        self.written.push(row);
    }

    fn head(&mut self, statement: &Statement) {
        let (first, last) = (statement.days.first.to_string(), statement.days.last.to_string());
        for (figure, value) in [
            ("convention", text(&statement.document.convention)),
            ("statement", statement.number.to_string()),
            ("from", first),
            ("until", last),
            ("closed", statement.close_time.format("%Y-%m-%dT%H:%M:%SZ").to_string()),
            ("terms-version", statement.document.terms_version.to_string()),
            ("threshold", statement.document.threshold.to_string()),
        ] {
            self.push(("statement", figure, ""), figure, "", Some(value));
        }
    }

    /// A number in all, and at each place where it is one.
    fn places(&mut self, of: Of<'_>, figure: &str, places: &Places) {
        let number = |shown: Shown| shown.map(|value| value.to_string());
        let all = self.say("all-sites");
        self.push(of, figure, &all, number(places.all));
        for (site, shown) in self.sites().into_iter().zip(&places.at) {
            if *shown != Some(0) {
                self.push(of, figure, &site, number(*shown));
            }
        }
    }

    fn sites(&self) -> Vec<String> {
        let names = self.document.place_names();
        names.into_iter().map(|name| name.map_or_else(|| self.say("no-site"), Into::into)).collect()
    }

    fn lines(&mut self) {
        let document = self.document;
        for line in &document.lines {
            self.line(line);
        }
        let persons = self.say("persons");
        self.places(("persons", "persons", &persons), "in-period", &document.persons);
    }

    fn line(&mut self, line: &LineFigures) {
        let measure = self.say(line.measure.as_str());
        let of = ("lines", line.line_id.as_str(), measure.as_str());
        if let Some(committed) = line.committed {
            let per = format!("per-{}", committed.per.as_str());
            self.push(of, "committed", &self.say(&per), Some(committed.quantity.to_string()));
        }
        for (figure, places) in [("before", &line.before), ("in-period", &line.period), ("to-date", &line.to_date)] {
            self.places(of, figure, places);
        }
        for month in &line.months {
            let label = month.month.format("%Y-%m").to_string();
            let site = self.say("all-sites");
            self.push(
                ("months", &line.line_id, &label),
                "quantity",
                &site,
                month.quantity.map(|value| value.to_string()),
            );
        }
    }

    fn steps(&mut self) {
        let document = self.document;
        for step in &document.steps {
            let label = self.say(&step.code);
            self.places(("steps", &step.code, &label), "in-period", &step.count);
        }
        for refusal in &document.refusals {
            let label = format!("{} / {}", self.say(&refusal.state), self.say(&refusal.reason));
            let code = format!("{}/{}", refusal.state, refusal.reason);
            self.places(("refusals", &code, &label), "in-period", &refusal.count);
        }
    }

    fn delay(&mut self, delay: &Delay) {
        let code = format!("{}/{}", delay.from, delay.to);
        let label = format!("{} \u{2192} {}", self.say(&delay.from), self.say(&delay.to));
        let sites = [self.say("all-sites")].into_iter().chain(self.sites());
        for (site, at) in sites.zip([delay.all].iter().chain(&delay.at)) {
            let (p50, p90) = match at {
                DelayAt::None => continue,
                DelayAt::Suppressed => (None, None),
                DelayAt::Took(p50, p90) => (Some(*p50), Some(*p90)),
            };
            for (figure, value) in [("p50-hours", p50), ("p90-hours", p90)] {
                let hours = value.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10));
                self.push(("delays", &code, &label), figure, &site, hours);
            }
        }
    }

    fn corrections(&mut self) {
        let document = self.document;
        for correction in &document.corrections {
            let site = match correction.key.place {
                Place::All => self.say("all-sites"),
                Place::Nowhere => self.say("no-site"),
                Place::Site(site) => {
                    document.site_name(site).map(|named| named.display_name.clone()).unwrap_or_default()
                }
            };
            let label = format!("{} {}", self.say("of-statement"), correction.number);
            let subject = subject_word(correction.key.subject);
            let code = if correction.key.code.is_empty() { subject } else { &correction.key.code };
            self.push(("corrections", code, &label), subject, &site, Some(correction.difference.to_string()));
        }
    }
}

/// The word for what a correction is of.
pub(super) fn subject_word(subject: Subject) -> &'static str {
    match subject {
        Subject::Quantity | Subject::ToDate | Subject::Month => "lines",
        Subject::Persons => "persons",
        Subject::Steps => "steps",
        Subject::Refusals => "refusals",
    }
}
