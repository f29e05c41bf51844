//! A statement as a page to print on A4: whole in itself, without scripts, and the same for whoever hears it: each chart has a title, a
//! description, and a table beside it that says the same.

mod chart;
mod markup;

use std::fmt::Write as _;

use chart::{Bar, Title, columns, rows};
use markup::{escape, name, note, table};

use super::{
    Committed, DelayAt, Document, LineFigures, Place, Places, Shown, Statement, csv::subject_word, locale, words::word,
};
use crate::domain::{convention::Per, language::Language};

/// What the bytes are.
pub const CONTENT_TYPE: &str = "text/html; charset=utf-8";

const STYLE: &str = include_str!("page/style.css");
/// What stands where a number is left out.
const LEFT_OUT: &str = "\u{2022}";
/// What stands where there is none.
const NOTHING: &str = "\u{2013}";
/// The most places beside each other on a page.
const ABREAST: usize = 6;

/// Renders a statement.
pub fn render(statement: &Statement, language: Language) -> String {
    let page = Page { language, document: &statement.document };
    let title = format!("{} {}", page.say("numbered"), statement.number);
    let head = format!(
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"{language}\" xml:lang=\"{language}\"><head>\
         <meta charset=\"utf-8\"/><meta name=\"viewport\" content=\"width=device-width\"/>\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\
         <title>{} {NOTHING} {}</title>\n<style>\n{STYLE}</style></head><body>\n<main>\n",
        escape(&title),
        escape(&statement.document.convention),
        language = language.as_str(),
    );
    let parts = [
        page.head(statement, &title),
        page.lines(),
        page.section("persons", &(page.persons() + &note(page.say("persons-note")))),
        page.section("steps", &(page.steps() + &note(page.say("steps-note")))),
        page.section("delays", &(page.delays() + &note(page.say("delays-note")))),
        page.section("refusals", &(page.refusals() + &note(page.say("refusals-note")))),
        page.section("corrections", &page.corrections()),
        "</main>\n</body></html>\n".into(),
    ];
    head + &parts.concat()
}

struct Page<'a> {
    language: Language,
    document: &'a Document,
}

/// A row of a table by places: its name, and its numbers in all and at each.
type Row = (String, String, Vec<String>);

impl Page<'_> {
    fn say<'w>(&self, name: &'w str) -> &'w str {
        word(self.language, name)
    }

    /// Something and what it is, with a colon as the language has it.
    fn pair(&self, what: &str, is: &str) -> String {
        match self.language {
            Language::French => format!("{what}\u{a0}: {is}"),
            Language::English => format!("{what}: {is}"),
        }
    }

    fn number(&self, shown: Shown) -> String {
        shown.map_or_else(|| self.left_out(), |value| locale::integer(self.language, value))
    }

    fn left_out(&self) -> String {
        format!("<abbr title=\"{}\">{LEFT_OUT}</abbr>", escape(self.say("suppressed")))
    }

    fn section(&self, id: &str, inner: &str) -> String {
        let title = escape(self.say(id));
        format!("<section aria-labelledby=\"{id}\"><h2 id=\"{id}\">{title}</h2>\n{inner}</section>\n")
    }

    fn head(&self, statement: &Statement, title: &str) -> String {
        let day = |day| locale::day(self.language, day);
        let period = format!(
            "{} {} {} {}",
            self.say("from"),
            day(statement.days.first),
            self.say("until"),
            day(statement.days.last)
        );
        let signer =
            |signer: &super::Signer| format!("{} ({})", name(&signer.display_name), self.say(signer.role.as_str()));
        let signers: Vec<String> = self.document.signers.iter().map(signer).collect();
        let mut page = format!("<h1>{}</h1>\n<dl>\n", escape(title));
        for (term, told) in [
            ("convention", name(&self.document.convention)),
            ("period", escape(&period)),
            ("parties", signers.join(", ")),
            ("closed", escape(&day(statement.close_time.date_naive()))),
            ("terms-version", self.document.terms_version.to_string()),
            ("threshold", self.document.threshold.to_string()),
        ] {
            let _ = writeln!(page, "<dt>{}</dt><dd>{told}</dd>", escape(self.say(term)));
        }
        page + "</dl>\n" + &note(self.say("suppression-note"))
    }

    fn lines(&self) -> String {
        let lines: String = self.document.lines.iter().zip(0..).map(|(line, at)| self.line(line, at)).collect();
        self.section("lines", &lines)
    }

    fn line(&self, line: &LineFigures, at: usize) -> String {
        let measure = self.say(line.measure.as_str());
        let committed = self.committed(line.committed);
        let mut page = format!(
            "<h3>{} ({})</h3>\n<p>{}</p>\n",
            name(&line.line_id),
            escape(measure),
            escape(&self.pair(self.say("committed"), &committed))
        );
        let of = |figure: &str, places: &Places| self.row(self.say(figure), places);
        let figures = [of("before", &line.before), of("in-period", &line.period), of("to-date", &line.to_date)];
        page += &self.by_place(self.say("line"), &figures);
        let title = self.pair(self.say("months"), &line.line_id);
        let id = format!("months-{at}");
        let titled = Title { id: &id, title: &title, description: self.say("months-chart") };
        let bars: Vec<Bar> =
            line.months.iter().map(|month| self.bar(&locale::short_month(month.month), month.quantity)).collect();
        let goal = line.committed.filter(|committed| committed.per == Per::Month);
        page += &columns(titled, &bars, goal.map(|goal| (goal.quantity, committed.as_str())));
        page + &self.months(line)
    }

    fn months(&self, line: &LineFigures) -> String {
        let heads = ["month", "of-statement", "quantity"].map(|head| escape(self.say(head)));
        let rows = line.months.iter().map(|month| {
            let told = escape(&locale::month(self.language, month.month));
            (false, vec![told, month.number.to_string(), self.number(month.quantity)])
        });
        table(&escape(self.say("months")), &heads, &rows.collect::<Vec<_>>())
    }

    fn committed(&self, committed: Option<Committed>) -> String {
        let Some(Committed { quantity, per }) = committed else { return self.say("no-limit").into() };
        let per = format!("per-{}", per.as_str());
        format!("{} {}", locale::integer(self.language, quantity), word(self.language, &per))
    }

    fn persons(&self) -> String {
        self.by_place(self.say("persons"), &[self.row(self.say("in-period"), &self.document.persons)])
    }

    fn steps(&self) -> String {
        let rows: Vec<Row> =
            self.document.steps.iter().map(|step| self.row(self.say(&step.code), &step.count)).collect();
        self.by_place(self.say("state"), &rows)
    }

    fn refusals(&self) -> String {
        if self.document.refusals.is_empty() {
            return note(self.say("no-refusals"));
        }
        let told: Vec<(String, &Places)> = self
            .document
            .refusals
            .iter()
            .map(|refusal| (self.pair(self.say(&refusal.state), self.say(&refusal.reason)), &refusal.count))
            .collect();
        let title =
            Title { id: "refusals-chart", title: self.say("refusals"), description: self.say("refusals-chart") };
        let bars: Vec<Bar> = told.iter().map(|(label, count)| self.bar(label, count.all)).collect();
        let table: Vec<Row> = told.iter().map(|(label, count)| self.row(label, count)).collect();
        rows(title, &bars) + &self.by_place(self.say("reason"), &table)
    }

    fn delays(&self) -> String {
        let step = |delay: &super::Delay| format!("{} \u{2192} {}", self.say(&delay.from), self.say(&delay.to));
        let bars = self.document.delays.iter().flat_map(|delay| self.delay_bars(&step(delay), delay.all));
        let title = Title { id: "delays-chart", title: self.say("delays"), description: self.say("delays-chart") };
        let mut table: Vec<Row> = Vec::new();
        for delay in &self.document.delays {
            for (figure, pick) in [("p50", 0), ("p90", 1)] {
                let label = escape(&format!("{} ({})", step(delay), self.say(figure)));
                let cells = delay.at.iter().map(|at| self.hours(*at, pick)).collect();
                table.push((label, self.hours(delay.all, pick), cells));
            }
        }
        rows(title, &bars.collect::<Vec<_>>()) + &self.by_place(self.say("step"), &table)
    }

    fn delay_bars(&self, label: &str, at: DelayAt) -> Vec<Bar> {
        let bar =
            |label: &str, value: Option<i64>, text: String, second| Bar { label: label.into(), value, text, second };
        match at {
            DelayAt::None => vec![bar(label, Some(0), NOTHING.into(), false)],
            DelayAt::Suppressed => vec![bar(label, None, LEFT_OUT.into(), false)],
            DelayAt::Took(p50, p90) => vec![
                bar(label, Some(p50), locale::tenths(self.language, p50), false),
                bar("", Some(p90), locale::tenths(self.language, p90), true),
            ],
        }
    }

    fn hours(&self, at: DelayAt, pick: usize) -> String {
        match at {
            DelayAt::None => NOTHING.into(),
            DelayAt::Suppressed => self.left_out(),
            DelayAt::Took(p50, p90) => locale::tenths(self.language, [p50, p90][pick]),
        }
    }

    fn bar(&self, label: &str, shown: Shown) -> Bar {
        let text = shown.map_or_else(|| LEFT_OUT.into(), |value| locale::integer(self.language, value));
        Bar { label: label.into(), value: shown, text, second: false }
    }

    fn corrections(&self) -> String {
        let carried = if self.document.carried_over { note(self.say("carried-over")) } else { String::new() };
        if self.document.corrections.is_empty() {
            return note(self.say("no-corrections")) + &carried;
        }
        let heads = ["corrects", "subject", "site", "difference"].map(|head| escape(self.say(head)));
        let rows = self.document.corrections.iter().map(|told| {
            let codes = told.key.code.split('/').filter(|code| !code.is_empty()).map(|code| self.say(code));
            let subject = self.say(subject_word(told.key.subject)).to_string();
            let subject = codes.fold(subject, |told, code| self.pair(&told, code));
            let difference = locale::difference(self.language, told.difference);
            (false, vec![told.number.to_string(), escape(&subject), self.place(told.key.place), difference])
        });
        table(&escape(self.say("corrections")), &heads, &rows.collect::<Vec<_>>()) + &carried
    }

    fn place(&self, place: Place) -> String {
        match place {
            Place::All => escape(self.say("all-sites")),
            Place::Nowhere => escape(self.say("no-site")),
            Place::Site(site) => {
                self.document.site_name(site).map(|named| name(&named.display_name)).unwrap_or_default()
            }
        }
    }

    fn row(&self, label: &str, places: &Places) -> Row {
        (escape(label), self.number(places.all), places.at.iter().map(|shown| self.number(*shown)).collect())
    }

    /// A table by places, without those of which there is nothing to say; some at a time, as many as a page is wide.
    fn by_place(&self, what: &str, rows: &[Row]) -> String {
        let names = self.document.place_names();
        let names = names.into_iter().map(|known| known.map_or_else(|| escape(self.say("no-site")), name));
        let empty =
            |at: usize| rows.iter().all(|(.., cells)| cells.get(at).is_none_or(|cell| cell == "0" || cell == NOTHING));
        let told: Vec<(usize, String)> = names.enumerate().filter(|(at, _)| !empty(*at)).collect();
        let mut page = String::new();
        let mut first = true;
        let none = [told.as_slice()];
        let chunks = if told.is_empty() { none.to_vec() } else { told.chunks(ABREAST).collect() };
        for places in chunks {
            let mut heads = vec![escape(what)];
            heads.extend(first.then(|| escape(self.say("all-sites"))));
            heads.extend(places.iter().map(|(_, name)| name.clone()));
            let row = |(label, all, cells): &Row| {
                let mut row = vec![label.clone()];
                row.extend(first.then(|| all.clone()));
                row.extend(places.iter().filter_map(|(at, _)| cells.get(*at).cloned()));
                (false, row)
            };
            page += &table(&escape(what), &heads, &rows.iter().map(row).collect::<Vec<_>>());
            first = false;
        }
        page
    }
}
