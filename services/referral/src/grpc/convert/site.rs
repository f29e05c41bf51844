//! Sites, and how one gets there.

use relais_platform::calls::check::time_to_proto;
use relais_proto::network::v1::{self, site::Wheelchair as Shown, stop::Kind};

use crate::domain::network::{Place, Site, Stop, StopKind, Wheelchair};

pub(in crate::grpc) fn site(value: Site) -> v1::Site {
    let access = value.access;
    let wheelchair = match access.wheelchair {
        None => Shown::Unspecified,
        Some(Wheelchair::Yes) => Shown::Yes,
        Some(Wheelchair::Limited) => Shown::Limited,
        Some(Wheelchair::No) => Shown::No,
    };
    v1::Site {
        name: value.name.to_string(),
        display_name: value.display_name,
        time_zone: value.time_zone,
        create_time: Some(time_to_proto(value.create_time)),
        access: access.stops.into_iter().map(stop).collect(),
        wheelchair: wheelchair.into(),
        parking: access.parking,
        languages: access.languages,
        position: access.position.map(|Place { latitude, longitude }| v1::Position { latitude, longitude }),
        etag: value.version.to_string(),
    }
}

fn stop(value: Stop) -> v1::Stop {
    let kind = match value.kind {
        StopKind::Train => Kind::Train,
        StopKind::Tram => Kind::Tram,
        StopKind::Metro => Kind::Metro,
        StopKind::Bus => Kind::Bus,
    };
    let Stop { display_name, code, walking_minutes, .. } = value;
    v1::Stop { kind: kind.into(), display_name, code, walking_minutes }
}
