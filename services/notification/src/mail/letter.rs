//! What a mail says: that something waits, or when an appointment is. No name, no place, nothing of what is the matter.

use fluent_bundle::FluentArgs;

use super::transport::Mail;
use crate::{
    domain::{Delivery, Language, Purpose},
    words,
};

/// A mail's words.
pub(super) struct Letter {
    pub subject: String,
    pub body: String,
}

/// The words of a delivery, in the language that the mailbox asked for, else in the recipient's, else in both.
pub(super) fn compose(delivery: &Delivery, asked: Option<Language>, mail: &Mail) -> Letter {
    let languages = match asked.or(mail.contact.language) {
        Some(language) => vec![language],
        None => vec![Language::Fr, Language::En],
    };
    let (mut subjects, mut bodies) = (Vec::new(), Vec::new());
    for language in languages {
        let (subject, body) = say(language, delivery, mail);
        subjects.push(subject);
        bodies.push(body);
    }
    Letter { subject: subjects.join(" / "), body: bodies.join("\n\n") + "\n" }
}

fn say(language: Language, delivery: &Delivery, mail: &Mail) -> (String, String) {
    let mut args = FluentArgs::new();
    args.set("number", delivery.referral_number.as_str());
    args.set("count", delivery.messages);
    let start = delivery.start_time.map(|start| words::moment(language, start, &delivery.time_zone));
    args.set("start", start.unwrap_or_default());
    let (subject, body) = match delivery.purpose {
        Purpose::Message => ("mail-message-subject", "mail-message-body"),
        Purpose::Digest => ("mail-digest-subject", "mail-digest-body"),
        Purpose::Reminder if mail.contact.stands_in => ("mail-reminder-subject", "mail-stand-in-body"),
        Purpose::Reminder => ("mail-reminder-subject", "mail-reminder-body"),
    };
    let mut text = words::say(language, body, &args);
    if let Some(phone) = &mail.phone {
        args.set("phone", phone.as_str());
        text += "\n";
        text += &words::say(language, "mail-phone", &args);
    }
    (words::say(language, subject, &args), text)
}
