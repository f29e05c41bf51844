//! What was given, counted: late facts are corrections on the next statement, small numbers are left out.

use anyhow::Result;
use relais_proto::convention::v1::{Correction, CountBySite, LineFigures, Statement, correction::Subject};
use relais_tests::partnership;

use super::Stage;

fn line(statement: &Statement) -> &LineFigures {
    assert_eq!(statement.lines.len(), 1);
    &statement.lines[0]
}

fn period(statement: &Statement) -> Option<&CountBySite> {
    line(statement).period.as_ref()
}

#[tokio::test]
async fn what_comes_late_is_a_correction_on_the_next_statement_alone() -> Result<()> {
    let stage = Stage::set().await?;
    let (partners, sent) = (&stage.partners, stage.submit().await?);
    stage.give(&sent.name, (&stage.forges, 61, 5)).await?;
    stage.give(&sent.name, (&stage.forges, 60, 11)).await?;
    stage.give(&sent.name, (&stage.chem, 31, 7)).await?;
    stage.give(&sent.name, ("", 40, 4)).await?;
    // Another convention's are not counted.
    let elsewhere = partners.submit().await?;
    stage.give(&elsewhere.name, (&stage.chem, 40, 50)).await?;
    let first = stage.close((60, 31)).await?;
    assert_eq!(stage.at(period(&first)), [Some(22), Some(11), Some(7), Some(4)]);
    assert_eq!(stage.at(line(&first).before.as_ref()), [Some(5), Some(5), Some(0), Some(0)]);
    assert_eq!(stage.at(line(&first).to_date.as_ref()), [Some(27), Some(16), Some(7), Some(4)]);

    // Late: on days of the first one. Two at one site are too few to be told.
    stage.give(&sent.name, (&stage.forges, 45, 6)).await?;
    stage.give(&sent.name, (&stage.chem, 45, 2)).await?;
    stage.give(&sent.name, (&stage.chem, 30, 9)).await?;
    let second = stage.close((30, 11)).await?;
    let correction = |number, site: &str, difference| Correction {
        number,
        subject: Subject::Quantity.into(),
        code: "analyses".into(),
        site: site.into(),
        all_sites: false,
        difference,
    };
    assert_eq!(second.corrections, [correction(1, &stage.forges, 6)]);
    assert!(second.corrections_carried_over);
    assert_eq!(stage.at(period(&second)), [Some(9), Some(0), Some(9), Some(0)]);
    assert_eq!(stage.at(line(&second).before.as_ref()), [Some(33), Some(22), Some(7), Some(4)]);

    stage.give(&sent.name, (&stage.chem, 46, 1)).await?;
    let third = stage.close((10, 1)).await?;
    assert_eq!(third.corrections, [correction(1, &stage.chem, 3)]);
    assert!(!third.corrections_carried_over);
    assert_eq!(stage.at(line(&third).to_date.as_ref()), [Some(45), Some(22), Some(19), Some(4)]);
    let months: Vec<_> = line(&third).months.iter().map(|month| month.number).collect();
    assert!(months.is_sorted() && months.contains(&1) && months.contains(&3), "{months:?}");
    stage.partners.world.end().await
}

/// One person at a site is told by no number, of this statement or of the two together.
#[tokio::test]
async fn a_small_number_is_told_by_no_statement() -> Result<()> {
    let stage = Stage::set().await?;
    let sent = stage.submit().await?;
    for (site, acts) in [(&stage.forges, 40), (&stage.chem, 20)] {
        stage.give(&sent.name, (site, 40, acts)).await?;
    }
    let first = stage.close((60, 31)).await?;
    assert_eq!(stage.at(period(&first)), [Some(60), Some(40), Some(20), Some(0)]);
    for (site, acts) in [(&stage.forges, 30), (&stage.chem, 1)] {
        stage.give(&sent.name, (site, 20, acts)).await?;
    }
    let second = stage.close((30, 11)).await?;
    assert_eq!(stage.at(period(&second)), [Some(31), None, None, Some(0)]);
    assert_eq!(stage.at(line(&second).before.as_ref()), [Some(60), Some(40), Some(20), Some(0)]);
    assert_eq!(stage.at(line(&second).to_date.as_ref()), [Some(91), None, None, Some(0)]);
    stage.partners.world.end().await
}

/// A site that was named in a report and is none of the directory's is none.
#[tokio::test]
async fn a_convention_without_referrals_is_stated_as_such() -> Result<()> {
    let stage = Stage::set().await?;
    let unused = partnership::organisation(&stage.partners.operator, "Unused").await?;
    partnership::site(&stage.partners.operator, &unused, "Unused").await?;
    let empty = stage.close((60, 31)).await?;
    assert_eq!(stage.at(period(&empty)), [Some(0); 4]);
    assert_eq!(stage.at(empty.persons.as_ref()), [Some(0); 4]);
    assert!(empty.steps.iter().all(|step| stage.at(step.count.as_ref()) == [Some(0); 4]));
    assert!(empty.refusals.is_empty() && empty.corrections.is_empty() && !empty.corrections_carried_over);
    assert!(empty.delays.iter().all(|delay| delay.sites.is_empty()));
    stage.partners.world.end().await
}
