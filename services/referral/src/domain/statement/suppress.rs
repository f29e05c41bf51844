//! Small numbers are left out, and whatever they could be computed from.
//!
//! Numbers and the sums that bind them are a system of linear equations; whoever reads a statement knows the equations and the numbers
//! that are shown. A number of people below the threshold is left out. Then others are, one by one, the smallest first, until no
//! number that is left out can be computed from those that are shown, and no sum of such numbers that is itself below the threshold.
//! Numbers of earlier statements belong to the system as well: they were shown or left out, and nobody takes that back.

use std::collections::{BTreeMap, BTreeSet};

/// Equations are solved modulo this prime: a number that is fixed by the equations is fixed modulo it, too.
const PRIME: u128 = (1 << 61) - 1;

/// An equation: numbers by their place in the system, with their factors.
type Equation = BTreeMap<usize, u128>;

/// Equations that are solved, each by the number that it begins with.
type Equations = BTreeMap<usize, Equation>;

/// A number of the system.
#[derive(Debug, Clone, Copy)]
struct Cell {
    value: i64,
    hidden: bool,
    /// Whether it may still be left out.
    open: bool,
    /// Of those that may be left out, lower ranks are first.
    rank: u8,
}

/// Numbers, and the sums that bind them.
#[derive(Debug, Clone)]
pub struct System {
    threshold: i64,
    cells: Vec<Cell>,
    /// Each adds up to nothing.
    sums: Vec<Sum>,
    /// Numbers of which each tells the other.
    ties: Vec<Sum>,
}

/// Numbers with their signs, that add up to nothing or to what is known.
type Sum = Vec<(usize, i64)>;

impl System {
    /// An empty one.
    pub fn new(threshold: i64) -> Self {
        Self { threshold, cells: Vec::new(), sums: Vec::new(), ties: Vec::new() }
    }

    /// Adds a number of people: left out when it is small. Nobody is told anything by a zero.
    pub fn number(&mut self, value: i64) -> usize {
        self.ranked(value, 0)
    }

    /// As [`System::number`], left out rather late for the sake of others.
    pub fn ranked(&mut self, value: i64, rank: u8) -> usize {
        self.push(Cell { value, hidden: self.is_small(value), open: true, rank })
    }

    /// Adds a number that was shown or left out before, or that no statement holds.
    pub fn given(&mut self, value: i64, hidden: bool) -> usize {
        self.push(Cell { value, hidden, open: false, rank: 0 })
    }

    /// Says that `total` is the sum of `parts`.
    pub fn sum(&mut self, total: usize, parts: &[usize]) {
        self.sums.push(parts.iter().map(|part| (*part, 1)).chain([(total, -1)]).collect());
    }

    /// Says that whoever knows one of two numbers knows the other: they count the same people, but for what is known. They are left out
    /// together, before anything is left out to keep company.
    pub fn tie(&mut self, one: usize, other: usize) {
        self.ties.push(vec![(one, 1), (other, -1)]);
    }

    /// Whether a number is left out so far.
    pub fn is_hidden(&self, at: usize) -> bool {
        self.cells[at].hidden
    }

    /// Whether a number of people is small.
    pub fn is_small(&self, value: i64) -> bool {
        value != 0 && value.abs() < self.threshold
    }

    /// Leaves out what must be; says of each number whether it is left out.
    pub fn protect(mut self) -> Vec<bool> {
        // What earlier statements tell whatever this one leaves out is nothing that it could keep.
        let mut bare = self.clone();
        bare.cells.iter_mut().filter(|cell| cell.open).for_each(|cell| cell.hidden = true);
        let lost = bare.solved();
        while let Some(next) = self.exposed_by_a_sum().or_else(|| self.exposed_by_equations(&lost)) {
            self.cells[next].hidden = true;
        }
        self.cells.iter().map(|cell| cell.hidden).collect()
    }

    fn push(&mut self, cell: Cell) -> usize {
        self.cells.push(cell);
        self.cells.len() - 1
    }

    /// What to leave out because of a single sum from which something can be computed.
    fn exposed_by_a_sum(&self) -> Option<usize> {
        let exposed = self.equations().filter(|sum| self.tells(sum));
        exposed.filter_map(|sum| self.cheapest([sum.as_slice()])).next()
    }

    /// All that binds numbers, ties first.
    fn equations(&self) -> impl Iterator<Item = &Sum> {
        self.ties.iter().chain(&self.sums)
    }

    /// Whether a sum tells the one number that is left out of it, or that those left out of it are few together.
    fn tells(&self, sum: &[(usize, i64)]) -> bool {
        let (hidden, shown): (Vec<_>, Vec<_>) = sum.iter().partition(|(at, _)| self.cells[*at].hidden);
        let Some((_, sign)) = hidden.first() else { return false };
        let one_sign = hidden.iter().all(|(_, other)| other == sign);
        let left: i64 = shown.iter().map(|(at, sign)| sign * self.cells[*at].value).sum();
        hidden.len() == 1 || one_sign && left.abs() < self.threshold
    }

    /// What to leave out because several sums together tell a number that is left out, or that some of those are few.
    fn exposed_by_equations(&self, lost: &Equations) -> Option<usize> {
        for row in self.solved().into_values() {
            let told: BTreeSet<usize> = row.keys().copied().collect();
            let few = row.values().all(|factor| *factor == 1)
                && told.iter().map(|at| self.cells[*at].value).sum::<i64>().abs() < self.threshold;
            if (told.len() == 1 || few) && !follows(row, lost) {
                let found = self.cheapest(self.around(&told)).or_else(|| self.cheapest(self.around(&self.reach(told))));
                if found.is_some() {
                    return found;
                }
            }
        }
        None
    }

    /// The sums in which one of these stands.
    fn around<'a>(&'a self, cells: &'a BTreeSet<usize>) -> impl Iterator<Item = &'a [(usize, i64)]> {
        self.equations().filter(|sum| sum.iter().any(|(at, _)| cells.contains(at))).map(Vec::as_slice)
    }

    /// All that is left out and hangs together with these.
    fn reach(&self, mut cells: BTreeSet<usize>) -> BTreeSet<usize> {
        loop {
            let hidden = self.around(&cells).flatten().map(|(at, _)| *at).filter(|at| self.cells[*at].hidden);
            let wider: BTreeSet<usize> = cells.iter().copied().chain(hidden).collect();
            if wider.len() == cells.len() {
                return cells;
            }
            cells = wider;
        }
    }

    /// The number that costs least to leave out: zeros last, since whoever guesses knows that nothing is less.
    fn cheapest<'a>(&self, sums: impl IntoIterator<Item = &'a [(usize, i64)]>) -> Option<usize> {
        let cells = sums.into_iter().flatten().map(|(at, _)| *at);
        let open = cells.filter(|at| self.cells[*at].open && !self.cells[*at].hidden);
        open.min_by_key(|at| {
            let cell = self.cells[*at];
            (cell.value == 0, cell.rank, cell.value.abs(), *at)
        })
    }

    /// The equations of what is left out, solved as far as they can be (Gauss and Jordan): each begins with a number that stands in no
    /// other. There are few numbers in each, so that only those are kept, and which equations each of them stands in.
    fn solved(&self) -> Equations {
        let mut solved = Equations::new();
        let mut holders: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
        for sum in self.equations() {
            let mut row = Equation::new();
            for (at, sign) in sum.iter().filter(|(at, _)| self.cells[*at].hidden) {
                add(&mut row, *at, if *sign < 0 { PRIME - 1 } else { 1 });
            }
            let leads: Vec<usize> = row.keys().copied().filter(|at| solved.contains_key(at)).collect();
            for lead in leads {
                eliminate(&mut row, lead, &solved[&lead]);
            }
            let Some((lead, factor)) = row.first_key_value().map(|(lead, factor)| (*lead, *factor)) else { continue };
            let scale = inverse(factor);
            row.values_mut().for_each(|factor| *factor = *factor * scale % PRIME);
            let of_lead = holders.remove(&lead).unwrap_or_default();
            for holder in of_lead {
                let Some(known) = solved.get_mut(&holder) else { continue };
                eliminate(known, lead, &row);
                for at in row.keys().filter(|at| **at != lead) {
                    let of_cell = holders.entry(*at).or_default();
                    if known.contains_key(at) {
                        of_cell.insert(holder)
                    } else {
                        of_cell.remove(&holder)
                    };
                }
            }
            row.keys().filter(|at| **at != lead).for_each(|at| {
                holders.entry(*at).or_default().insert(lead);
            });
            solved.insert(lead, row);
        }
        solved
    }
}

/// Whether an equation follows from others that are solved.
fn follows(mut row: Equation, from: &Equations) -> bool {
    let leads: Vec<usize> = row.keys().copied().filter(|at| from.contains_key(at)).collect();
    leads.iter().for_each(|lead| eliminate(&mut row, *lead, &from[lead]));
    row.is_empty()
}

/// Takes `lead` out of an equation by one that begins with it.
fn eliminate(row: &mut Equation, lead: usize, by: &Equation) {
    let Some(factor) = row.get(&lead).copied() else { return };
    for (at, of_lead) in by {
        add(row, *at, of_lead * (PRIME - factor) % PRIME);
    }
}

/// Adds to the factor of a number; one that is nothing is not kept.
fn add(row: &mut Equation, at: usize, factor: u128) {
    let sum = (row.get(&at).copied().unwrap_or_default() + factor) % PRIME;
    if sum == 0 {
        row.remove(&at);
    } else {
        row.insert(at, sum);
    }
}

/// By Fermat: the power of the prime less two.
fn inverse(of: u128) -> u128 {
    let (mut result, mut base, mut power) = (1, of % PRIME, PRIME - 2);
    while power > 0 {
        if power & 1 == 1 {
            result = result * base % PRIME;
        }
        base = base * base % PRIME;
        power >>= 1;
    }
    result
}

#[cfg(test)]
mod tests;
