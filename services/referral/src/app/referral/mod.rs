//! Use cases of referrals.

mod account;
mod check_admission;
mod create_partner_link;
mod get_allowed_actions;
mod get_referral;
mod get_timeline;
mod grant;
mod hear_appointment;
mod hear_report;
mod judge;
mod judge_booking;
mod keep;
mod keep_deadline;
mod list_file_accesses;
mod list_partner_links;
mod list_referrals;
mod list_transitions;
mod list_waiting;
mod lookup_referral;
mod note_opened;
mod offer_place;
mod open_file;
mod redeem_partner_link;
mod redirect_referral;
mod reject_referral;
mod resolve_contact;
mod resolve_recipients;
mod review_file_access;
mod revoke_partner_link;
mod shorten_bookings;
mod snapshot_referrals;
mod submit_referral;
mod take_step;
mod tell;
mod undo_referral;
mod waiting;

pub use account::account;
pub use check_admission::{CheckAdmission, Checked};
pub use create_partner_link::CreatePartnerLink;
pub use get_allowed_actions::GetAllowedActions;
pub use get_referral::GetReferral;
pub use get_timeline::GetTimeline;
pub use hear_appointment::HearAppointment;
pub use hear_report::HearReport;
pub use judge::NOT_ADMITTED;
pub use judge_booking::JudgeBooking;
pub use keep::STEP_TIMER;
pub use keep_deadline::keep_deadline;
pub use list_file_accesses::ListFileAccesses;
pub use list_partner_links::ListPartnerLinks;
pub use list_referrals::ListReferrals;
pub use list_transitions::ListTransitions;
pub use list_waiting::{ListWaiting, WaitingPage};
pub use lookup_referral::LookupReferral;
pub use note_opened::NoteOpened;
pub use offer_place::{begin_period, offer_again, offer_place};
pub use open_file::{File, OpenFile};
pub use redeem_partner_link::{RedeemPartnerLink, Redeemed};
pub use redirect_referral::RedirectReferral;
pub use reject_referral::RejectReferral;
pub use resolve_contact::{Reached, ResolveContact, Whom};
pub use resolve_recipients::ResolveRecipients;
pub use review_file_access::ReviewFileAccess;
pub use revoke_partner_link::RevokePartnerLink;
pub use shorten_bookings::shorten_bookings;
pub use snapshot_referrals::snapshot_referrals;
pub use submit_referral::SubmitReferral;
pub use take_step::TakeStep;
pub use undo_referral::UndoReferral;
pub use waiting::{PERIOD_ENDED, PLACE_FREED, RESTED};

use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall},
    database::Unit,
};

use crate::{
    domain::referral::{FileAccess, Referral, partner_link::PartnerLink},
    store::referral,
};

impl From<&Referral> for Subject {
    fn from(referral: &Referral) -> Self {
        Self::from(referral.id).patient(referral.patient)
    }
}

impl From<&PartnerLink> for Subject {
    fn from(link: &PartnerLink) -> Self {
        Self::of(link.id).referral(link.referral)
    }
}

impl From<&FileAccess> for Subject {
    fn from(access: &FileAccess) -> Self {
        access.referral.into_iter().fold(Self::of(access.id), Self::referral)
    }
}

impl Recall for Referral {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let id = outcome.id.into();
        let was = referral::get_at(unit, id, Some(outcome.version)).await?;
        unit.about(was.number.as_str());
        unit.audit(&was);
        seen(unit, was)
    }
}

/// What the caller sees of a referral.
fn seen(unit: &Unit<'_>, referral: Referral) -> Result<Referral> {
    let contents = unit.scope()?.contents(&referral.parties);
    Ok(referral.showing(&contents))
}
