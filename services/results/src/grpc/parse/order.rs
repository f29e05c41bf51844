//! Commands of orders.

use std::collections::HashSet;

use chrono::{DateTime, Datelike, Utc};
use relais_platform::{Result, calls::Check, ids::OrderId};
use relais_proto::results::v1;
use uuid::Uuid;

use super::{etag, name};
use crate::{
    app::{Entitled, GetOrder, MoveOrder, Step},
    domain::{LineCancelReason, Sample, analyses},
};

/// The most lines of one request.
const MOST: usize = 60;

pub(in crate::grpc) fn get_order(request: &v1::GetOrderRequest) -> Result<GetOrder> {
    name(&request.name).map(GetOrder)
}

/// What is asked for; who may ask, is asked by whoever runs it.
pub(in crate::grpc) fn place_order(request: &v1::PlaceOrderRequest, entitled: Entitled) -> Result<(Uuid, MoveOrder)> {
    let mut check = Check::default();
    let id: OrderId = check.name("name", &request.name);
    check.ensure("codes", (1..=MOST).contains(&request.codes.len()), "must be 1 to 60");
    let mut seen = HashSet::new();
    for code in request.codes.iter().take(MOST) {
        check.ensure("codes", analyses::find(code).is_some(), "must be LOINC codes of ListAnalyses");
        check.ensure("codes", seen.insert(code), "must not name one twice");
    }
    let step = Step::Place(request.codes.clone(), entitled);
    command(check, (id, step), &request.etag, &request.request_id)
}

pub(in crate::grpc) fn cancel_order_line(request: &v1::CancelOrderLineRequest) -> Result<(Uuid, MoveOrder)> {
    use v1::order_line::CancelReason as Told;
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    check.ensure("line", request.line > 0, "must be the number of a line");
    let reason = match check.choice("reason", request.reason) {
        Told::PatientDeclined => LineCancelReason::PatientDeclined,
        Told::SampleUnusable => LineCancelReason::SampleUnusable,
        Told::EnteredInError => LineCancelReason::EnteredInError,
        // Unspecified has been noted by the check.
        Told::NoLongerNeeded | Told::Unspecified => LineCancelReason::NoLongerNeeded,
    };
    command(check, (id, Step::CancelLine(request.line, reason)), &request.etag, &request.request_id)
}

pub(in crate::grpc) fn record_sampling(
    request: &v1::RecordSamplingRequest,
    now: DateTime<Utc>,
) -> Result<(Uuid, MoveOrder)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let numbers = request.lines.iter().copied().collect::<HashSet<_>>();
    check.ensure("lines", numbers.len() == request.lines.len(), "must not name one twice");
    check.ensure("lines", numbers.iter().all(|number| *number > 0), "must be numbers of lines");
    let time = time(&mut check, request.sample_time.as_ref());
    check.ensure("sample_time", time <= now, "must not be in the future");
    let site = check.optional_child("site", &request.site);
    let step = Step::Sample(request.lines.clone(), Sample { time, site });
    command(check, (id, step), &request.etag, &request.request_id)
}

/// An instant from 1900 on.
fn time(check: &mut Check, told: Option<&prost_types::Timestamp>) -> DateTime<Utc> {
    let time = told.and_then(|told| DateTime::from_timestamp(told.seconds, u32::try_from(told.nanos).ok()?));
    time.filter(|time| time.year() >= 1900).unwrap_or_else(|| {
        check.fail("sample_time", "must be a time from 1900 on");
        DateTime::UNIX_EPOCH
    })
}

fn command(mut check: Check, (id, step): (OrderId, Step), seen: &str, request_id: &str) -> Result<(Uuid, MoveOrder)> {
    let (seen, request_id) = (etag(&mut check, seen), check.request_id(request_id));
    check.finish().map(|()| (request_id, MoveOrder { id, step, seen }))
}
