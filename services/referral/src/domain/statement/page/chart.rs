//! Charts as SVG within a page: drawn by hand, for they are bars and lines. Each has a title and a description for whoever hears the
//! page instead of seeing it, and a table beside it says the same.

use std::fmt::Write as _;

use super::markup::escape;

const WIDTH: i64 = 640;
/// Under a chart of columns: their names.
const FOOT: i64 = 34;
const COLUMNS_HEIGHT: i64 = 180;
const BAR_HEIGHT: i64 = 14;
/// What a bar that is left out looks like, whatever it is.
const HATCH: &str = "<defs><pattern id=\"hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
patternTransform=\"rotate(45)\"><rect width=\"6\" height=\"6\" fill=\"#fff\"/><line x1=\"0\" y1=\"0\" x2=\"0\" y2=\"6\" \
stroke=\"#555\" stroke-width=\"2\"/></pattern></defs>";

/// How a chart is called.
#[derive(Debug, Clone, Copy)]
pub struct Title<'a> {
    /// An id of its own in the page.
    pub id: &'a str,
    /// What it shows.
    pub title: &'a str,
    /// How to read it.
    pub description: &'a str,
}

/// A bar: its name, its length, and the number beside it; without a length it is left out.
#[derive(Debug, Clone)]
pub struct Bar {
    /// Its name; empty for a second bar of the same name.
    pub label: String,
    /// How long it is.
    pub value: Option<i64>,
    /// The number as people read it.
    pub text: String,
    /// Whether it is the second of its name.
    pub second: bool,
}

/// Columns side by side, with a line at what is committed.
pub fn columns(title: Title<'_>, bars: &[Bar], goal: Option<(i64, &str)>) -> String {
    let most = bars.iter().filter_map(|bar| bar.value).chain(goal.map(|(value, _)| value)).max().unwrap_or(0).max(1);
    let high = |value: i64| value.max(0) * (COLUMNS_HEIGHT - 30) / most;
    let mut chart = open(title, COLUMNS_HEIGHT + FOOT);
    let count = i64::try_from(bars.len()).unwrap_or(1).max(1);
    let step = (WIDTH / count).min(80);
    // Names are told as far as there is room for them.
    let every = (48 / step.max(1)).max(1);
    for (bar, at) in bars.iter().zip(0..) {
        let height = bar.value.map_or(24, high);
        let (x, y, width) = (at * step + step / 6, COLUMNS_HEIGHT - height, step * 2 / 3);
        rect(&mut chart, (title.id, bar), (x, y, width, height));
        let middle = x + width / 2;
        if at % every == 0 {
            label(&mut chart, (middle, y - 5, "middle"), &bar.text);
            label(&mut chart, (middle, COLUMNS_HEIGHT + 16, "middle"), &bar.label);
        }
    }
    let _ =
        write!(chart, "<line class=\"axis\" x1=\"0\" y1=\"{COLUMNS_HEIGHT}\" x2=\"{WIDTH}\" y2=\"{COLUMNS_HEIGHT}\"/>");
    if let Some((value, text)) = goal {
        let y = COLUMNS_HEIGHT - high(value);
        let _ = write!(chart, "<line class=\"goal\" x1=\"0\" y1=\"{y}\" x2=\"{WIDTH}\" y2=\"{y}\"/>");
        label(&mut chart, (WIDTH, y - 5, "end"), text);
    }
    close(chart)
}

/// Bars one under the other.
pub fn rows(title: Title<'_>, bars: &[Bar]) -> String {
    const NAMES: i64 = 250;
    const NUMBERS: i64 = 70;
    let most = bars.iter().filter_map(|bar| bar.value).max().unwrap_or(0).max(1);
    let mut y = 4;
    let mut drawn = String::new();
    for bar in bars {
        y += if bar.second { 0 } else { 6 };
        let long = bar.value.map_or(24, |value| (value.max(0) * (WIDTH - NAMES - NUMBERS) / most).max(1));
        rect(&mut drawn, (title.id, bar), (NAMES, y, long, BAR_HEIGHT));
        label(&mut drawn, (NAMES - 8, y + BAR_HEIGHT - 3, "end"), &bar.label);
        label(&mut drawn, (NAMES + long + 6, y + BAR_HEIGHT - 3, "start"), &bar.text);
        y += BAR_HEIGHT;
    }
    let mut chart = open(title, y + 6);
    chart.push_str(&drawn);
    close(chart)
}

fn open(Title { id, title, description }: Title<'_>, height: i64) -> String {
    format!(
        "<figure><svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
         role=\"img\" aria-labelledby=\"{id}-title {id}-desc\"><title id=\"{id}-title\">{}</title><desc id=\"{id}-desc\">{}</desc>",
        escape(title),
        escape(description),
    ) + &HATCH.replace("\"hatch\"", &format!("\"{id}-hatch\""))
}

fn close(chart: String) -> String {
    chart + "</svg></figure>\n"
}

fn rect(chart: &mut String, (id, bar): (&str, &Bar), (x, y, width, height): (i64, i64, i64, i64)) {
    let look = match (bar.value, bar.second) {
        (None, _) => format!("class=\"hidden\" fill=\"url(#{id}-hatch)\""),
        (_, true) => "class=\"second\"".into(),
        (_, false) => "class=\"bar\"".into(),
    };
    // Writing to a String cannot fail.
    let _ = writeln!(chart, "<rect {look} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/>");
}

fn label(chart: &mut String, (x, y, anchor): (i64, i64, &str), text: &str) {
    let _ = write!(chart, "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\">{}</text>", escape(text));
}
