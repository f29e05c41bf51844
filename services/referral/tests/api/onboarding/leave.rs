//! Leave, substitutes, and who acts.

use anyhow::{Context, Result};
use relais_proto::{
    google::r#type::Date,
    network::v1::{
        CreateLeaveRequest, EndLeaveRequest, GetActingPractitionerRequest, Leave, ListLeavesRequest,
        SetUnitSubstituteRequest, UnitSubstitute, get_acting_practitioner_response::Reason,
    },
};
use relais_tests::{Identity, Session, partnership, request_id, violations};
use tonic::{Code, Status};

use super::{House, reason};

fn day(day: i32) -> Option<Date> {
    Some(Date { year: 2030, month: 3, day })
}

/// A leave in March 2030.
pub fn request(parent: &str, (start, end): (i32, i32), substitute: &str) -> CreateLeaveRequest {
    let (start_date, end_date) = (day(start), day(end));
    let leave = Some(Leave { start_date, end_date, substitute: substitute.into(), ..Leave::default() });
    CreateLeaveRequest { parent: parent.into(), leave, request_id: request_id() }
}

pub async fn create(by: &Session, request: CreateLeaveRequest) -> Result<Leave, Status> {
    Ok(by.leaves().create_leave(request).await?.into_inner().leave.unwrap_or_default())
}

async fn end(by: &Session, name: &str, last: i32) -> Result<Leave, Status> {
    let (name, end_date) = (name.into(), day(last));
    let request = EndLeaveRequest { name, end_date, request_id: request_id(), ..Default::default() };
    Ok(by.leaves().end_leave(request).await?.into_inner().leave.unwrap_or_default())
}

pub async fn set_substitute(by: &Session, unit: &str, substitute: &str) -> Result<UnitSubstitute, Status> {
    let (unit, substitute) = (unit.into(), substitute.into());
    let request = SetUnitSubstituteRequest { unit, substitute, request_id: request_id() };
    Ok(by.leaves().set_unit_substitute(request).await?.into_inner().unit_substitute.unwrap_or_default())
}

/// Two doctors, a third who stands in, a unit, and those who act: the first doctor, a colleague, a stranger.
struct Ward {
    house: House,
    doctor: String,
    other: String,
    third: String,
    unit: String,
    doctors: Session,
    colleagues: Session,
    coordinator: Session,
    stranger: Session,
}

impl Ward {
    async fn open() -> Result<Self> {
        let house = House::open().await?;
        let (doctor, other) = (house.practitioner(1).await?, house.practitioner(2).await?);
        let third = house.practitioner(3).await?;
        let unit = partnership::care_centre(&house.admin, &house.organisation).await?;
        let of = |subject: &str, role: &str| Identity::new(subject, role).of(&house.organisation);
        let doctors = house.world.session(&of("doctor", "clinician").registered(&doctor))?;
        let colleagues = house.world.session(&of("other", "clinician").registered(&other))?;
        let coordinator = house.world.session(&of("coordinator", "coordinator"))?;
        let elsewhere = partnership::organisation(&house.operator, "Another").await?;
        let stranger = house.world.session(&Identity::new("stranger", "admin").of(&elsewhere))?;
        Ok(Self { house, doctor, other, third, unit, doctors, colleagues, coordinator, stranger })
    }

    async fn acting(&self, practitioner: &str, on: i32) -> Result<(String, Reason)> {
        let (practitioner, unit) = (practitioner.into(), self.unit.clone());
        let request = GetActingPractitionerRequest { practitioner, unit, date: day(on) };
        let told = self.coordinator.leaves().get_acting_practitioner(request).await?.into_inner();
        let reason = told.reason();
        Ok((told.practitioner, reason))
    }
}

#[tokio::test]
async fn a_substitute_named_by_somebody_else_is_refused() -> Result<()> {
    let ward = Ward::open().await?;
    let asked = || request(&ward.doctor, (10, 15), &ward.other);
    let desk = ward.house.world.session(&Identity::new("desk", "desk").of(&ward.house.organisation))?;
    // Not by a colleague, though it be the substitute, nor by who coordinates or registers.
    for (who, by) in [("substitute", &ward.colleagues), ("coordinator", &ward.coordinator), ("desk", &desk)] {
        assert_eq!(create(by, asked()).await.unwrap_err().code(), Code::PermissionDenied, "{who}");
    }
    // Who carries the entry's id under another organisation's name is nobody's practitioner.
    let refused = create(&ward.stranger, asked()).await.unwrap_err();
    let nobody = format!("{}/practitioners/{}", ward.house.organisation, uuid::Uuid::now_v7());
    let absent = create(&ward.stranger, request(&nobody, (10, 15), "")).await.unwrap_err();
    assert_eq!((refused.code(), absent.code()), (Code::NotFound, Code::NotFound));
    assert_eq!(refused.message().replace(&ward.doctor, ""), absent.message().replace(&nobody, ""));
    assert_eq!(ward.house.world.count("SELECT count(*) FROM leave").await?, 0);
    assert_eq!(ward.acting(&ward.doctor, 12).await?, (ward.doctor.clone(), Reason::Present));
    // By the practitioner, and by an admin.
    let own = create(&ward.doctors, asked()).await?;
    for by in [&ward.colleagues, &ward.coordinator, &desk] {
        assert_eq!(end(by, &own.name, 11).await.unwrap_err().code(), Code::PermissionDenied);
    }
    assert_eq!(end(&ward.stranger, &own.name, 11).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(end(&ward.house.admin, &own.name, 12).await?.end_date, day(12));
    create(&ward.house.admin, request(&ward.other, (10, 15), &ward.doctor)).await?;
    ward.house.world.end().await
}

#[tokio::test]
async fn days_and_substitutes_that_cannot_be() -> Result<()> {
    let ward = Ward::open().await?;
    let with = |change: &dyn Fn(&mut Leave)| {
        let mut asked = request(&ward.doctor, (10, 15), &ward.other);
        asked.leave.iter_mut().for_each(change);
        asked
    };
    let of = |year| Some(Date { year, month: 1, day: 1 });
    let elsewhere = partnership::organisation(&ward.house.operator, "Third").await?;
    let foreign = partnership::practitioner(&ward.house.operator, &elsewhere).await?;
    let nobody = format!("{}/practitioners/{}", ward.house.organisation, uuid::Uuid::now_v7());
    let wrong = [
        (with(&|leave| leave.end_date = day(10)), "leave.end_date"),
        (with(&|leave| leave.end_date = day(9)), "leave.end_date"),
        (with(&|leave| leave.end_date = None), "leave.end_date"),
        (with(&|leave| leave.start_date = of(1899)), "leave.start_date"),
        (with(&|leave| leave.end_date = of(2201)), "leave.end_date"),
        (with(&|leave| leave.start_date = Some(Date { year: 2030, month: 2, day: 29 })), "leave.start_date"),
        (with(&|leave| leave.substitute.clone_from(&ward.doctor)), "leave.substitute"),
        (with(&|leave| leave.substitute.clone_from(&foreign)), "leave.substitute"),
        (with(&|leave| leave.substitute.clone_from(&nobody)), "leave.substitute"),
        (with(&|leave| leave.substitute = "practitioners/x".into()), "leave.substitute"),
    ];
    for (asked, field) in wrong {
        let refused = create(&ward.doctors, asked.clone()).await.unwrap_err();
        assert_eq!((refused.code(), violations(&refused)), (Code::InvalidArgument, vec![field.into()]), "{asked:?}");
    }
    let refused = create(&ward.doctors, CreateLeaveRequest::default()).await.unwrap_err();
    assert_eq!(violations(&refused), ["parent", "leave", "leave.start_date", "leave.end_date", "request_id"]);
    ward.house.world.end().await
}

#[tokio::test]
async fn leaves_of_one_practitioner_do_not_overlap() -> Result<()> {
    let ward = Ward::open().await?;
    let asked = request(&ward.doctor, (10, 15), &ward.other);
    let made = create(&ward.doctors, asked.clone()).await?;
    for days in [(10, 15), (9, 11), (14, 20), (11, 12), (1, 30)] {
        let refused = create(&ward.doctors, request(&ward.doctor, days, "")).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "LEAVES_OVERLAP"),
            "{days:?}"
        );
    }
    // Of many at once, one is entered.
    let tries = (0..8).map(|_| create(&ward.doctors, request(&ward.doctor, (20, 25), "")));
    let entered = futures::future::join_all(tries).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(entered, 1);
    // The days next to it are free, and those of another.
    create(&ward.doctors, request(&ward.doctor, (15, 16), "")).await?;
    create(&ward.colleagues, request(&ward.other, (10, 15), "")).await?;
    // It is not ended later than it ends; ended on its first day, it is taken back.
    for last in [9, 16] {
        let refused = end(&ward.doctors, &made.name, last).await.unwrap_err();
        assert_eq!(violations(&refused), ["end_date"]);
    }
    let back = end(&ward.doctors, &made.name, 10).await?;
    assert_eq!((back.start_date, back.end_date), (day(10), day(10)));
    create(&ward.doctors, request(&ward.doctor, (8, 12), "")).await?;
    // What was entered first answers the same again.
    assert_eq!(create(&ward.doctors, asked).await?, made);
    let list = ListLeavesRequest { parent: ward.doctor.clone(), ..Default::default() };
    let listed = ward.colleagues.leaves().list_leaves(list.clone()).await?.into_inner().leaves;
    assert_eq!(listed.len(), 4);
    assert_eq!(ward.stranger.leaves().list_leaves(list).await.unwrap_err().code(), Code::NotFound);
    ward.house.world.end().await
}

#[tokio::test]
async fn who_acts_on_a_day_and_why() -> Result<()> {
    let ward = Ward::open().await?;
    create(&ward.doctors, request(&ward.doctor, (10, 15), &ward.other)).await?;
    create(&ward.colleagues, request(&ward.other, (12, 13), &ward.doctor)).await?;
    assert_eq!(ward.acting(&ward.doctor, 9).await?, (ward.doctor.clone(), Reason::Present));
    assert_eq!(ward.acting(&ward.doctor, 10).await?, (ward.other.clone(), Reason::LeaveSubstitute));
    assert_eq!(ward.acting(&ward.doctor, 12).await?, (String::new(), Reason::Nobody));
    // An admin or a coordinator names who stands in; nobody else, and nobody of another organisation.
    for by in [&ward.doctors, &ward.colleagues] {
        let refused = set_substitute(by, &ward.unit, &ward.third).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    assert_eq!(set_substitute(&ward.stranger, &ward.unit, "").await.unwrap_err().code(), Code::NotFound);
    let foreign = ward.third.split_once("/practitioners/").context("no id")?.1;
    let foreign = format!("organisations/{}/practitioners/{foreign}", uuid::Uuid::now_v7());
    let refused = set_substitute(&ward.coordinator, &ward.unit, &foreign).await.unwrap_err();
    assert_eq!(violations(&refused), ["substitute"]);
    let set = set_substitute(&ward.coordinator, &ward.unit, &ward.third).await?;
    assert_eq!((&set.unit, &set.substitute), (&ward.unit, &ward.third));
    assert_eq!(ward.acting(&ward.doctor, 12).await?, (ward.third.clone(), Reason::UnitSubstitute));
    assert_eq!(ward.acting("", 12).await?, (ward.third.clone(), Reason::UnitSubstitute));
    create(&ward.house.admin, request(&ward.third, (12, 13), "")).await?;
    assert_eq!(ward.acting(&ward.doctor, 12).await?, (String::new(), Reason::Nobody));
    assert_eq!(ward.acting(&ward.doctor, 15).await?, (ward.doctor.clone(), Reason::Present));
    // Nobody stands in again.
    set_substitute(&ward.house.admin, &ward.unit, "").await?;
    assert_eq!(ward.acting("", 20).await?, (String::new(), Reason::Nobody));
    ward.house.world.end().await
}
