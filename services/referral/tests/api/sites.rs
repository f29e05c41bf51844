//! What is said of a site: how one gets there, in which version, and who hears of it.

use anyhow::Result;
use relais_platform::events::Event;
use relais_proto::{
    events::v1::SiteRegistered,
    network::v1::{
        CreateSiteRequest, GetSiteRequest, ListSitesRequest, Position, Site, Stop, UpdateSiteRequest, site::Wheelchair,
        stop::Kind,
    },
};
use relais_referral::Referral as Service;
use relais_tests::{Identity, World, partnership, request_id, violations};
use tonic::Code;

fn stop(kind: Kind, name: &str, walking_minutes: i32) -> Stop {
    Stop { kind: kind.into(), display_name: name.into(), code: "87214056".into(), walking_minutes }
}

/// A site at which nothing is left unsaid.
fn colmar() -> Site {
    Site {
        display_name: "Colmar".into(),
        time_zone: "Europe/Paris".into(),
        access: vec![stop(Kind::Train, "Gare de Colmar", 6), stop(Kind::Bus, "Théâtre", 0)],
        wheelchair: Wheelchair::Limited.into(),
        parking: Some(false),
        languages: vec!["fr".into(), "de".into()],
        position: Some(Position { latitude: 48.073, longitude: 7.347 }),
        ..Site::default()
    }
}

fn creating(parent: &str, site: Site) -> CreateSiteRequest {
    CreateSiteRequest { parent: parent.into(), site: Some(site), request_id: request_id() }
}

fn updating(site: Site, paths: &[&str]) -> UpdateSiteRequest {
    let paths = paths.iter().map(|path| (*path).into()).collect();
    let update_mask = Some(prost_types::FieldMask { paths });
    UpdateSiteRequest { site: Some(site), update_mask, request_id: request_id() }
}

/// The next thing that is told of a site.
async fn told(world: &mut World<Service>) -> Result<(i64, SiteRegistered)> {
    loop {
        let (envelope, event) = world.tap.next().await?;
        if let Event::SiteRegistered(told) = event {
            return Ok((envelope.version, told));
        }
    }
}

#[tokio::test]
async fn what_is_said_of_a_site_is_read_back_changed_and_told() -> Result<()> {
    let mut world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let parent = partnership::organisation(&operator, "MC3").await?;
    let mut network = operator.network();
    let creation = creating(&parent, colmar());
    let entered = network.create_site(creation.clone()).await?.into_inner().site.unwrap();
    let mut languages = colmar().languages;
    languages.sort();
    let (name, create_time) = (entered.name.clone(), entered.create_time);
    assert_eq!(entered, Site { name: name.clone(), create_time, languages, etag: "1".into(), ..colmar() });
    let (version, event) = told(&mut world).await?;
    assert_eq!((version, event.stops.len(), event.wheelchair.as_str()), (1, 2, "limited"));
    assert_eq!((event.parking, event.latitude, event.longitude), (Some(false), Some(48.073), Some(7.347)));

    // By an admin of the organisation; what is not named stays.
    let admin = world.session(&Identity::new("admin", "admin").of(&parent))?;
    let access = vec![stop(Kind::Tram, "Place", 3)];
    let given = Site { name: name.clone(), access, wheelchair: Wheelchair::Yes.into(), ..Site::default() };
    let change = updating(Site { etag: "1".into(), ..given.clone() }, &["access", "wheelchair"]);
    let changed = admin.network().update_site(change.clone()).await?.into_inner().site.unwrap();
    let expected =
        Site { access: given.access.clone(), wheelchair: given.wheelchair, etag: "2".into(), ..entered.clone() };
    assert_eq!(changed, expected);
    let (version, event) = told(&mut world).await?;
    let stops: Vec<_> = event.stops.iter().map(|stop| (stop.kind.as_str(), stop.walking_minutes)).collect();
    assert_eq!((version, stops, event.wheelchair.as_str()), (2, vec![("tram", 3)], "yes"));
    assert_eq!((event.country_code.as_str(), event.languages.len()), ("LU", 2));
    let got = network.get_site(GetSiteRequest { name: name.clone() }).await?.into_inner().site;
    let list = network.list_sites(ListSitesRequest { parent: parent.clone(), ..Default::default() }).await?;
    assert_eq!((got, list.into_inner().sites), (Some(changed.clone()), vec![changed.clone()]));

    // Everything, when no field is named: what is left out is unsaid again.
    let bare = Site { name, display_name: "Colmar centre".into(), ..Site::default() };
    let all = UpdateSiteRequest { site: Some(bare), update_mask: None, request_id: request_id() };
    let bare = network.update_site(all).await?.into_inner().site.unwrap();
    assert_eq!(
        (bare.display_name.as_str(), bare.access.len(), bare.parking, bare.position),
        ("Colmar centre", 0, None, None)
    );
    // The same requests again answer as they did.
    assert_eq!(network.create_site(creation).await?.into_inner().site, Some(entered));
    assert_eq!(admin.network().update_site(change).await?.into_inner().site, Some(changed));
    assert_eq!(world.count("SELECT count(*) FROM site_version").await?, 3);
    world.end().await
}

#[tokio::test]
async fn two_who_change_a_site_at_once_do_not_lose_a_change() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let parent = partnership::organisation(&operator, "MC3").await?;
    let name = operator.network().create_site(creating(&parent, colmar())).await?.into_inner().site.unwrap().name;
    let etag = String::from("1");
    let change = |wheelchair: Wheelchair| {
        let site = Site { name: name.clone(), etag: etag.clone(), wheelchair: wheelchair.into(), ..Site::default() };
        updating(site, &["wheelchair"])
    };
    let (mut one, mut other) = (operator.network(), operator.network());
    let (one, other) =
        tokio::join!(one.update_site(change(Wheelchair::Yes)), other.update_site(change(Wheelchair::No)));
    let refused = [one, other].into_iter().filter_map(Result::err).map(|status| status.code());
    assert_eq!(refused.collect::<Vec<_>>(), [Code::Aborted]);
    // Without an etag both are made, one after the other.
    let (mut one, mut other) = (operator.network(), operator.network());
    let blind = |paths: &[&str]| {
        let languages = vec!["ar".into()];
        updating(Site { name: name.clone(), languages, parking: Some(true), ..Site::default() }, paths)
    };
    let (one, other) = tokio::join!(one.update_site(blind(&["languages"])), other.update_site(blind(&["parking"])));
    one?;
    other?;
    let site = operator.network().get_site(GetSiteRequest { name }).await?.into_inner().site.unwrap();
    assert_eq!((site.etag.as_str(), site.languages, site.parking), ("4", vec!["ar".to_string()], Some(true)));
    world.end().await
}

#[tokio::test]
async fn others_change_nothing() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let parent = partnership::organisation(&operator, "MC3").await?;
    let other = partnership::organisation(&operator, "Other").await?;
    let mut network = operator.network();
    let site = network.create_site(creating(&parent, colmar())).await?.into_inner().site.unwrap();
    let foreign = world.session(&Identity::new("admin", "admin").of(&other))?;
    let change = updating(site.clone(), &["wheelchair"]);
    assert_eq!(foreign.network().update_site(change.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    let desk = world.session(&Identity::new("desk", "desk").of(&parent))?;
    assert_eq!(desk.network().update_site(change).await.unwrap_err().code(), Code::PermissionDenied);
    let elsewhere = Site { name: site.name.replace(&parent, &other), ..site.clone() };
    let absent = network.update_site(updating(elsewhere, &["wheelchair"])).await.unwrap_err();
    assert_eq!(absent.code(), Code::NotFound);
    assert_eq!(world.count("SELECT count(*) FROM site_version").await?, 0);
    world.end().await
}

#[tokio::test]
async fn bad_input_is_told_by_field() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let parent = partnership::organisation(&operator, "MC3").await?;
    let mut network = operator.network();
    let site = network.create_site(creating(&parent, colmar())).await?.into_inner().site.unwrap();
    let with = |change: fn(&mut Site)| {
        let mut site = Site { etag: String::new(), ..site.clone() };
        change(&mut site);
        site
    };
    let cases: [(Site, &[&str]); 14] = [
        (with(|site| site.access[0].walking_minutes = -1), &["site.access.walking_minutes"]),
        (with(|site| site.access[0].walking_minutes = 181), &["site.access.walking_minutes"]),
        (with(|site| site.access[0].kind = 0), &["site.access.kind"]),
        (with(|site| site.access[1].display_name = "\u{202e}".into()), &["site.access.display_name"]),
        (with(|site| site.access[1].code = "x".repeat(65)), &["site.access.code"]),
        (with(|site| site.access = vec![stop(Kind::Bus, "b", 1); 21]), &["site.access"]),
        (with(|site| site.wheelchair = 9), &["site.wheelchair"]),
        (with(|site| site.languages = vec!["xx".into()]), &["site.languages"]),
        (with(|site| site.languages = vec!["fr".into(), "fr".into()]), &["site.languages"]),
        (with(|site| site.position = Some(Position { latitude: 90.5, longitude: 0.0 })), &["site.position.latitude"]),
        (
            with(|site| site.position = Some(Position { latitude: 0.0, longitude: f64::INFINITY })),
            &["site.position.longitude"],
        ),
        (with(|site| site.display_name = " ".into()), &["site.display_name"]),
        (with(|site| site.name = "sites/1".into()), &["site.name"]),
        (with(|site| site.etag = "x".into()), &["site.etag"]),
    ];
    for (wrong, fields) in cases {
        let request = UpdateSiteRequest { site: Some(wrong), update_mask: None, request_id: request_id() };
        let status = network.update_site(request.clone()).await.expect_err(&format!("{request:?}"));
        let expected: Vec<_> = fields.iter().map(|field| field.replace("site.etag", "etag")).collect();
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, expected), "{request:?}");
    }
    for path in ["time_zone", "name", "create_time", "access.kind"] {
        let status = network.update_site(updating(site.clone(), &[path])).await.unwrap_err();
        assert_eq!(violations(&status), ["update_mask"], "{path}");
    }
    let wrong = creating(&parent, with(|site| site.access[0].walking_minutes = 999));
    assert_eq!(violations(&network.create_site(wrong).await.unwrap_err()), ["site.access.walking_minutes"]);
    // What is wrong in a field that is not named does not count.
    network.update_site(updating(with(|site| site.languages = vec!["xx".into()]), &["parking"])).await?;
    assert_eq!(world.count("SELECT version FROM site").await?, 2);
    world.end().await
}

/// A site of an earlier program: nothing is said, and its first change keeps what it was.
#[tokio::test]
async fn a_site_of_an_earlier_program_says_nothing_and_can_be_changed() -> Result<()> {
    let world = World::<Service>::start().await?;
    let operator = world.session(&Identity::new("operator", "operator"))?;
    let parent = partnership::organisation(&operator, "MC3").await?;
    let id = uuid::Uuid::now_v7();
    sqlx::query("INSERT INTO site (id, organisation_id, display_name, time_zone, create_time) VALUES ($1, $2, 'Old', 'Europe/Paris', '2026-01-01')")
        .bind(id)
        .bind(parent.trim_start_matches("organisations/").parse::<uuid::Uuid>()?)
        .execute(&world.database)
        .await?;
    let name = format!("{parent}/sites/{id}");
    let site = operator.network().get_site(GetSiteRequest { name: name.clone() }).await?.into_inner().site.unwrap();
    assert_eq!(
        (site.etag.as_str(), site.wheelchair(), site.access.len(), site.parking),
        ("1", Wheelchair::Unspecified, 0, None)
    );
    let given = Site { name, display_name: "New".into(), etag: "1".into(), ..Site::default() };
    operator.network().update_site(updating(given, &["display_name"])).await?;
    let kept = "SELECT count(*) FROM site_version WHERE (version, display_name) IN ((1, 'Old'), (2, 'New'))";
    assert_eq!(world.count(kept).await?, 2);
    world.end().await
}
