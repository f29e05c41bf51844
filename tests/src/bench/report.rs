//! What came out: for a terminal and for the documentation, the same Markdown.

use std::{fmt, path::Path};

use anyhow::{Context, Result};

use super::machine::Machine;

/// A rate of ours beside its limit.
pub(super) struct Figure {
    /// What is counted.
    what: &'static str,
    /// The least ratio that is good enough, if there is one.
    floor: Option<f64>,
    /// What we reach and what the limit is, a second, in each run.
    runs: Vec<(f64, f64)>,
}

impl Figure {
    pub(super) fn new(what: &'static str, floor: Option<f64>) -> Self {
        Self { what, floor, runs: Vec::new() }
    }

    /// Adds a run.
    pub(super) fn add(&mut self, ours: f64, limit: f64) {
        super::say(format!("{}: {ours:.0} to {limit:.0} a second = {:.2}", self.what, ours / limit));
        self.runs.push((ours, limit));
    }

    /// Of each run's own ratio: what slows the machine for a while slows both sides.
    fn ratio(&self) -> f64 {
        median(self.runs.iter().map(|(ours, limit)| ours / limit))
    }

    /// Whether there is anything to tell.
    pub(super) fn is_measured(&self) -> bool {
        !self.runs.is_empty()
    }

    fn passes(&self) -> bool {
        self.floor.is_none_or(|floor| self.ratio() >= floor)
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ours = median(self.runs.iter().map(|(ours, _)| *ours));
        let limit = median(self.runs.iter().map(|(_, limit)| *limit));
        let floor = self.floor.map_or("–".into(), |floor| format!("{floor:.2}"));
        let verdict = if self.floor.is_none() { "" } else { ["missed", "met"][usize::from(self.passes())] };
        let (what, ratio) = (self.what, self.ratio());
        write!(f, "| {what:<62} | {ours:>9.0} | {limit:>9.0} | {ratio:>5.2} | {floor:>5} | {verdict:<6} |")
    }
}

/// Something of ours that may be so much at the most.
pub(super) struct Bound {
    what: &'static str,
    most: f64,
    runs: Vec<f64>,
}

impl Bound {
    pub(super) fn new(what: &'static str, most: f64) -> Self {
        Self { what, most, runs: Vec::new() }
    }

    /// Adds a run.
    pub(super) fn add(&mut self, measured: f64) {
        super::say(format!("{}: {measured:.2}", self.what));
        self.runs.push(measured);
    }

    fn passes(&self) -> bool {
        median(self.runs.iter().copied()) <= self.most
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = ["missed", "met"][usize::from(self.passes())];
        let (what, measured, most) = (self.what, median(self.runs.iter().copied()), self.most);
        write!(f, "| {what:<46} | {measured:>8.2} | {most:>7.2} | {verdict:<6} |")
    }
}

/// How long from a commit to the commit that it leads to in another service, at a rate.
pub(super) struct Hop {
    /// Which share of the full rate.
    pub(super) share: &'static str,
    /// Referrals a second.
    pub(super) rate: f64,
    /// Milliseconds, half of them and all but one in a hundred; where they mean something.
    pub(super) percentiles: Option<(f64, f64)>,
}

impl fmt::Display for Hop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |ms: Option<f64>| ms.map_or("–".into(), |ms| format!("{ms:.1} ms"));
        let (p50, p99) = (self.percentiles.map(|it| it.0), self.percentiles.map(|it| it.1));
        write!(f, "| {:<26} | {:>9.0} | {:>9} | {:>9} |", self.share, self.rate, shown(p50), shown(p99))
    }
}

/// All that came out.
pub(super) struct Report {
    machine: Machine,
    runs: usize,
    /// How much was measured, in words.
    scale: String,
    pub(super) figures: Vec<Figure>,
    pub(super) hops: Vec<Hop>,
    pub(super) bounds: Vec<Bound>,
}

impl Report {
    pub(super) fn new(machine: Machine, runs: usize, scale: String) -> Self {
        Self { machine, runs, scale, figures: Vec::new(), hops: Vec::new(), bounds: Vec::new() }
    }

    /// Whether all floors are met.
    pub(super) fn passes(&self) -> bool {
        self.figures.iter().all(Figure::passes) && self.bounds.iter().all(Bound::passes)
    }

    /// Keeps it in a file.
    pub(super) fn write(&self, file: &Path) -> Result<()> {
        let folder = file.parent().context("a file without a folder")?;
        std::fs::create_dir_all(folder)?;
        std::fs::write(file, self.to_string()).with_context(|| format!("writing {}", file.display()))?;
        super::say(format!("kept in {}", file.display()));
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}.", self.machine)?;
        writeln!(f, "Medians of {}; {}.\n", self.runs, self.scale)?;
        if !self.figures.is_empty() {
            let (what, ours, limit) = ("a second", "ours", "limit");
            writeln!(f, "| {what:<62} | {ours:>9} | {limit:>9} | ratio | floor |        |")?;
            writeln!(f, "|:{:-<62}-|-{:->9}:|-{:->9}:|------:|------:|:-------|", "", "", "")?;
        }
        self.figures.iter().try_for_each(|figure| writeln!(f, "{figure}"))?;
        if !self.hops.is_empty() {
            let (what, p50, p99) = ("commit to commit", "p50", "p99");
            writeln!(f, "\n| {what:<26} | {:>9} | {p50:>9} | {p99:>9} |", "a second")?;
            writeln!(f, "|:{:-<26}-|-{:->9}:|-{:->9}:|-{:->9}:|", "", "", "", "")?;
        }
        self.hops.iter().try_for_each(|hop| writeln!(f, "{hop}"))?;
        if !self.bounds.is_empty() {
            let what = "of a service";
            writeln!(f, "\n| {what:<46} | measured | at most |        |")?;
            writeln!(f, "|:{:-<46}-|---------:|--------:|:-------|", "")?;
        }
        self.bounds.iter().try_for_each(|bound| writeln!(f, "{bound}"))
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        even if even % 2 == 0 => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_held_against_the_median() {
        let mut bound = Bound::new("b", 2.0);
        bound.runs = vec![1.0, 9.0, 2.0];
        assert!(bound.passes());
        bound.runs.extend([9.0, 9.0]);
        assert!(!bound.passes());
    }

    #[test]
    fn a_floor_is_held_against_the_median_of_ratios() {
        let mut figure = Figure::new("f", Some(0.5));
        figure.runs = vec![(60.0, 100.0), (10.0, 100.0), (120.0, 200.0)];
        assert!((figure.ratio() - 0.6).abs() < 1e-9 && figure.passes());
        figure.runs.extend([(10.0, 100.0), (10.0, 100.0)]);
        assert!(!figure.passes());
    }
}
