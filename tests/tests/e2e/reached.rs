//! How one gets to a site, entered in the directory, changes where it stands in a search: by an event, and by a rebuild when that was
//! lost.

use anyhow::{Context, Result};
use chrono::Days;
use relais_platform::clock::machine_now;
use relais_proto::{
    network::v1::{Site, Stop, UpdateSiteRequest, site::Wheelchair, stop::Kind},
    operations::v1::RebuildProjectionRequest,
    scheduling::v1::{
        Criterion, RankedSite, SearchSlotsRequest, Weekday,
        criterion::{Condition, Reachable, Strength},
        judgement::Verdict,
    },
};
use relais_tests::{
    Identity, Options, Session, Suite,
    partnership::{self, Partners, laboratory},
    request_id, settled,
};

/// The sites in their order, as the sender's desk is told.
async fn ranked(desk: &Session, referral: &str) -> Result<Vec<RankedSite>> {
    let train = Reachable { kind: Kind::Train.into(), walking_minutes: 10 };
    let condition = Some(Condition::Reachable(train));
    let wish = Criterion { condition, strength: Strength::Wish.into(), weight: 0 };
    let request =
        SearchSlotsRequest { referral: referral.into(), criteria: vec![wish], ..SearchSlotsRequest::default() };
    Ok(desk.scheduling().search_slots(request).await?.into_inner().sites)
}

async fn update(admin: &Session, site: Site) -> Result<()> {
    let request = UpdateSiteRequest { site: Some(site), update_mask: None, request_id: request_id() };
    admin.network().update_site(request).await?;
    Ok(())
}

#[tokio::test]
async fn a_site_that_is_reached_by_train_moves_up_once_the_directory_says_so() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    let first = machine_now().date_naive() - Days::new(1);
    let reception = suite.session("scheduling", &Identity::new("reception", "desk").of(partners.provider()))?;
    let mut sites = Vec::new();
    for (name, from) in [("Near", "06:00"), ("Far", "07:00")] {
        let site = partnership::site(&partners.operator, partners.provider(), name).await?;
        let every_day = [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
        ];
        let mut rule = laboratory::sampling(&site, &every_day, first);
        (rule.from_time, rule.until_time, rule.slot_minutes, rule.seats) = (from.into(), "08:00".into(), 60, 1);
        laboratory::open(&reception, rule).await?;
        sites.push(site);
    }
    let referral = partners.submit(partners.request()).await?;
    settled(&operator).await?;
    let desk = suite.session("scheduling", &partners.sender)?;
    let before = ranked(&desk, &referral.name).await?;
    assert!(before.iter().all(|one| one.judgements[0].verdict() == Verdict::Unknown), "{before:?}");

    let admin = suite.session("referral", &Identity::new("admin", "admin").of(partners.provider()))?;
    let stop = Stop { kind: Kind::Train.into(), display_name: "Gare".into(), code: String::new(), walking_minutes: 7 };
    let last = before.last().context("no sites")?.site.clone();
    let site = Site { name: last.clone(), display_name: "By train".into(), access: vec![stop], ..Site::default() };
    update(&admin, Site { wheelchair: Wheelchair::Yes.into(), ..site }).await?;
    settled(&operator).await?;
    let after = ranked(&desk, &referral.name).await?;
    assert_eq!((after[0].site.as_str(), after[0].rank, after[0].score), (last.as_str(), 1, 1));
    assert_eq!(after[0].judgements[0].sentence, "Gare (train) is 7 minutes on foot");

    // An earlier program took the event over without it; the owner's snapshot says it again.
    let mut database = suite.owner("scheduling").await?;
    sqlx::query("UPDATE site SET access = '{}'").execute(&mut database).await?;
    assert_eq!(ranked(&desk, &referral.name).await?[0].score, 0);
    let request = RebuildProjectionRequest { aggregate_kind: "relais.referral.site".into() };
    let mut progress = operator.scheduling.operations().rebuild_projection(request).await?.into_inner();
    while progress.message().await?.is_some() {}
    assert_eq!(ranked(&desk, &referral.name).await?, after);
    suite.stop().await
}
