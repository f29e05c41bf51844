use chrono::{DateTime, Days, NaiveDate};
use relais_platform::ids::{OrganisationId, PatientId};
use uuid::Uuid;

use super::{identifier::NIR, *};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn person() -> Person {
    Person {
        family_name: "Lefèvre".into(),
        given_names: vec!["Hélène".into()],
        birth_date: Some(day("1985-05-09")),
        sex: Some(Sex::Female),
        ..Person::default()
    }
}

fn ins() -> Ins {
    Ins {
        matricule: PatientIdentifier::new(NIR, "2 85 05 78 006 084 41"),
        birth_name: "LEFEVRE".into(),
        given_names: vec!["HELENE MARIE".into()],
        birth_date: day("1985-05-09"),
        sex: Sex::Female,
        birth_place_code: "78006".into(),
    }
}

#[test]
fn the_key_of_a_nir_is_checked_in_corsica_too() {
    for right in ["285057800608441", "2 85 05 78 006 084 41", "255081416802538", "180022A00100177", "180022b00100107"] {
        assert_eq!(PatientIdentifier::new(NIR, right).fault(), None, "{right}");
    }
    for wrong in
        ["285057800608442", "2850578006084", "985057800608491", "1800A2A00100144", "18002AA00100144", "é80022A0010014"]
    {
        assert!(PatientIdentifier::new(NIR, wrong).fault().is_some(), "{wrong}");
    }
}

#[test]
fn two_facts_make_an_identity_qualified() {
    let told = person();
    assert_eq!(status(&told), InsStatus::Provisional);
    let retrieved = Person { ins: Some(ins()), ..told.clone() };
    assert_eq!(status(&retrieved), InsStatus::Retrieved);
    let validated = Person { proof: Some(Proof::Passport), ..told };
    assert_eq!(status(&validated), InsStatus::Validated);
    let qualified = Person { proof: Some(Proof::Passport), ..retrieved };
    assert_eq!(status(&qualified), InsStatus::Qualified);
    assert!(ensure_traits_agree(&qualified).is_ok(), "marks, case and further given names do not count");
}

#[test]
fn a_trait_that_differs_blocks_qualification_and_is_named() {
    let wrong = Person {
        ins: Some(Ins { birth_date: day("1985-05-10"), sex: Sex::Male, ..ins() }),
        proof: Some(Proof::Passport),
        ..person()
    };
    let error = ensure_traits_agree(&wrong).expect_err("two traits differ");
    let rules: Vec<_> = error.violations.iter().map(|v| v.subject.as_str()).collect();
    assert_eq!(rules, ["ins-birth-date", "ins-sex"]);
    assert!(ensure_traits_agree(&Person { proof: None, ..wrong }).is_ok(), "it may be retrieved and not agree yet");
}

#[test]
fn a_person_tells_nothing_to_a_log() {
    let secret = Person { ins: Some(ins()), ..person() };
    let printed = format!("{secret:?} {:?} {:?}", ins(), PatientIdentifier::new(NIR, "285057800608441"));
    assert!(!printed.contains("Lef") && !printed.contains("2850"), "{printed}");
}

#[test]
fn all_that_was_asked_must_agree_but_a_number_is_enough() {
    let known = Person { ins: Some(ins()), ..person() };
    let asked = |name: &str, birth: Option<&str>, number: Option<&str>| Question {
        name: name.into(),
        birth_date: birth.map(day),
        identifier: number.map(|value| PatientIdentifier::new(NIR, value)),
    };
    let found = likeness(&asked("lefebvre helene", Some("1985-05-09"), None), &known).expect("found");
    let reasons: Vec<_> = found.reasons.iter().map(|(reason, _)| *reason).collect();
    assert_eq!(reasons, [MatchReason::SoundsAlike, MatchReason::SameWord, MatchReason::BirthDate]);
    assert_eq!(likeness(&asked("lefebvre helene", Some("1985-05-10"), None), &known), None);
    assert_eq!(likeness(&asked("Martin", None, None), &known), None);
    assert!(likeness(&asked("Martin", None, Some("285057800608441")), &known).is_some());
    assert_eq!(likeness(&asked("Lefevre", None, Some("255081416802538")), &known), None);
}

#[test]
fn who_is_entered_twice_is_seen_with_the_reason() {
    let again = Person { family_name: "LEFEBVRE".into(), ..person() };
    assert_eq!(twins(&person(), &again), [DuplicateReason::NameAndBirthDate]);
    let born_later = Person { birth_date: Some(day("1985-05-10")), ..again };
    assert_eq!(twins(&person(), &born_later), []);
}

#[test]
fn erasure_names_all_that_stands_against_it() {
    let now = DateTime::UNIX_EPOCH;
    let hold = Hold {
        id: Uuid::max(),
        patient: PatientId(Uuid::max()),
        reason: HoldReason::Litigation,
        create_time: now,
        end_time: Some(now + Days::new(1)),
        lift_time: None,
    };
    let record = Record {
        id: hold.patient,
        organisation: OrganisationId(Uuid::max()),
        state: State::Active,
        merged_into: None,
        version: 1,
        create_time: now,
        update_time: now,
        person: None,
    };
    let open = ["7K3M-9QXA-4T7".to_string()];
    let error = may_erase(&record, std::slice::from_ref(&hold), &open, now).expect_err("refused");
    let rules: Vec<_> = error.violations.iter().map(|v| v.subject.as_str()).collect();
    assert_eq!(rules, ["legal-hold", "open-referral"]);
    let (ended, lifted) = (Hold { end_time: Some(now), ..hold.clone() }, Hold { lift_time: Some(now), ..hold });
    assert!(may_erase(&record, &[ended, lifted], &[], now).is_ok());
}
