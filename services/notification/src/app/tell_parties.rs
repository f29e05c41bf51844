//! Puts a message about a referral into the inboxes of those who are to hear of it.

use relais_platform::{
    Result,
    calls::Check,
    database::{Unit, UseCase},
    ids::{Child, MessageId, PatientId, ReferralId},
    parties::{self, Party},
};
use relais_proto::events::v1;

use crate::{
    domain::{Kind, Mailbox, Message, recipients},
    store::{self, NewMessages, Senders},
};

/// Tells the parties of a referral what happened.
#[derive(Debug, Clone)]
pub struct TellParties {
    kind: Kind,
    referral: ReferralId,
    patient: Option<PatientId>,
    number: String,
    parties: Vec<Party>,
}

impl TellParties {
    /// Of an event.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(kind: Kind, referral: &str, number: &str, parties: &[v1::Party]) -> Result<Self> {
        let mut check = Check::default();
        let referral = check.name("referral", referral);
        let parties = parties::of_event(&mut check, parties);
        check.finish().map(|()| Self { kind, referral, patient: None, number: number.into(), parties })
    }

    /// Of the event that tells whose referral it is.
    ///
    /// # Errors
    /// As [`TellParties::try_new`].
    pub fn of_submitted(told: &v1::ReferralSubmitted) -> Result<Self> {
        let mut check = Check::default();
        let patient = (!told.patient.is_empty()).then(|| check.name("patient", &told.patient));
        check.finish()?;
        let opening = Self::try_new(Kind::ReferralSubmitted, &told.referral, &told.number, &told.parties)?;
        Ok(Self { patient, ..opening })
    }

    /// Takes over who sent it and for whom, and tells nobody: for what was told before that was kept, or is of a record that
    /// was erased since.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn note_sender(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<Senders>().take_over(self.referral, &self.parties, self.patient);
        match self.patient {
            Some(_) => Ok(()),
            None => store::forget_patient_of(unit, self.referral).await,
        }
    }

    fn message(&self, unit: &Unit<'_>, mailbox: Mailbox) -> Message {
        Message {
            id: MessageId::draw(),
            mailbox,
            kind: self.kind,
            referral: self.referral,
            referral_number: self.number.clone(),
            create_time: unit.now(),
        }
    }
}

impl UseCase for TellParties {
    type Outcome = ();
    const NAME: &'static str = "tell_parties";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        unit.later::<Senders>().take_over(self.referral, &self.parties, self.patient);
        for mailbox in recipients(self.kind, &self.parties) {
            let message = self.message(unit, mailbox);
            unit.emit(message.id, 1, received(&message));
            unit.audit(&message);
            unit.later::<NewMessages>().insert(message);
        }
        Ok(())
    }
}

fn received(message: &Message) -> v1::MessageReceived {
    let Mailbox { organisation, unit } = message.mailbox;
    v1::MessageReceived {
        message: message.id.to_string(),
        organisation: organisation.to_string(),
        unit: unit.map(|unit| Child::new(organisation, unit).to_string()).unwrap_or_default(),
        referral: message.referral.to_string(),
    }
}
