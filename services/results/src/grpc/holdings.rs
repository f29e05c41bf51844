//! What is held on a patient, for `relais.holdings.v1`.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use relais_platform::{
    Context, Result,
    calls::check::time_to_proto,
    database::Unit,
    holdings::Held,
    ids::{PatientId, ReferralId},
};
use relais_proto::holdings::v1::{Holding, holding::Content};
use uuid::Uuid;

use super::convert;
use crate::{
    app::{self, Vault, report::Seen},
    domain::{
        Order,
        attachment::{Attachment, Parent},
        report::{Release, Report},
    },
};

/// All that is held here on a patient.
///
/// # Errors
/// As [`app::holdings`].
pub async fn holdings(context: &Context, unit: &mut Unit<'_>, patient: PatientId) -> Result<Held> {
    let vault = Vault::new(context.key_service()?);
    let held = app::holdings(unit, &vault, patient).await?;
    let of_orders = held.orders.iter().map(|order| (order.id.0, order.referral));
    let of_reports = held.reports.iter().filter_map(|seen| Some((seen.report.id.0, seen.report.referral?)));
    let referrals: HashMap<Uuid, ReferralId> = of_orders.chain(of_reports).collect();
    let told = held.orders.into_iter().map(of_order);
    let told = told.chain(held.reports.into_iter().map(of_report));
    let told = told.chain(held.releases.into_iter().map(|(report, release)| of_release(&report, release)));
    let told = told.chain(held.files.into_iter().map(|file| of_file(&referrals, file)));
    let holdings = told.map(|holding| Holding { patient: patient.to_string(), ..holding }).collect();
    Ok(Held { patients: vec![patient], holdings, account: held.account })
}

/// Of what came into being then; who holds it and to what it belongs is added.
fn holding(name: impl ToString, since: DateTime<Utc>, content: Content) -> Holding {
    let (name, create_time) = (name.to_string(), Some(time_to_proto(since)));
    Holding { name, create_time, content: Some(content), ..Holding::default() }
}

fn of_order(value: Order) -> Holding {
    let since = value.create_time;
    let content = convert::order(value);
    Holding {
        referral: content.referral.clone(),
        holder: content.provider.clone(),
        update_time: content.update_time,
        ..holding(content.name.clone(), since, Content::Order(content))
    }
}

/// A version, which never changes.
fn of_report(value: Seen) -> Holding {
    let since = value.standing.issue_time;
    let content = convert::seen(value);
    Holding {
        referral: content.referral.clone(),
        holder: content.provider.clone(),
        ..holding(content.name.clone(), since, Content::Report(content))
    }
}

fn of_release(report: &Report, value: Release) -> Holding {
    let (since, holder) = (value.release_time, value.recipient.organisation);
    let content = convert::release(report, value);
    Holding {
        referral: report.referral.map(|referral| referral.to_string()).unwrap_or_default(),
        holder: holder.to_string(),
        update_time: content.withdraw_time.or(content.acknowledge_time).or(content.read_time),
        ..holding(report.id, since, Content::ReportRelease(content))
    }
}

fn of_file(referrals: &HashMap<Uuid, ReferralId>, value: Attachment) -> Holding {
    let parent = match value.parent {
        Parent::Order(order) => order.0,
        Parent::Report(report, _) => report.0,
    };
    let (id, since, holder) = (value.id, value.create_time, value.organisation);
    Holding {
        referral: referrals.get(&parent).map(ToString::to_string).unwrap_or_default(),
        holder: holder.to_string(),
        ..holding(id, since, Content::Attachment(convert::attachment(value)))
    }
}
