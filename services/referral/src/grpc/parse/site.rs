//! Requests that enter and change sites.

use relais_platform::{
    Result,
    calls::Check,
    ids::{Child, SiteId},
    language::is_code,
};
use relais_proto::network::v1::{self, site::Wheelchair as ToldWheelchair, stop::Kind};
use uuid::Uuid;

use super::{DISPLAY_NAME, etag};
use crate::{
    app::network::{CreateSite, UpdateSite},
    domain::network::{Access, Place, SiteField, Stop, StopKind, Wheelchair},
};

/// The most stops, and the most languages, of a site.
const MANY: usize = 20;
/// The longest way on foot, in minutes.
const LONGEST_WAY: i32 = 180;
/// The longest code of a stop, in characters.
const STOP_CODE: usize = 64;

pub(in crate::grpc) fn create_site(request: &v1::CreateSiteRequest) -> Result<(Uuid, CreateSite)> {
    let mut check = Check::default();
    let organisation = check.name("parent", &request.parent);
    let given = check.required("site", request.site.clone());
    let display_name = check.text("site.display_name", &given.display_name, DISPLAY_NAME);
    let known = given.time_zone.parse::<chrono_tz::Tz>().is_ok();
    check.ensure("site.time_zone", known, "must be an IANA time zone such as Europe/Luxembourg");
    let access = access(&mut check, &given, &SiteField::ALL);
    let request_id = check.request_id(&request.request_id);
    check.finish()?;
    let name = Child::new(organisation, SiteId::draw());
    Ok((request_id, CreateSite { name, display_name, time_zone: given.time_zone, access }))
}

pub(in crate::grpc) fn update_site(request: &v1::UpdateSiteRequest) -> Result<(Uuid, UpdateSite)> {
    let mut check = Check::default();
    let given = check.required("site", request.site.clone());
    let name = check.child("site.name", &given.name);
    let paths = request.update_mask.as_ref().map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let fields = fields(&mut check, paths);
    let display_name = match fields.contains(&SiteField::DisplayName) {
        true => check.text("site.display_name", &given.display_name, DISPLAY_NAME),
        false => String::new(),
    };
    let access = access(&mut check, &given, &fields);
    let seen = etag(&mut check, &given.etag);
    let request_id = check.request_id(&request.request_id);
    check.finish().map(|()| (request_id, UpdateSite { name, display_name, access, fields, seen }))
}

fn fields(check: &mut Check, paths: &[String]) -> Vec<SiteField> {
    if paths.is_empty() {
        return SiteField::ALL.to_vec();
    }
    let found: Vec<_> = paths.iter().filter_map(|path| SiteField::parse(path)).collect();
    let rule = "must name display_name, access, wheelchair, parking, languages or position";
    check.ensure("update_mask", found.len() == paths.len(), rule);
    found
}

/// What is given of how one gets there; fields that are not asked for may be anything.
fn access(check: &mut Check, given: &v1::Site, fields: &[SiteField]) -> Access {
    let asked = |field: SiteField| fields.contains(&field);
    Access {
        stops: if asked(SiteField::Access) { stops(check, &given.access) } else { Vec::new() },
        wheelchair: if asked(SiteField::Wheelchair) { wheelchair(check, given.wheelchair) } else { None },
        parking: given.parking,
        languages: if asked(SiteField::Languages) { languages(check, &given.languages) } else { Vec::new() },
        position: given.position.filter(|_| asked(SiteField::Position)).map(|given| position(check, &given)),
    }
}

fn stops(check: &mut Check, given: &[v1::Stop]) -> Vec<Stop> {
    check.ensure("site.access", given.len() <= MANY, "must not hold more than 20");
    given.iter().take(MANY).map(|given| stop(check, given)).collect()
}

fn stop(check: &mut Check, given: &v1::Stop) -> Stop {
    let kind = match check.choice("site.access.kind", given.kind) {
        Kind::Tram => StopKind::Tram,
        Kind::Metro => StopKind::Metro,
        Kind::Bus => StopKind::Bus,
        // Unspecified has been refused by the check.
        Kind::Train | Kind::Unspecified => StopKind::Train,
    };
    let display_name = check.text("site.access.display_name", &given.display_name, DISPLAY_NAME);
    let code = check.optional_text("site.access.code", &given.code, STOP_CODE);
    let walking_minutes = given.walking_minutes;
    let near = (0..=LONGEST_WAY).contains(&walking_minutes);
    check.ensure("site.access.walking_minutes", near, "must be 0 to 180");
    Stop { kind, display_name, code, walking_minutes }
}

fn wheelchair(check: &mut Check, given: i32) -> Option<Wheelchair> {
    if given == ToldWheelchair::Unspecified as i32 {
        return None;
    }
    match check.choice("site.wheelchair", given) {
        ToldWheelchair::Yes => Some(Wheelchair::Yes),
        ToldWheelchair::Limited => Some(Wheelchair::Limited),
        ToldWheelchair::No => Some(Wheelchair::No),
        // It has been refused by the check.
        ToldWheelchair::Unspecified => None,
    }
}

fn languages(check: &mut Check, given: &[String]) -> Vec<String> {
    let few = given.len() <= MANY && given.iter().all(|code| is_code(code));
    check.ensure("site.languages", few, "must be at most 20 codes of languages (ISO 639), such as fr");
    let mut languages: Vec<String> = given.iter().take(MANY).cloned().collect();
    languages.sort();
    languages.dedup();
    check.ensure("site.languages", languages.len() == given.len().min(MANY), "must name each language once");
    languages
}

fn position(check: &mut Check, given: &v1::Position) -> Place {
    let within = |degrees: f64, most: f64| (-most..=most).contains(&degrees);
    check.ensure("site.position.latitude", within(given.latitude, 90.0), "must be -90 to 90 degrees");
    check.ensure("site.position.longitude", within(given.longitude, 180.0), "must be -180 to 180 degrees");
    Place { latitude: given.latitude, longitude: given.longitude }
}
