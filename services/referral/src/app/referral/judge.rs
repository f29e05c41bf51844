//! What a convention says of a referral that is asked for: for submitting it and for asking before.

use chrono::NaiveDate;
use relais_platform::{
    Error, Result,
    calls::{Caller, Role},
    database::Unit,
    error::Violation,
    ids::{Child, ConventionId, OrganisationId, PractitionerId, UnitId},
};

use crate::{
    app::{
        convention::{get_to_judge, list_following},
        network::local_day,
    },
    domain::{
        convention::{
            Admission, Ask, Chain, Convention, Failure, Prospect, Room, Standing, admit, is_budget, lets_wait,
            standings,
        },
        network::Registration,
        referral::Submission,
    },
    store::{
        convention::{list_full, read_meters},
        identity, network,
    },
};

/// The reason of a refusal by a convention's rules.
pub const NOT_ADMITTED: &str = "ADMISSION_REFUSED";

/// A convention's answer.
#[derive(Debug)]
pub(super) struct Judged {
    /// Who sends.
    pub referrer: (OrganisationId, Option<UnitId>),
    /// The convention that judges: of the chain, the one in force on the requested day.
    pub convention: Convention,
    /// What admits, or each rule that fails.
    pub verdict: Result<Admission, Vec<Failure>>,
    /// What stands on the convention's lines, where somebody looked.
    pub standings: Vec<Standing>,
    /// Whether it would wait for a place.
    pub waits: bool,
}

/// How far is looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looks {
    /// Whether somebody answers for it where a line is used up.
    pub approved: bool,
    /// Whether what is left of each line is asked for. Whoever submits need not ask: who takes the place decides.
    pub at_meters: bool,
}

/// Asks the convention, as of now.
///
/// # Errors
/// What is no question at all: names of what is absent or another's.
pub(super) async fn judge(
    unit: &mut Unit<'_>,
    convention: ConventionId,
    submission: &Submission,
    looks: Looks,
) -> Result<Judged> {
    let caller = unit.caller()?;
    let (referrer, desk) = (caller.acting_organisation()?, caller.unit);
    ensure_own_name(caller, submission)?;
    let registrations = registrations(unit, referrer, submission).await?;
    ensure_site(unit, submission).await?;
    identity::ensure_in_use(unit, referrer, submission.patient).await?;
    let (convention, chain) = get_to_judge(unit, convention, submission.requested_date).await?;
    let today = prescribing_day(unit, referrer, submission).await?;
    let days = chain.days();
    let ask = Ask {
        referrer,
        provider: submission.provider,
        service: (&submission.service_system, &submission.service_code),
        date: submission.requested_date,
        site: submission.site,
        prescriber: registrations.as_deref(),
        today,
        situation: &submission.situation,
        chain: &days,
        standings: &[],
        room: &Room::default(),
        approved: looks.approved,
    };
    let mut verdict = admit(&convention, &ask);
    // Whoever is refused hears of all that is used up; money is spent by others, and asked for each time.
    let at_meters = looks.at_meters || verdict.is_err() || convention.terms.lines.iter().any(is_budget);
    if !at_meters || convention.terms.lines.iter().all(|line| line.committed.is_none()) {
        return Ok(Judged { referrer: (referrer, desk), convention, verdict, standings: Vec::new(), waits: false });
    }
    let terms = (&convention.terms, submission.requested_date);
    let read = read_meters(unit, convention.id, submission.patient.0, terms).await?;
    let standings = standings(&convention, submission.requested_date, &read);
    let ask = Ask { standings: &standings, ..ask };
    verdict = admit(&convention, &ask);
    let room = match &verdict {
        Err(failed) => {
            Box::pin(look_for_room(unit, (&convention, &chain), failed, (submission, looks.approved))).await?
        }
        Ok(_) => None,
    };
    if let Some(room) = &room {
        verdict = admit(&convention, &Ask { room, ..ask });
    }
    let waits = verdict.is_ok() && lets_wait(&convention, &ask);
    Ok(Judged { referrer: (referrer, desk), convention, verdict, standings, waits })
}

/// When something is left again of the lines that are used up; none where no line is. Refusals are few: they may cost a statement more.
async fn look_for_room(
    unit: &mut Unit<'_>,
    (convention, chain): (&Convention, &Chain),
    failed: &[Failure],
    (submission, approved): (&Submission, bool),
) -> Result<Option<Room>> {
    let place = (submission.site, approved);
    if Prospect::find(convention, &[], failed, place).is_none() {
        return Ok(None);
    }
    let following = list_following(unit, chain, convention.last_day).await?;
    let Some(prospect) = Prospect::find(convention, &following, failed, place) else { return Ok(None) };
    let full = list_full(unit, submission.patient.0, &prospect.stretches()).await?;
    Ok(Some(prospect.room(&full)))
}

/// Who lets a referral through is of one of the two organisations.
pub(super) async fn ensure_approver(
    unit: &mut Unit<'_>,
    submission: &Submission,
    approver: Option<Child<PractitionerId>>,
) -> Result<()> {
    let Some(approver) = approver else { return Ok(()) };
    let own = unit.caller()?.acting_organisation()?;
    let known = network::find_practitioner(unit, approver.id).await?.is_some_and(|found| found.name == approver);
    if known && [own, submission.provider].contains(&approver.organisation) {
        return Ok(());
    }
    let rule = "must be a practitioner of your organisation or of the provider";
    Err(Error::invalid(vec![Violation::new("approver", rule)]))
}

/// A clinician prescribes under their own name: whoever was struck off sends nothing under a colleague's. A desk and a coordinator
/// write for whoever prescribes, unless they are on the register themselves.
fn ensure_own_name(caller: &Caller, submission: &Submission) -> Result<()> {
    let writes = caller.practitioner.is_none() && caller.has_any(&[Role::Desk, Role::Coordinator]);
    if writes || submission.prescriber.is_none() || submission.prescriber == caller.practitioner {
        return Ok(());
    }
    let rule = "must be yourself: a clinician prescribes under their own name";
    Err(Error::invalid(vec![Violation::new("referral.prescriber", rule)]))
}

/// The registrations of the doctor who asks: one of the organisation that sends.
async fn registrations(
    unit: &mut Unit<'_>,
    referrer: OrganisationId,
    submission: &Submission,
) -> Result<Option<Vec<Registration>>> {
    let Some(prescriber) = submission.prescriber else { return Ok(None) };
    let rule = Violation::new("referral.prescriber", "must be a practitioner of your organisation");
    if prescriber.organisation != referrer {
        return Err(Error::invalid(vec![rule]));
    }
    let found = network::find_practitioner(unit, prescriber.id).await?;
    let own = found.filter(|practitioner| practitioner.name == prescriber);
    own.map(|practitioner| Some(practitioner.registrations)).ok_or_else(|| Error::invalid(vec![rule]))
}

/// The day on which a doctor asks, by the clocks of whoever sends; where nobody prescribes, no rule looks at it.
async fn prescribing_day(unit: &mut Unit<'_>, referrer: OrganisationId, submission: &Submission) -> Result<NaiveDate> {
    match submission.prescriber {
        Some(_) => local_day(unit, referrer, (submission.provider, submission.site.map(|site| site.id))).await,
        None => Ok(unit.now().date_naive()),
    }
}

async fn ensure_site(unit: &mut Unit<'_>, submission: &Submission) -> Result<()> {
    let Some(wished) = submission.site else { return Ok(()) };
    match network::find_site(unit, wished.id).await? {
        Some(site) if site.name == wished => Ok(()),
        _ => Err(Error::invalid(vec![Violation::new("referral.site", "must be a site of the provider")])),
    }
}
