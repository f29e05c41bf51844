//! How many meters are near their limit: what the installation's operator is told, and no more.

use chrono::Months;
use relais_referral::store::convention::count_near_limit;

use super::*;

/// Nine tenths and all of it, on a day.
async fn near_limit(metered: &Metered, today: NaiveDate) -> Result<(i64, i64)> {
    let look = metered.partners.world.running.context.database.look(move |c| Box::pin(count_near_limit(c, today)));
    Ok(look.await?)
}

#[tokio::test]
async fn firm_meters_count_from_nine_tenths_on_while_their_period_runs() -> Result<()> {
    let soft = Line { line_id: "soft".into(), kind: line::Kind::Soft.into(), ..firm(1) };
    let metered = Metered::agree(vec![firm(10), soft]).await?;
    let today = metered.partners.today;
    for (sent, expected) in [(8, (0, 0)), (1, (1, 0)), (1, (1, 1))] {
        for _ in 0..sent {
            metered.send().await?;
        }
        // The soft line is far beyond, and promises nothing.
        assert_eq!(near_limit(&metered, today).await?, expected);
    }
    let over = today.checked_add_months(Months::new(120)).context("no day")?;
    assert_eq!(near_limit(&metered, over).await?, (0, 0), "its period is over then");
    assert_eq!(metered.differences().await?, []);
    metered.partners.world.end().await
}
