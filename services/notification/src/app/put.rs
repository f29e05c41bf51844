//! Puts a message into an inbox.

use relais_platform::{
    database::Unit,
    ids::{Child, MessageId},
};
use relais_proto::events::v1;

use crate::{
    domain::{Happening, Mailbox, Message},
    store::NewMessages,
};

/// Puts a message of what happened into a mailbox, and tells the streams that follow it.
pub(super) fn put(unit: &mut Unit<'_>, happening: &Happening, mailbox: Mailbox) {
    let message = Message {
        id: MessageId::draw(),
        mailbox,
        kind: happening.kind,
        facts: happening.facts.clone(),
        referral: happening.referral,
        referral_number: happening.number.clone(),
        create_time: unit.now(),
        read: None,
        acknowledged: None,
    };
    unit.emit(message.id, 1, received(&message));
    unit.audit(&message);
    unit.later::<NewMessages>().insert(message);
}

fn received(message: &Message) -> v1::MessageReceived {
    let Mailbox { organisation, unit } = message.mailbox;
    v1::MessageReceived {
        message: message.id.to_string(),
        organisation: organisation.to_string(),
        unit: unit.map(|unit| Child::new(organisation, unit).to_string()).unwrap_or_default(),
        referral: message.referral.map(|referral| referral.to_string()).unwrap_or_default(),
    }
}
