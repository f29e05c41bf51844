//! Slots by hours of the week, and pages of slots in their order.

use std::collections::BTreeSet;

use anyhow::Result;
use chrono::{Datelike, Timelike};
use relais_proto::scheduling::v1::{Criterion, SearchSlotsResponse, Weekday, criterion::Condition};
use relais_tests::violations;

use super::{
    matching::{Alsace, hours, language, must, train, wish},
    *,
};

/// When a slot begins by the clocks of Paris.
fn local(slot: &Slot) -> chrono::NaiveDateTime {
    let zone: chrono_tz::Tz = slot.time_zone.parse().unwrap_or(chrono_tz::UTC);
    DateTime::from_timestamp(begins(slot), 0).unwrap_or_default().with_timezone(&zone).naive_local()
}

fn names<'s>(slots: impl IntoIterator<Item = &'s Slot>) -> BTreeSet<String> {
    slots.into_iter().map(|slot| slot.name.clone()).collect()
}

/// Every page, one after the other.
async fn pages(alsace: &Alsace, criteria: Vec<Criterion>, size: i32) -> Result<Vec<Slot>> {
    let mut all = Vec::new();
    let mut search = SearchSlotsRequest { page_size: size, ..alsace.search(criteria) };
    loop {
        let page = alsace.ask(search.clone()).await?;
        assert_eq!(page.sites.is_empty(), !search.page_token.is_empty(), "sites stand on the first page alone");
        all.extend(page.slots);
        if page.next_page_token.is_empty() {
            return Ok(all);
        }
        search.page_token = page.next_page_token;
    }
}

/// Whether a slot is as was asked.
type Holds<'a> = &'a dyn Fn(&Slot) -> bool;

/// The database and the domain mean the same by a window.
#[tokio::test]
async fn hours_and_dates_hold_the_slots_that_begin_then() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    let all = alsace.found(vec![]).await?.slots;
    let third = local(&all[0]).date() + chrono::Days::new(2);
    let days = [Weekday::Monday, Weekday::Wednesday, Weekday::Friday];
    let cases: [(Condition, Holds<'_>); 4] = [
        (hours(&[], "09:00", "10:00"), &|slot| local(slot).hour() == 9),
        (hours(&days, "", ""), &|slot| [0, 2, 4].contains(&local(slot).weekday().num_days_from_monday())),
        (hours(&days, "10:00", "24:00"), &|slot| {
            local(slot).hour() >= 10 && [0, 2, 4].contains(&local(slot).weekday().num_days_from_monday())
        }),
        (Condition::LatestDate(date(third)), &|slot| local(slot).date() <= third),
    ];
    for (condition, fits) in cases {
        let held = alsace.found(vec![must(condition.clone())]).await?;
        let expected = names(all.iter().filter(|slot| fits(slot)));
        assert!(!expected.is_empty() && expected.len() < all.len(), "{condition:?} tries nothing");
        assert_eq!(names(&held.slots), expected, "{condition:?}");
        assert!(held.slots.iter().all(|slot| slot.met_criteria == [0]));
        let wished = alsace.found(vec![wish(condition.clone(), 7)]).await?.slots;
        assert_eq!(names(&wished), names(&all), "a wish removed a slot");
        let (first, then) = wished.split_at(expected.len());
        assert_eq!(names(first), expected, "{condition:?}");
        assert!(first.iter().all(|slot| slot.score == 7) && then.iter().all(|slot| slot.score == 0));
        assert!(first.is_sorted_by_key(begins) && then.is_sorted_by_key(begins));
    }
    let nothing = alsace.found(vec![must(hours(&[], "20:00", "21:00"))]).await?;
    assert_eq!((nothing.slots.len(), nothing.unmet.as_slice(), nothing.alternatives.len()), (0, &[0][..], 1));
    assert_eq!(nothing.sites[0].judgements[0].sentence, "there is no free slot on any day from 20:00 to 21:00");
    alsace.centre.end().await
}

#[tokio::test]
async fn pages_go_on_in_the_same_order_and_with_the_same_criteria_alone() -> Result<()> {
    let alsace = Alsace::open(Needs::default()).await?;
    let criteria = vec![wish(train(10), 5), wish(language("ar"), 2), wish(hours(&[], "10:00", "12:00"), 3)];
    let whole: SearchSlotsResponse = alsace.found(criteria.clone()).await?;
    assert!(whole.next_page_token.is_empty());
    for size in [1, 7, 50] {
        assert_eq!(pages(&alsace, criteria.clone(), size).await?, whole.slots, "pages of {size}");
    }
    let scores: BTreeSet<_> = whole.slots.iter().map(|slot| slot.score).collect();
    assert_eq!(scores.into_iter().collect::<Vec<_>>(), [0, 2, 3, 5, 7, 8, 10], "too few to try");

    // What is taken meanwhile moves no other slot.
    let search = SearchSlotsRequest { page_size: 5, ..alsace.search(criteria.clone()) };
    let first = alsace.ask(search.clone()).await?;
    let next = SearchSlotsRequest { page_token: first.next_page_token.clone(), ..search.clone() };
    alsace.centre.step(&alsace.referred.told, 2, "accepted").await?;
    book(&alsace.centre.sender()?, &alsace.referred, &first.slots[4].name).await?;
    let second = alsace.ask(next.clone()).await?;
    assert_eq!(second.slots[..], whole.slots[5..10]);
    // Another question, another order: the token does not go with it.
    for other in [vec![], vec![wish(train(9), 5)], criteria.into_iter().rev().collect()] {
        let status = alsace.ask(SearchSlotsRequest { criteria: other, ..next.clone() }).await.unwrap_err();
        assert_eq!(violations(&status), ["page_token"]);
    }
    alsace.centre.end().await
}
