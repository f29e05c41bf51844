//! What will go wrong, and when: drawn from a seed, so that the same seed brings the same faults in the same order.

use std::{fmt, time::Duration};

use fastrand::Rng;

use crate::SERVICES;

/// Instances of each service.
pub const INSTANCES: usize = 2;
/// A relay that is silent for so long loses its place: a third of all freezes are longer.
pub const LEADER_SILENCE_MS: u64 = 4_000;

/// Who is hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Victim {
    /// One instance of a service.
    Service(&'static str, usize),
    /// RabbitMQ.
    Broker,
    /// PostgreSQL.
    Database,
}

impl fmt::Display for Victim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(service, index) => f.pad(&format!("{service}-{}", index + 1)),
            Self::Broker => f.pad("broker"),
            Self::Database => f.pad("database"),
        }
    }
}

/// What is done to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Harm {
    /// SIGKILL, and started again after so long.
    Kill(Duration),
    /// SIGSTOP for so long: connections stay open, and nobody answers.
    Freeze(Duration),
}

/// One fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Who is hit.
    pub victim: Victim,
    /// How.
    pub harm: Harm,
}

/// Faults at once, and a pause after them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// One fault, or two.
    pub faults: Vec<Fault>,
    /// Until the next step.
    pub pause: Duration,
}

/// A plan of so many faults kills each server at least once: what those keep is promised above all.
const ENOUGH: usize = 8;

/// As many faults as asked for. `servers` are those that can be started again; a fifth of the faults hits each.
pub fn draw(seed: u64, faults: usize, servers: &[Victim]) -> Vec<Step> {
    let mut random = Rng::with_seed(seed);
    loop {
        let steps = steps(&mut random, faults, servers);
        if faults < ENOUGH || servers.iter().all(|server| kills(&steps, *server)) {
            return steps;
        }
    }
}

fn steps(random: &mut Rng, faults: usize, servers: &[Victim]) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut left = faults;
    while left > 0 {
        let step = step(random, left, servers);
        left -= step.faults.len();
        steps.push(step);
    }
    steps
}

fn kills(steps: &[Step], victim: Victim) -> bool {
    let mut faults = steps.iter().flat_map(|step| &step.faults);
    faults.any(|fault| fault.victim == victim && matches!(fault.harm, Harm::Kill(_)))
}

fn step(random: &mut Rng, left: usize, servers: &[Victim]) -> Step {
    let first = match servers.get(random.usize(..100) / 20) {
        Some(server) => *server,
        None => service(random),
    };
    let mut victims = vec![first];
    // What a service does while its broker or its database is away tells more than what it does alone.
    let together = if servers.contains(&first) { 0.5 } else { 0.15 };
    let second = service(random);
    if left > 1 && second != first && random.f64() < together {
        victims.push(second);
    }
    let faults = victims.into_iter().map(|victim| Fault { victim, harm: harm(random) }).collect();
    Step { faults, pause: between(random, 300, 2_500) }
}

fn service(random: &mut Rng) -> Victim {
    Victim::Service(SERVICES[random.usize(..SERVICES.len())], random.usize(..INSTANCES))
}

fn harm(random: &mut Rng) -> Harm {
    if random.f64() < 0.65 {
        Harm::Kill(between(random, 0, 2_000))
    } else if random.f64() < 0.35 {
        Harm::Freeze(between(random, LEADER_SILENCE_MS + 500, 8_000))
    } else {
        Harm::Freeze(between(random, 500, LEADER_SILENCE_MS - 500))
    }
}

fn between(random: &mut Rng, from_ms: u64, to_ms: u64) -> Duration {
    Duration::from_millis(random.u64(from_ms..=to_ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVERS: [Victim; 2] = [Victim::Broker, Victim::Database];

    fn faults(steps: &[Step]) -> Vec<Fault> {
        steps.iter().flat_map(|step| step.faults.clone()).collect()
    }

    #[test]
    fn the_same_seed_brings_the_same_faults() {
        assert_eq!(draw(7, 30, &SERVERS), draw(7, 30, &SERVERS));
        assert_ne!(draw(7, 30, &SERVERS), draw(8, 30, &SERVERS));
        (1..60).for_each(|n| assert_eq!(faults(&draw(3, n, &SERVERS)).len(), n));
    }

    #[test]
    fn a_plan_of_some_length_kills_each_server() {
        let plans = (0..500).map(|seed| draw(seed, ENOUGH, &SERVERS));
        assert!(plans.into_iter().all(|steps| SERVERS.iter().all(|server| kills(&steps, *server))));
    }

    #[test]
    fn everybody_is_hit_in_every_way_and_nobody_twice_at_once() {
        let steps = draw(1, 2_000, &SERVERS);
        let all = faults(&steps);
        let share = |victim| all.iter().filter(|fault| fault.victim == victim).count() * 100 / all.len();
        assert!((13..23).contains(&share(Victim::Broker)) && (13..23).contains(&share(Victim::Database)));
        let instances = SERVICES.iter().flat_map(|service| (0..INSTANCES).map(|index| Victim::Service(service, index)));
        assert!(instances.map(share).all(|share| share > 5));
        let silence = Duration::from_millis(LEADER_SILENCE_MS);
        assert!(all.iter().any(|fault| matches!(fault.harm, Harm::Freeze(time) if time > silence)));
        assert!(all.iter().any(|fault| matches!(fault.harm, Harm::Kill(_))));
        assert!(steps.iter().any(|step| step.faults.len() == 2));
        assert!(steps.iter().all(|step| step.faults.len() < 2 || step.faults[0].victim != step.faults[1].victim));
    }

    #[test]
    fn servers_that_cannot_be_started_again_are_left_alone() {
        assert!(faults(&draw(1, 500, &[])).iter().all(|fault| matches!(fault.victim, Victim::Service(..))));
    }
}
