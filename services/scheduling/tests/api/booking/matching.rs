//! Wishes and musts: in which order sites and their slots are shown, why, and what is said when nothing meets them. The access of the
//! six sites is invented.

use anyhow::Result;
use relais_proto::{
    events::v1::{Needs, SiteStop},
    network::v1::stop::Kind,
    scheduling::v1::{
        Criterion, RankedSite, SearchSlotsResponse, Weekday,
        criterion::{Condition, Hours, Reachable, Strength, Wheelchair},
        judgement::Verdict,
    },
};
use relais_tests::{in_language, violations};
use tonic::Code;

use super::*;

pub(super) const NAMES: [&str; 6] = ["Strasbourg", "Colmar", "Mulhouse", "Sélestat", "Saverne", "Haguenau"];

/// A radiology group with six sites, open each day for three hours, and a referral to it.
pub(super) struct Alsace {
    pub centre: Centre,
    pub sites: Vec<Child<SiteId>>,
    pub referred: Referred,
}

fn stop(kind: &str, name: &str, walking_minutes: i32) -> SiteStop {
    SiteStop { kind: kind.into(), display_name: name.into(), walking_minutes, ..SiteStop::default() }
}

/// What is said of each site, and from which hour it is open.
fn told() -> [(Vec<SiteStop>, &'static str, &'static [&'static str], u32); 6] {
    [
        (vec![stop("tram", "Homme de Fer", 3), stop("train", "Gare de Strasbourg", 14)], "yes", &["fr", "ar"], 8),
        (vec![stop("train", "Gare de Colmar", 6)], "yes", &["fr", "de"], 9),
        (vec![stop("train", "Gare de Mulhouse", 9)], "limited", &["fr", "ar"], 8),
        (vec![stop("train", "Gare de Sélestat", 4)], "yes", &["fr"], 10),
        (vec![], "", &[], 8),
        (vec![stop("bus", "Haguenau Centre", 2)], "no", &["fr"], 9),
    ]
}

fn registered(site: Child<SiteId>, index: usize) -> SiteRegistered {
    let (stops, wheelchair, languages, _) = told()[index].clone();
    SiteRegistered {
        site: site.to_string(),
        time_zone: "Europe/Paris".into(),
        country_code: "FR".into(),
        stops,
        wheelchair: wheelchair.into(),
        languages: languages.iter().map(|code| (*code).into()).collect(),
        ..SiteRegistered::default()
    }
}

impl Alsace {
    pub async fn open(needs: Needs) -> Result<Self> {
        let centre = Centre::open().await?;
        let sites: Vec<_> = NAMES.iter().map(|_| Child::new(centre.told.provider, SiteId::draw())).collect();
        for (index, site) in sites.iter().enumerate() {
            centre.world.tap.publish(site.id.0, 1, registered(*site, index)).await?;
        }
        centre.world.until_count("SELECT count(*) FROM site", 7).await?;
        for (index, site) in sites.iter().enumerate() {
            let (.., hour) = told()[index];
            let (from_time, until_time) = (format!("{hour:02}:00"), format!("{:02}:00", hour + 3));
            let site = site.to_string();
            let rule = OpeningRule { site, from_time, until_time, slot_minutes: 60, ..centre.rule() };
            centre.enter(rule).await?;
        }
        let referred = centre.submitted_with("R", needs).await?;
        Ok(Self { centre, sites, referred })
    }

    /// What is searched: five days, from the day after tomorrow on.
    pub fn search(&self, criteria: Vec<Criterion>) -> SearchSlotsRequest {
        let first = self.centre.now().date_naive() + chrono::Days::new(2);
        SearchSlotsRequest {
            referral: self.referred.told.id.to_string(),
            start_date: Some(date(first)),
            end_date: Some(date(first + chrono::Days::new(4))),
            page_size: 200,
            criteria,
            ..SearchSlotsRequest::default()
        }
    }

    pub async fn found(&self, criteria: Vec<Criterion>) -> Result<SearchSlotsResponse, Status> {
        self.ask(self.search(criteria)).await
    }

    pub async fn ask(&self, search: SearchSlotsRequest) -> Result<SearchSlotsResponse, Status> {
        let sender = self.centre.sender().map_err(|error| Status::internal(error.to_string()))?;
        Ok(sender.scheduling().search_slots(search).await?.into_inner())
    }

    pub fn name(&self, site: &str) -> &'static str {
        let index = self.sites.iter().position(|known| known.to_string() == site);
        index.map_or("another", |index| NAMES[index])
    }

    /// Rank, name and score of each site, in the order of the answer.
    fn ranks(&self, answer: &SearchSlotsResponse) -> Vec<(i32, &'static str, i32)> {
        answer.sites.iter().map(|one| (one.rank, self.name(&one.site), one.score)).collect()
    }
}

fn criterion(condition: Condition, strength: Strength, weight: i32) -> Criterion {
    Criterion { condition: Some(condition), strength: strength.into(), weight }
}

pub(super) fn must(condition: Condition) -> Criterion {
    criterion(condition, Strength::Must, 0)
}

pub(super) fn wish(condition: Condition, weight: i32) -> Criterion {
    criterion(condition, Strength::Wish, weight)
}

pub(super) fn train(walking_minutes: i32) -> Condition {
    Condition::Reachable(Reachable { kind: Kind::Train.into(), walking_minutes })
}

pub(super) fn wheelchair() -> Condition {
    Condition::Wheelchair(Wheelchair::default())
}

pub(super) fn language(code: &str) -> Condition {
    Condition::Language(code.into())
}

pub(super) fn hours(weekdays: &[Weekday], from: &str, until: &str) -> Condition {
    let weekdays = weekdays.iter().map(|day| (*day).into()).collect();
    Condition::Hours(Hours { weekdays, from_time: from.into(), until_time: until.into() })
}

fn reasons(site: &RankedSite) -> Vec<(&str, Verdict)> {
    site.judgements.iter().map(|one| (one.reason.as_str(), one.verdict())).collect()
}

#[tokio::test]
async fn sites_stand_in_the_expected_order_and_say_why() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    let criteria = vec![wish(train(10), 5), wish(wheelchair(), 3), wish(language("ar"), 2)];
    let request = in_language(alsace.search(criteria), "fr-FR, en;q=0.5");
    let answer = alsace.centre.sender()?.scheduling().search_slots(request).await?.into_inner();
    let expected = [
        (1, "Colmar", 8),
        (2, "Sélestat", 8),
        (3, "Mulhouse", 7),
        (4, "Strasbourg", 5),
        (5, "Saverne", 0),
        (6, "Haguenau", 0),
    ];
    assert_eq!(alsace.ranks(&answer), expected);
    let told = |index: usize| (reasons(&answer.sites[index]), answer.sites[index].judgements[0].sentence.as_str());
    use Verdict::{Met, NotMet, Unknown};
    let (reasons, sentence) = told(0);
    assert_eq!(reasons, [("stop-near", Met), ("wheelchair-yes", Met), ("language-not-spoken", NotMet)]);
    assert_eq!(sentence, "Gare de Colmar (train) à 6 minutes à pied");
    let (reasons, sentence) = told(3);
    assert_eq!(reasons, [("stop-too-far", NotMet), ("wheelchair-yes", Met), ("language-spoken", Met)]);
    let expected =
        "l’arrêt le plus proche, Gare de Strasbourg (train), est à 14 minutes à pied, au lieu de 10 minutes au plus";
    assert_eq!(sentence, expected);
    let (reasons, _) = told(4);
    assert_eq!(reasons, [("stops-unknown", Unknown), ("wheelchair-unknown", Unknown), ("language-unknown", Unknown)]);
    assert_eq!(told(5).0, [("no-such-stop", NotMet), ("wheelchair-no", NotMet), ("language-not-spoken", NotMet)]);
    let counts: Vec<_> = answer.criteria.iter().map(|one| (one.meeting_sites, one.unknown_sites)).collect();
    assert_eq!((counts, answer.unmet.len(), answer.alternatives.len()), (vec![(3, 1), (3, 1), (2, 1)], 0, 0));
    // Slots: by their score, then by time; sites of one score are not kept apart.
    let slots: Vec<_> = answer.slots.iter().map(|slot| (-slot.score, begins(slot))).collect();
    assert!(slots.is_sorted() && slots.len() > 60, "{slots:?}");
    let mut first: Vec<_> = answer.slots.iter().map(|slot| alsace.name(&slot.site)).collect();
    first.dedup();
    assert_eq!(first[..4], ["Colmar", "Sélestat", "Colmar", "Sélestat"]);
    assert_eq!(answer.slots[0].met_criteria, [0, 1]);
    alsace.centre.end().await
}

#[tokio::test]
async fn a_must_leaves_out_what_fails_it_and_what_nobody_said() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    let all = alsace.found(vec![]).await?;
    let answer = alsace.found(vec![must(train(10)), must(wheelchair())]).await?;
    let shown: std::collections::BTreeSet<_> = answer.slots.iter().map(|slot| alsace.name(&slot.site)).collect();
    assert_eq!(shown.into_iter().collect::<Vec<_>>(), ["Colmar", "Sélestat"]);
    let expected = all.slots.iter().filter(|slot| ["Colmar", "Sélestat"].contains(&alsace.name(&slot.site)));
    assert_eq!(answer.slots.len(), expected.count(), "a must took more away, or less");
    let ranks: Vec<_> = answer.sites.iter().map(|one| one.rank).collect();
    assert_eq!(ranks, [1, 2, 0, 0, 0, 0]);
    let lenient = Condition::Wheelchair(Wheelchair { limited_suffices: true });
    let answer = alsace.found(vec![must(train(10)), must(lenient)]).await?;
    assert_eq!(answer.sites.iter().filter(|one| one.rank > 0).count(), 3, "limited access suffices");
    // The earliest first, as ever, when nothing is asked; a wish removes nothing.
    assert!(all.slots.is_sorted_by_key(begins));
    let wished = alsace.found(vec![wish(train(10), 1)]).await?;
    let names = |slots: &[Slot]| slots.iter().map(|slot| slot.name.clone()).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(names(&all.slots), names(&wished.slots));
    assert_ne!(all.slots.first().map(|slot| &slot.name), wished.slots.first().map(|slot| &slot.name));
    alsace.centre.end().await
}

#[tokio::test]
async fn a_wish_that_no_site_meets_is_a_true_answer() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    // As a wish it is told, and everything is shown.
    let wished = alsace.found(vec![wish(language("ti"), 1)]).await?;
    assert_eq!((wished.unmet.as_slice(), wished.slots.is_empty(), wished.alternatives.len()), (&[0][..], false, 0));
    // As a must it leaves nothing: the answer says so, and what would pass.
    let answer = alsace.found(vec![wish(train(10), 1), must(language("ti"))]).await?;
    assert_eq!((answer.slots.len(), answer.next_page_token.as_str(), answer.unmet.as_slice()), (0, "", &[1][..]));
    assert_eq!((answer.criteria[1].meeting_sites, answer.criteria[1].unknown_sites), (0, 1));
    assert!(answer.sites.iter().all(|one| one.rank == 0) && answer.sites.len() == 6);
    let passes = &answer.alternatives[0];
    assert_eq!((answer.alternatives.len(), passes.without.as_slice(), passes.sites), (1, &[1][..], 6));
    assert_eq!(alsace.name(&passes.site), "Mulhouse", "of those near a train, the one with the first slot");
    assert_eq!(passes.judgements[0].sentence, "the language ti is not spoken");
    let sender = alsace.centre.sender()?;
    alsace.centre.step(&alsace.referred.told, 2, "accepted").await?;
    book(&sender, &alsace.referred, &passes.slot).await?;
    // The nearest: one minute on foot too many.
    let answer = alsace.found(vec![must(train(3)), must(wheelchair())]).await?;
    let passes = &answer.alternatives[0];
    assert_eq!((passes.without.as_slice(), alsace.name(&passes.site), passes.sites), (&[0][..], "Sélestat", 3));
    let sentence = "the nearest stop, Gare de Sélestat (train), is 4 minutes on foot: at most 3 minutes is asked";
    assert_eq!(passes.judgements[0].sentence, sentence);
    // No single one is in the way: without all of them.
    let answer = alsace.found(vec![must(train(3)), must(language("ti"))]).await?;
    assert_eq!(answer.alternatives.iter().map(|one| one.without.clone()).collect::<Vec<_>>(), [[0, 1]]);
    alsace.centre.end().await
}

#[tokio::test]
async fn what_the_referral_needs_counts_unless_something_else_is_asked() -> Result<()> {
    let alsace = Alsace::open(Needs { interpreter_language: "ar".into(), wheelchair: true }).await?;
    let answer = alsace.found(vec![]).await?;
    let own: Vec<_> = answer.criteria.iter().map(|one| (one.from_referral, one.criterion.clone())).collect();
    assert_eq!(own, [(true, Some(must(wheelchair()))), (true, Some(wish(language("ar"), 1)))]);
    let expected = [
        (1, "Strasbourg", 1),
        (2, "Colmar", 0),
        (3, "Sélestat", 0),
        (0, "Mulhouse", 0),
        (0, "Saverne", 0),
        (0, "Haguenau", 0),
    ];
    assert_eq!(alsace.ranks(&answer), expected);
    let lenient = Condition::Wheelchair(Wheelchair { limited_suffices: true });
    let answer = alsace.found(vec![wish(lenient, 2)]).await?;
    assert_eq!(answer.criteria.iter().map(|one| one.from_referral).collect::<Vec<_>>(), [false, true]);
    assert!(answer.sites.iter().all(|one| one.rank > 0), "a wish leaves nobody out");
    assert_eq!(alsace.ranks(&answer)[0].2, 3);
    // Nothing but what the rule says helps where the site says nothing.
    let saverne = alsace.sites[4].to_string();
    let search = SearchSlotsRequest { site: saverne.clone(), ..alsace.search(vec![]) };
    assert_eq!(alsace.ask(search.clone()).await?.slots.len(), 0);
    let (from_time, until_time) = ("14:00".into(), "15:00".into());
    let ramp = OpeningRule { site: saverne, from_time, until_time, wheelchair_access: true, ..alsace.centre.rule() };
    alsace.centre.enter(ramp).await?;
    let answer = alsace.ask(search).await?;
    assert_eq!(answer.sites.len(), 1);
    assert_eq!(reasons(&answer.sites[0])[0], ("wheelchair-by-rule", Verdict::Met));
    assert!(!answer.slots.is_empty() && answer.slots.iter().all(|slot| slot.met_criteria == [0]));
    alsace.centre.end().await
}

#[tokio::test]
async fn what_is_new_of_a_site_changes_the_order() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    let search = vec![wish(train(10), 1)];
    let rank_of = |answer: &SearchSlotsResponse| {
        let saverne = answer.sites.iter().find(|one| alsace.name(&one.site) == "Saverne");
        saverne.map(|one| (one.score, one.judgements[0].verdict()))
    };
    assert_eq!(rank_of(&alsace.found(search.clone()).await?), Some((0, Verdict::Unknown)));
    let stops = vec![stop("train", "Gare de Saverne", 5), stop("hovercraft", "of a later program", 1)];
    let news = SiteRegistered { stops, ..registered(alsace.sites[4], 4) };
    alsace.centre.world.tap.publish(alsace.sites[4].id.0, 2, news).await?;
    eventually("the news is known", || async {
        Ok((rank_of(&alsace.found(search.clone()).await?) == Some((1, Verdict::Met))).then_some(()))
    })
    .await?;
    // An earlier program says nothing of it: then it is unknown again.
    let (site, time_zone) = (alsace.sites[4].to_string(), "Europe/Paris".into());
    let bare = SiteRegistered { site, time_zone, country_code: "FR".into(), ..SiteRegistered::default() };
    alsace.centre.world.tap.publish(alsace.sites[4].id.0, 3, bare).await?;
    eventually("nobody says it any more", || async {
        Ok((rank_of(&alsace.found(search.clone()).await?) == Some((0, Verdict::Unknown))).then_some(()))
    })
    .await?;
    alsace.centre.end().await
}

#[tokio::test]
async fn criteria_that_are_none_are_told_by_field() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    let near = |latitude: f64, kilometres| {
        let position = Some(relais_proto::network::v1::Position { latitude, longitude: 7.7 });
        Condition::Near(relais_proto::scheduling::v1::criterion::Near { position, kilometres })
    };
    let any = Condition::Reachable(Reachable { kind: 99, walking_minutes: 5 });
    let (monday, tuesday) = (hours(&[Weekday::Monday], "", ""), hours(&[Weekday::Tuesday], "", ""));
    let past = Condition::LatestDate(date(day("2017-05-01")));
    let cases: Vec<(Vec<Criterion>, &[&str])> = vec![
        (vec![must(train(-1))], &["criteria[0].reachable.walking_minutes"]),
        (vec![must(train(181))], &["criteria[0].reachable.walking_minutes"]),
        (vec![must(any)], &["criteria[0].reachable.kind"]),
        (vec![must(language("xx"))], &["criteria[0].language"]),
        (vec![must(language(""))], &["criteria[0].language"]),
        (vec![wish(language("fr"), 101)], &["criteria[0].weight"]),
        (vec![wish(language("fr"), -1)], &["criteria[0].weight"]),
        (vec![criterion(language("fr"), Strength::Must, 5)], &["criteria[0].weight"]),
        (vec![criterion(language("fr"), Strength::Unspecified, 0)], &["criteria[0].strength"]),
        (vec![Criterion { condition: None, ..must(train(1)) }], &["criteria[0].condition"]),
        (vec![must(hours(&[], "", ""))], &["criteria[0].hours"]),
        (vec![must(hours(&[], "12:00", "12:00"))], &["criteria[0].hours.until_time"]),
        (vec![must(hours(&[], "7:00", "24:01"))], &["criteria[0].hours.from_time", "criteria[0].hours.until_time"]),
        (vec![must(near(91.0, 5))], &["criteria[0].near.position.latitude"]),
        (vec![must(near(f64::NAN, 5))], &["criteria[0].near.position.latitude"]),
        (vec![must(near(48.0, 0))], &["criteria[0].near.kilometres"]),
        (vec![must(wheelchair()), wish(wheelchair(), 1)], &["criteria[1]"]),
        (vec![must(monday.clone()), must(tuesday)], &["criteria[1]"]),
        (vec![wish(train(1), 1), must(past)], &["criteria[1]"]),
        (
            vec![must(train(-1)), must(language("xx"))],
            &["criteria[0].reachable.walking_minutes", "criteria[1].language"],
        ),
    ];
    for (wrong, fields) in cases {
        let status = alsace.found(wrong.clone()).await.expect_err(&format!("{wrong:?}"));
        assert_eq!((status.code(), violations(&status)), (Code::InvalidArgument, to_owned(fields)), "{wrong:?}");
    }
    let codes = ["aa", "ab", "ae", "af", "ak", "am", "an", "ar", "as", "av", "ay", "az", "ba", "be", "bg", "bh"];
    let many = codes.iter().chain(&["bi", "bm", "bn", "bo"]).map(|code| wish(language(code), 1));
    let many: Vec<_> = many.collect();
    assert_eq!(alsace.found(many.clone()).await?.criteria.len(), 20);
    let more = many.into_iter().chain([wish(language("br"), 1)]).collect();
    assert_eq!(violations(&alsace.found(more).await.unwrap_err()), ["criteria"]);
    alsace.centre.end().await
}

fn to_owned(fields: &[&str]) -> Vec<String> {
    fields.iter().map(|field| (*field).into()).collect()
}
