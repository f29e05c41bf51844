//! Requests to open a file.

use chrono::TimeDelta;
use relais_platform::{Result, calls::Check, ids::FileAccessId};
use relais_proto::referral::v1::{
    OpenFileRequest, ReviewFileAccessRequest,
    file_access::{Reason, Verdict as Told},
};
use uuid::Uuid;

use crate::{
    app::referral::{File, OpenFile, ReviewFileAccess},
    domain::referral::{LONGEST, Number, OpenReason, USUAL, Verdict},
};

/// The longest note of a reviewer, in characters.
const NOTE: usize = 500;
/// The least and the most that is stated, in characters.
const STATEMENT: (usize, usize) = (10, 500);

pub(in crate::grpc) fn open_file(request: &OpenFileRequest, per_day: u32) -> Result<(Uuid, OpenFile)> {
    let mut check = Check::default();
    let file = file(&mut check, request);
    let reason = match check.choice("reason", request.reason) {
        Reason::ContinuityOfCare => OpenReason::ContinuityOfCare,
        Reason::PatientRequest => OpenReason::PatientRequest,
        // Unspecified has been refused by the check.
        Reason::EmergencyTreatment | Reason::Unspecified => OpenReason::EmergencyTreatment,
    };
    let (least, most) = STATEMENT;
    let statement = check.text("statement", &request.statement, most);
    check.ensure("statement", statement.chars().count() >= least, &format!("must have {least} characters at least"));
    let given = request.duration.as_ref();
    let asked = given.map_or(Some(USUAL), |given| TimeDelta::new(given.seconds, u32::try_from(given.nanos).ok()?));
    let duration = asked.filter(|asked| (TimeDelta::minutes(1)..=LONGEST).contains(asked));
    check.ensure("duration", duration.is_some(), "must be between a minute and four hours");
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let duration = duration.unwrap_or(USUAL);
    Ok((request_id, OpenFile { id: FileAccessId::draw(), file, reason, statement, duration, per_day }))
}

pub(in crate::grpc) fn review_file_access(request: &ReviewFileAccessRequest) -> Result<(Uuid, ReviewFileAccess)> {
    let mut check = Check::default();
    let id = check.name("name", &request.name);
    let verdict = match check.choice("verdict", request.verdict) {
        Told::NotJustified => Verdict::NotJustified,
        // Unspecified has been refused by the check.
        Told::Justified | Told::Unspecified => Verdict::Justified,
    };
    let note = check.text("note", &request.note, NOTE);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, ReviewFileAccess { id, verdict, note }))
}

fn file(check: &mut Check, request: &OpenFileRequest) -> File {
    check.ensure("number", request.name.is_empty() != request.number.is_empty(), "or else name must be given");
    match Number::parse(&request.number) {
        Some(number) => File::Numbered(number),
        None => {
            check.ensure("number", request.number.is_empty(), "must be a number of a referral, as 7K3M-9QXA-4T7");
            File::Named(if request.number.is_empty() { check.name("name", &request.name) } else { Uuid::nil().into() })
        }
    }
}
