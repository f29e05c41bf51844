//! Nothing that is left out can be found again: tried by hand, and by trying all tables that fit what is shown.

use proptest::prelude::*;

use super::*;

const FEW: i64 = 5;

/// A table with totals of its rows and columns, and of all.
struct Table {
    width: usize,
    values: Vec<Vec<i64>>,
    /// Whether each is left out; the last row and column are the totals.
    hidden: Vec<Vec<bool>>,
}

impl Table {
    fn protect(inner: &[Vec<i64>]) -> Self {
        let width = inner[0].len();
        let mut values: Vec<Vec<i64>> =
            inner.iter().map(|row| row.iter().copied().chain([row.iter().sum()]).collect()).collect();
        values.push((0..=width).map(|column| values.iter().map(|row| row[column]).sum()).collect());
        let mut system = System::new(FEW);
        let cells: Vec<Vec<usize>> =
            values.iter().map(|row| row.iter().map(|value| system.number(*value)).collect()).collect();
        for row in &cells {
            system.sum(row[width], &row[..width]);
        }
        for column in 0..=width {
            let parts: Vec<usize> = cells[..inner.len()].iter().map(|row| row[column]).collect();
            system.sum(cells[inner.len()][column], &parts);
        }
        let hidden = system.protect();
        let hidden = cells.iter().map(|row| row.iter().map(|at| hidden[*at]).collect()).collect();
        Self { width, values, hidden }
    }

    fn shown(&self, row: usize, column: usize) -> Option<i64> {
        (!self.hidden[row][column]).then_some(self.values[row][column])
    }

    /// Whether each number that is left out has company in its row and in its column.
    fn is_accompanied(&self) -> bool {
        let rows = self.hidden.iter().map(|row| row.iter().filter(|hidden| **hidden).count());
        let columns = (0..=self.width).map(|column| self.hidden.iter().filter(|row| row[column]).count());
        rows.chain(columns).all(|count| count != 1)
    }

    /// For each inner number, what it is in some table that fits all that is shown: by trying every one whose numbers are at most one
    /// more or less than they are.
    fn possible(&self) -> Vec<BTreeSet<i64>> {
        let height = self.values.len() - 1;
        let mut found = vec![BTreeSet::new(); height * self.width];
        self.try_all(&mut Vec::new(), &mut found);
        found
    }

    fn try_all(&self, tried: &mut Vec<i64>, found: &mut [BTreeSet<i64>]) {
        let height = self.values.len() - 1;
        let at = tried.len();
        if at > 0 && at.is_multiple_of(self.width) {
            let row = at / self.width - 1;
            let total: i64 = tried[at - self.width..].iter().sum();
            if self.shown(row, self.width).is_some_and(|shown| shown != total) {
                return;
            }
        }
        if at == height * self.width {
            let column = |column: usize| tried.iter().skip(column).step_by(self.width).sum::<i64>();
            let fits = |at: usize| self.shown(height, at).is_none_or(|shown| shown == column(at));
            let all = self.shown(height, self.width).is_none_or(|shown| shown == tried.iter().sum::<i64>());
            if all && (0..self.width).all(fits) {
                found.iter_mut().zip(tried.iter()).for_each(|(values, value)| {
                    values.insert(*value);
                });
            }
            return;
        }
        let (row, column) = (at / self.width, at % self.width);
        let is = self.values[row][column];
        for value in self.shown(row, column).map_or(0.max(is - 1)..=is + 1, |shown| shown..=shown) {
            tried.push(value);
            self.try_all(tried, found);
            tried.pop();
        }
    }
}

#[test]
fn one_small_number_takes_another_of_its_row_and_its_column_along() {
    let table = Table::protect(&[vec![3, 40, 50], vec![20, 30, 60]]);
    assert!(table.hidden[0][0] && table.is_accompanied());
    assert!(!table.hidden[2][3], "what all come to is shown");
    let shown = table.hidden.iter().flatten().filter(|hidden| !**hidden).count();
    assert_eq!(shown, 8, "no more is left out than must be: {:?}", table.hidden);
}

#[test]
fn a_table_without_small_numbers_is_shown_whole() {
    let table = Table::protect(&[vec![0, 5, 50], vec![20, 0, 0]]);
    assert!(table.hidden.iter().flatten().all(|hidden| !hidden));
}

/// Two and one are left out, and their sum would say that there are three.
#[test]
fn small_numbers_that_are_few_together_take_a_third_along() {
    let mut system = System::new(FEW);
    let parts = [2, 1, 40, 90].map(|value| system.number(value));
    let total = system.number(133);
    system.sum(total, &parts);
    assert_eq!(system.protect(), [true, true, true, false, false]);
}

/// No sum alone tells it; both together do.
#[test]
fn what_several_sums_tell_together_is_left_out_as_well() {
    let mut system = System::new(FEW);
    let [a, b, c] = [3, 30, 40].map(|value| system.number(value));
    let (ab, bc, ac) = (system.number(33), system.number(70), system.number(43));
    system.sum(ab, &[a, b]);
    system.sum(bc, &[b, c]);
    system.sum(ac, &[a, c]);
    let hidden = system.clone().protect();
    assert!(hidden[a]);
    let solved = |hidden: &[bool]| {
        let mut after = system.clone();
        after.cells.iter_mut().zip(hidden).for_each(|(cell, hidden)| cell.hidden = *hidden);
        after.solved().values().any(|row| row.len() == 1)
    };
    assert!(!solved(&hidden), "{hidden:?}");
    assert!(solved(&[true, true, true, false, false, false]), "the check itself: three sums of three numbers");
}

/// To date less what it was before is what came in the period.
#[test]
fn what_comes_to_date_is_left_out_until_enough_came() {
    let step = |before: i64, came: i64, hidden: bool| {
        let mut system = System::new(FEW);
        let (before, came) = (system.given(before, hidden), system.number(came));
        let to_date = system.number(system.cells[before].value + system.cells[came].value);
        system.sum(to_date, &[before, came]);
        let protected = system.protect();
        (protected[came], protected[to_date])
    };
    assert_eq!(step(100, 3, false), (true, true));
    assert_eq!(step(100, 30, false), (false, false));
    assert_eq!(step(103, 4, true), (true, false), "three and four are seven");
}

fn tables() -> impl Strategy<Value = Vec<Vec<i64>>> {
    (1usize..=3, 1usize..=3).prop_flat_map(|(height, width)| {
        let number = prop_oneof![3 => 0i64..5, 2 => 5i64..9];
        prop::collection::vec(prop::collection::vec(number, width), height)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whoever tries every table that fits finds at least two values for each number that is left out.
    #[test]
    fn no_number_is_found_again_by_trying_all_tables(inner in tables()) {
        let table = Table::protect(&inner);
        for (at, values) in table.possible().iter().enumerate() {
            let (row, column) = (at / table.width, at % table.width);
            prop_assert!(values.contains(&inner[row][column]));
            if table.hidden[row][column] && inner[row][column] < FEW {
                prop_assert!(values.len() > 1, "{inner:?} {:?} {row} {column}", table.hidden);
            }
        }
    }

    /// Small numbers are left out, each with company in its row and column.
    #[test]
    fn every_small_number_is_left_out_in_company(inner in tables()) {
        let table = Table::protect(&inner);
        for (values, hidden) in table.values.iter().zip(&table.hidden) {
            for (value, hidden) in values.iter().zip(hidden) {
                prop_assert!(*hidden || *value == 0 || *value >= FEW);
            }
        }
        prop_assert!(table.is_accompanied(), "{inner:?} {:?}", table.hidden);
    }
}
