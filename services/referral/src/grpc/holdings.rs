//! What is held on a patient, for `relais.holdings.v1`: each thing of an export by itself, with whose it is and since when.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use relais_platform::{
    Context, Result,
    audit::Account,
    calls::check::time_to_proto,
    database::Unit,
    holdings::Held,
    ids::{Child, OrganisationId, PatientId, ReportId, UnitId},
};
use relais_proto::holdings::v1::{Holding, holding::Content};

use super::{break_glass::file_access, convert, partner_link::link};
use crate::{
    app::identity::{Export, Vault, export},
    domain::{
        convention::LedgerEntry,
        identity::{Dismissal, Duplicate, Hold, Merge, Patient},
        referral::{Entry, FileAccess, Happened, Referral, Transition, partner_link::PartnerLink},
    },
};

/// All that is held on a record of the caller's organisation, and on those merged into it.
///
/// # Errors
/// As [`export`].
pub async fn holdings(context: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
    let vault = Vault::new(context.key_service()?);
    let held = export(unit, &vault, patient).await?;
    let patients: Vec<PatientId> = held.patients.iter().map(|patient| patient.record.id).collect();
    let referrals = held.referrals.iter().map(|referral| referral.id).collect();
    let resources = held.links.iter().map(|link| link.id.to_string()).collect();
    let account = Account { patients: patients.clone(), referrals, resources };
    Ok(Held { holdings: told(held, unit.now()), patients, account })
}

fn told(held: Export, now: DateTime<Utc>) -> Vec<Holding> {
    let patients: HashMap<String, PatientId> =
        held.referrals.iter().map(|referral| (referral.id.to_string(), referral.patient)).collect();
    // What belongs to a referral is held on that referral's patient.
    let with_patient = |holding: Holding| {
        let patient = patients.get(&holding.referral).map(ToString::to_string);
        Holding { patient: patient.unwrap_or_default(), ..holding }
    };
    let of_records = held.patients.into_iter().map(of_patient);
    let of_records = of_records.chain(held.holds.into_iter().map(of_hold));
    let of_records = of_records.chain(held.merges.into_iter().map(of_merge));
    let of_records = of_records.chain(held.duplicates.into_iter().map(of_duplicate));
    let of_records = of_records.chain(held.dismissals.into_iter().map(of_dismissal));
    let of_referrals = held.referrals.into_iter().map(of_referral);
    let of_referrals = of_referrals.chain(held.transitions.into_iter().map(of_transition));
    let of_referrals = of_referrals.chain(held.facts.into_iter().map(of_fact));
    let of_referrals = of_referrals.chain(held.usage_entries.into_iter().map(of_usage_entry));
    let of_referrals = of_referrals.chain(held.links.into_iter().map(|made| of_link(made, now)));
    let of_referrals = of_referrals.chain(held.file_accesses.into_iter().map(of_file_access));
    of_records.chain(of_referrals.map(with_patient)).collect()
}

/// Of what begins with this; who holds it, when it changed and to what it belongs is added.
fn holding(name: impl ToString, since: DateTime<Utc>, content: Content) -> Holding {
    Holding {
        name: name.to_string(),
        create_time: Some(time_to_proto(since)),
        content: Some(content),
        ..Holding::default()
    }
}

fn of_patient(value: Patient) -> Holding {
    let (id, since, changed) = (value.record.id, value.record.create_time, value.record.update_time);
    let content = Content::PatientRecord(convert::patient(value));
    Holding { patient: id.to_string(), update_time: Some(time_to_proto(changed)), ..holding(id, since, content) }
}

fn of_hold(value: Hold) -> Holding {
    let (patient, since, changed) = (value.patient, value.create_time, value.lift_time);
    let content = convert::hold(value);
    let told = holding(content.name.clone(), since, Content::Hold(content));
    Holding { patient: patient.to_string(), update_time: changed.map(time_to_proto), ..told }
}

fn of_merge(value: Merge) -> Holding {
    let (patient, since, changed) = (value.merged, value.merge_time, value.unmerge_time);
    let told = holding(patient, since, Content::Merge(convert::merge(value)));
    Holding { patient: patient.to_string(), update_time: changed.map(time_to_proto), ..told }
}

fn of_duplicate(value: Duplicate) -> Holding {
    let (patient, since) = (value.patient, value.create_time);
    let told = holding(patient, since, Content::Duplicate(convert::duplicate(value)));
    Holding { patient: patient.to_string(), ..told }
}

fn of_dismissal(value: Dismissal) -> Holding {
    let (patient, since, changed) = (value.patient, value.dismiss_time, value.end_time);
    let told = holding(patient, since, Content::Dismissal(convert::dismissal(value)));
    Holding { patient: patient.to_string(), update_time: changed.map(time_to_proto), ..told }
}

fn of_referral(value: Referral) -> Holding {
    let (id, provider, since, changed) = (value.id, value.provider, value.create_time, value.update_time);
    let told = holding(id, since, Content::ReferralSent(convert::referral(value)));
    let update_time = Some(time_to_proto(changed));
    Holding { referral: id.to_string(), holder: provider.to_string(), update_time, ..told }
}

fn of_transition(value: Transition) -> Holding {
    let (referral, since) = (value.referral, value.time);
    let told = holding(referral, since, Content::Transition(convert::transition(value)));
    Holding { referral: referral.to_string(), ..told }
}

fn of_fact(value: Entry) -> Holding {
    let (referral, since, provider) = (value.referral, value.time, value.provider);
    let subject = match &value.what {
        Happened::Appointment { id, .. } => id.to_string(),
        Happened::Report { id, .. } => ReportId(*id).to_string(),
        Happened::Step(_) => referral.to_string(),
    };
    let told = holding(subject, since, Content::Fact(convert::entry(value)));
    Holding { referral: referral.to_string(), holder: provider.to_string(), ..told }
}

fn of_usage_entry(value: LedgerEntry) -> Holding {
    let (referral, since) = (value.referral, value.entry_time);
    let told = holding(value.report.0, since, Content::UsageEntry(convert::usage_entry(value)));
    Holding { referral: referral.to_string(), ..told }
}

fn of_link(value: PartnerLink, now: DateTime<Utc>) -> Holding {
    let (id, referral, since) = (value.id, value.referral, value.create_time);
    let changed = value.revoked_at.or(value.used_at).map(time_to_proto);
    let holder = holder(value.organisation, value.unit);
    let told = holding(id, since, Content::PartnerLink(link(value, now)));
    Holding { referral: referral.to_string(), holder, update_time: changed, ..told }
}

fn of_file_access(value: FileAccess) -> Holding {
    let (id, since, organisation) = (value.id, value.create_time, value.organisation);
    let content = file_access(value);
    let referral = content.referral.clone();
    let told = holding(id, since, Content::FileAccess(content));
    Holding { referral, holder: organisation.to_string(), ..told }
}

fn holder(organisation: OrganisationId, unit: Option<UnitId>) -> String {
    unit.map_or_else(|| organisation.to_string(), |unit| Child::new(organisation, unit).to_string())
}
