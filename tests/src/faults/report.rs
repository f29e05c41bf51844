//! What a run says at its end: a table of figures, what is broken, and where to look.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;

use super::{
    check::{Kind, Violation},
    fleet::Fleet,
    found::Found,
    outage::Episode,
    plan::Victim,
    supervisor::Done,
    tally::{COUNTED, Figures},
};

/// So many of each kind are shown; the others are counted.
const SHOWN: usize = 10;
/// The kinds that always stand in the table.
const PROMISES: [Kind; 10] = [
    Kind::Lost,
    Kind::Doubled,
    Kind::Unasked,
    Kind::Gap,
    Kind::Unaudited,
    Kind::Inverted,
    Kind::AtOdds,
    Kind::Overrun,
    Kind::Miscounted,
    Kind::Parked,
];

/// What the services keep of a run, counted.
pub fn kept(found: &Found) -> Vec<(&'static str, usize)> {
    let (bookings, reports) = (&found.bookings, &found.reports);
    let acknowledged = reports.releases.iter().filter(|release| release.acknowledged).count();
    let acts: i64 = reports.entries.iter().map(|entry| entry.quantity).sum();
    vec![
        ("referrals", found.referrals.len()),
        ("appointments with a seat", bookings.appointments.iter().filter(|found| found.is_seated()).count()),
        ("versions of reports", reports.versions.len()),
        ("releases", reports.releases.len()),
        ("acknowledged", acknowledged),
        ("analyses counted", usize::try_from(acts).unwrap_or_default()),
        ("places held", found.meters.holdings.iter().filter(|held| held.reserved + held.used > 0).count()),
        ("messages", found.messages.len()),
    ]
}

/// The outcome of a run.
pub struct Outcome {
    /// What was done, to whom.
    pub done: BTreeMap<Victim, Done>,
    /// How each outage went.
    pub episodes: Vec<Episode>,
    /// What the clients counted.
    pub figures: Figures,
    /// What the services kept of it.
    pub kept: Vec<(&'static str, usize)>,
    /// How long it took after the last fault until nothing was left to do, if it came to that.
    pub settled: Option<Duration>,
    /// The whole run.
    pub took: Duration,
    /// Every promise that is broken.
    pub violations: Vec<Violation>,
}

impl Outcome {
    /// Prints all of it.
    pub fn print(&self) {
        self.print_faults();
        self.print_episodes();
        let figures = self.figures;
        let count = |kind| self.violations.iter().filter(|violation| violation.kind == kind).count();
        println!("\n  requests");
        for (counted, name) in COUNTED {
            println!("    {name:<26} {:>6}", figures.get(counted));
        }
        println!("\n  left behind");
        for (name, count) in &self.kept {
            println!("    {name:<26} {count:>6}");
        }
        println!("\n  promises broken");
        let mut kinds: Vec<Kind> = PROMISES.into();
        kinds.extend(self.violations.iter().map(|violation| violation.kind).filter(|kind| !PROMISES.contains(kind)));
        kinds.dedup();
        for kind in kinds {
            println!("    {kind:<26} {:>6}", count(kind));
        }
        match self.settled {
            Some(time) => println!("\n  settled {:.1} s after the load", time.as_secs_f32()),
            None => println!("\n  never settled"),
        }
        println!("  {:.1} s in all", self.took.as_secs_f32());
        self.print_violations();
    }

    fn print_faults(&self) {
        if self.done.is_empty() {
            return;
        }
        println!("\n  {:<28} {:>6} {:>8}", "faults", "killed", "frozen");
        for (victim, done) in &self.done {
            println!("    {victim:<26} {:>6} {:>8}", done.kills, done.freezes);
        }
        let sum = |of: fn(&Done) -> usize| self.done.values().map(of).sum::<usize>();
        println!("    {:<26} {:>6} {:>8}", "all", sum(|done| done.kills), sum(|done| done.freezes));
    }

    fn print_episodes(&self) {
        if self.episodes.is_empty() {
            return;
        }
        println!("\n  {:<28} {:>8} {:>8} {:>14} {:>14}", "outages", "answered", "p99", "largest outbox", "empty after");
        for Episode { outage, answered, p99, waiting, emptied } in &self.episodes {
            let (p99, emptied) = (p99.as_millis(), emptied.as_secs_f32());
            println!("    {outage:<26} {answered:>8} {p99:>5} ms {waiting:>14} {emptied:>12.1} s");
        }
    }

    fn print_violations(&self) {
        for same in self.violations.chunk_by(|a, b| a.kind == b.kind) {
            println!();
            for violation in same.iter().take(SHOWN) {
                println!("  {}: {}", violation.kind, violation.about);
            }
            if same.len() > SHOWN {
                println!("  {}: and {} more", same[0].kind, same.len() - SHOWN);
            }
        }
    }
}

/// Copies the logs of all processes to where they outlive the run; says where.
///
/// # Errors
/// When a file cannot be written.
pub fn keep_logs(fleet: &Fleet, seed: u64) -> Result<PathBuf> {
    let servers = &fleet.suite.servers;
    let target = servers.programs.parent().unwrap_or(Path::new(".")).join("faults").join(seed.to_string());
    fs::create_dir_all(&target)?;
    for folder in [servers.state.clone(), servers.state.join("postgres"), servers.state.join("rabbitmq")] {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().into_string().unwrap_or_default();
            if path.is_file() && (name.ends_with(".log") || name == "log") {
                let room = folder.strip_prefix(&servers.state)?.display().to_string();
                fs::copy(&path, target.join(if room.is_empty() { name } else { format!("{room}-{name}") }))?;
            }
        }
    }
    Ok(target)
}
