//! Booking judges again, its local date and its site: through the whole suite, with the referral service down and the broker away.

use std::collections::HashMap;

use anyhow::{Context, Result};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use relais_platform::clock::machine_now;
use relais_proto::{
    convention::v1::{Coding, Line, Terms, line},
    network::v1::{CreateOrganisationRequest, Organisation},
    notification::v1::{ListMessagesRequest, Message, message::Kind},
    referral::v1::{
        AcceptReferralRequest, GetReferralRequest, Referral, SubmitReferralRequest,
        referral::{NextStep, State as Stands},
    },
    scheduling::v1::{
        Appointment, BookAppointmentRequest, GetAppointmentRequest, ListAppointmentsRequest, OpeningRule,
        SearchSlotsRequest, Slot, appointment::PendingReason, appointment::State,
    },
};
use relais_tests::{
    Gate, Identity, Options, Session, Sessions, Suite, date, eventually,
    partnership::{self, LOINC, PANEL, laboratory},
    request_id, settled,
};
use tonic_health::pb::health_check_response::ServingStatus::{NotServing, Serving};
use url::Url;

const REFUSED: &str = "convention-not-in-force";

/// An office that sends patients, and a radiology with one site that is open each day, one seat at a time.
struct Place {
    operator: Sessions,
    desk: Sessions,
    lab: Sessions,
    referrer: String,
    provider: String,
    site: String,
    today: NaiveDate,
}

/// A referral that was accepted.
struct Sent {
    referral: Referral,
    appointment: String,
}

impl Place {
    async fn open(suite: &Suite, zone: &str) -> Result<Self> {
        let operator = suite.sessions(&Identity::new("operator", "operator"))?;
        let referrer = organisation(&operator.referral, "Office").await?;
        let provider = organisation(&operator.referral, "Radiology").await?;
        let site = partnership::site_in(&operator.referral, &provider, "Site", zone).await?;
        let desk = suite.sessions(&Identity::new("desk", "desk").of(&referrer))?;
        let lab = suite.sessions(&Identity::new("lab", "desk").of(&provider))?;
        let today = machine_now().date_naive();
        laboratory::open(&lab.scheduling, rule(&site, today)).await?;
        Ok(Self { operator, desk, lab, referrer, provider, site, today })
    }

    /// Another site of the provider, open as the first one is.
    async fn another_site(&self, name: &str) -> Result<String> {
        let site = partnership::site_in(&self.operator.referral, &self.provider, name, "Europe/Paris").await?;
        laboratory::open(&self.lab.scheduling, rule(&site, self.today)).await?;
        Ok(site)
    }

    fn day(&self, days: u64) -> NaiveDate {
        self.today + Days::new(days)
    }

    /// A convention that ends so many days from today, and lets those who were admitted be seen so many days longer.
    async fn convention(&self, ends_in: u64, run_off_days: i32) -> Result<String> {
        let end_date = Some(date(self.day(ends_in)));
        self.agree(|usual| Terms { end_date, run_off_days, ..usual }).await
    }

    async fn agree(&self, agreed: impl FnOnce(Terms) -> Terms) -> Result<String> {
        let (operator, usual) =
            (&self.operator.referral, partnership::terms(&self.referrer, &self.provider, self.today));
        let draft = partnership::draft(operator, agreed(usual)).await?;
        Ok(partnership::sign(operator, draft, self.today).await?.name)
    }

    /// A patient is sent under a convention and accepted, and both services know.
    async fn send(&self, convention: &str) -> Result<Sent> {
        self.send_to(convention, "").await
    }

    /// The same, to a site.
    async fn send_to(&self, convention: &str, site: &str) -> Result<Sent> {
        let patient = partnership::patient(&self.desk.referral).await?;
        let usual = partnership::referral(convention, &patient, &self.provider, self.today);
        let ask = Referral { site: site.into(), ..usual };
        let request = SubmitReferralRequest { referral: Some(ask), request_id: request_id(), ..Default::default() };
        let sent = self.desk.referral.referrals().submit_referral(request).await?.into_inner().referral;
        let name = sent.context("no referral")?.name;
        let request = AcceptReferralRequest { name, request_id: request_id(), ..Default::default() };
        let accepted = self.lab.referral.referrals().accept_referral(request).await?.into_inner().referral;
        let referral = accepted.context("no referral")?;
        settled(&self.operator).await?;
        let request = ListAppointmentsRequest { referral: referral.name.clone(), ..Default::default() };
        let list = self.desk.scheduling.scheduling().list_appointments(request).await?.into_inner().appointments;
        let appointment = list.into_iter().next().context("no appointment")?.name;
        Ok(Sent { referral, appointment })
    }

    /// Slots on a day of the site's clocks.
    async fn slots(&self, sent: &Sent, day: NaiveDate) -> Result<Vec<Slot>> {
        let request = SearchSlotsRequest {
            referral: sent.referral.name.clone(),
            site: self.site.clone(),
            start_date: Some(date(day)),
            end_date: Some(date(day)),
            ..Default::default()
        };
        Ok(self.desk.scheduling.scheduling().search_slots(request).await?.into_inner().slots)
    }

    async fn slot(&self, sent: &Sent, days: u64) -> Result<Slot> {
        self.slots(sent, self.day(days)).await?.into_iter().next().context("no slot")
    }

    async fn book(&self, sent: &Sent, slot: &Slot) -> Result<Appointment> {
        let (name, slot) = (sent.appointment.clone(), slot.name.clone());
        let request = BookAppointmentRequest { name, slot, request_id: request_id(), ..Default::default() };
        let answer = self.desk.scheduling.scheduling().book_appointment(request).await?.into_inner();
        answer.appointment.context("no appointment")
    }

    async fn look(&self, sent: &Sent) -> Result<Appointment> {
        let request = GetAppointmentRequest { name: sent.appointment.clone() };
        let answer = self.desk.scheduling.scheduling().get_appointment(request).await?.into_inner();
        answer.appointment.context("no appointment")
    }

    async fn until(&self, sent: &Sent, state: State) -> Result<Appointment> {
        eventually(&format!("the appointment is {state:?}"), || async {
            Ok(Some(self.look(sent).await?).filter(|now| now.state() == state))
        })
        .await
    }

    /// The same, with the appointment that was proposed in place of the one that was given up.
    async fn again(&self, sent: Sent) -> Result<Sent> {
        settled(&self.operator).await?;
        let list = ListAppointmentsRequest { referral: sent.referral.name.clone(), ..Default::default() };
        let all = self.desk.scheduling.scheduling().list_appointments(list).await?.into_inner().appointments;
        let next = all.into_iter().find(|found| found.state() == State::Proposed).context("none is proposed")?.name;
        Ok(Sent { appointment: next, ..sent })
    }

    async fn stands(&self, sent: &Sent) -> Result<Referral> {
        let request = GetReferralRequest { name: sent.referral.name.clone() };
        let answer = self.desk.referral.referrals().get_referral(request).await?.into_inner();
        answer.referral.context("no referral")
    }
}

/// Each day, one seat at a time.
fn rule(site: &str, today: NaiveDate) -> OpeningRule {
    OpeningRule {
        site: site.into(),
        services: vec![Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() }],
        weekdays: (1..=7).collect(),
        from_time: "06:00".into(),
        until_time: "22:00".into(),
        slot_minutes: 30,
        seats: 1,
        valid_from_date: Some(date(today - Days::new(2))),
        ..OpeningRule::default()
    }
}

async fn organisation(operator: &Session, name: &str) -> Result<String> {
    // Of a country whose holidays nobody has entered: each day is as the other.
    let (display_name, country_code) = (name.into(), "NC".into());
    let organisation = Some(Organisation { display_name, country_code, ..Organisation::default() });
    let request = CreateOrganisationRequest { organisation, request_id: request_id() };
    let answer = operator.network().create_organisation(request).await?.into_inner();
    Ok(answer.organisation.context("no organisation")?.name)
}

/// What an inbox says of appointments.
async fn told(inbox: &Session) -> Result<Vec<Message>> {
    let messages = inbox.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner().messages;
    let of_appointments = [Kind::AppointmentCancelled, Kind::AppointmentMoved];
    Ok(messages.into_iter().filter(|message| of_appointments.contains(&message.kind())).collect())
}

fn awaits(appointment: &Appointment) -> bool {
    appointment.state() == State::Pending && appointment.pending_reason() == PendingReason::Judgement
}

fn begins(slot: &Slot) -> DateTime<Utc> {
    DateTime::from_timestamp(slot.start_time.map(|time| time.seconds).unwrap_or_default(), 0).unwrap_or_default()
}

/// A convention that ends in ten days, an appointment in twenty: refused, and the seat is somebody else's. The referral is the
/// provider's turn as before, and both sides hear of it.
#[tokio::test]
async fn a_booking_past_the_end_is_refused_and_its_seat_is_free() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let place = Place::open(&suite, "Europe/Paris").await?;
    let sent = place.send(&place.convention(10, 0).await?).await?;
    let slot = place.slot(&sent, 20).await?;
    let booked = place.book(&sent, &slot).await?;
    assert!(awaits(&booked), "{booked:?}");
    let refused = place.until(&sent, State::Cancelled).await?;
    assert_eq!((refused.reason.as_str(), refused.cancelled_by.as_str()), (REFUSED, ""));
    settled(&place.operator).await?;
    let stands = place.stands(&sent).await?;
    assert_eq!((stands.state(), stands.next_step()), (Stands::Accepted, NextStep::Book));
    assert_eq!((&stands.owner, stands.due_time), (&place.provider, sent.referral.due_time));
    for inbox in [&place.desk.notification, &place.lab.notification] {
        let told = told(inbox).await?;
        let [message] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!((message.kind(), message.reason.as_str()), (Kind::AppointmentCancelled, REFUSED));
    }
    let other = place.send(&place.convention(900, 0).await?).await?;
    assert_eq!(place.book(&other, &slot).await?.state(), State::Booked);
    // The last day is within; then the referral has its appointment.
    let again = place.again(sent).await?;
    let last = place.slot(&again, 10).await?;
    assert_eq!(place.book(&again, &last).await?.state(), State::Booked);
    settled(&place.operator).await?;
    assert_eq!(place.stands(&again).await?.state(), Stands::Scheduled);
    suite.stop().await
}

/// While the convention runs off it is booked: at once, as far as people see; and when the referral service is killed, or the broker is
/// away, as soon as they are back. Until then the seat is kept.
#[tokio::test]
async fn within_the_run_off_it_is_booked_whatever_is_down_meanwhile() -> Result<()> {
    let mut suite = Suite::prepare(Options::default()).await?;
    for service in ["referral", "results", "notification"] {
        suite.launch(service)?;
    }
    let amqp: Url = suite.servers.amqp_url.parse()?;
    let gate = Gate::before(&amqp).await?;
    gate.open();
    suite.set(HashMap::from([("RELAIS__BROKER__URL".to_string(), gate.url(&amqp).to_string())]));
    suite.launch("scheduling")?;
    suite.unset("RELAIS__BROKER__URL");
    suite.until_serving().await?;
    let place = Place::open(&suite, "Europe/Paris").await?;
    let convention = place.convention(10, 30).await?;
    let (one, two, three) =
        (place.send(&convention).await?, place.send(&convention).await?, place.send(&convention).await?);

    let slot = place.slot(&one, 20).await?;
    assert!(awaits(&place.book(&one, &slot).await?));
    assert_eq!(place.until(&one, State::Booked).await?.slot, slot.name);
    settled(&place.operator).await?;
    assert_eq!(place.stands(&one).await?.state(), Stands::Scheduled);

    suite.kill("referral").await?;
    let slot = place.slot(&two, 20).await?;
    assert!(awaits(&place.book(&two, &slot).await?));
    assert!(place.slots(&three, place.day(20)).await?.iter().all(|free| free.name != slot.name), "its seat is offered");
    suite.launch("referral")?;
    suite.until_serving().await?;
    assert_eq!(place.until(&two, State::Booked).await?.slot, slot.name);

    gate.close();
    suite.until_health("scheduling", relais_platform::grpc::health::BROKER, NotServing).await?;
    let slot = place.slot(&three, 20).await?;
    assert!(awaits(&place.book(&three, &slot).await?));
    assert!(awaits(&place.look(&three).await?));
    gate.open();
    suite.until_health("scheduling", relais_platform::grpc::health::BROKER, Serving).await?;
    assert_eq!(place.until(&three, State::Booked).await?.slot, slot.name);
    settled(&place.operator).await?;
    for sent in [&two, &three] {
        assert_eq!(place.stands(sent).await?.state(), Stands::Scheduled);
    }
    // Whoever booked waits for the answer as the other side does: both hear of it, once for each.
    for inbox in [&place.desk.notification, &place.lab.notification] {
        let states: Vec<_> = told(inbox).await?.into_iter().map(|message| message.state).collect();
        assert_eq!(states, ["booked", "booked", "booked"]);
    }
    suite.stop().await
}

/// On the last day, by the clocks of the site: where UTC has the day after it is booked, and where UTC has still that day it is not.
#[tokio::test]
async fn the_last_day_ends_where_the_patient_is_seen() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let cayenne = Place::open(&suite, "America/Cayenne").await?;
    let sent = cayenne.send(&cayenne.convention(10, 0).await?).await?;
    let late = cayenne.slots(&sent, cayenne.day(10)).await?.pop().context("no slot")?;
    assert_eq!(begins(&late).date_naive(), cayenne.day(11), "in the evening UTC has the next day");
    assert_eq!(cayenne.book(&sent, &late).await?.state(), State::Booked);

    let noumea = Place::open(&suite, "Pacific/Noumea").await?;
    let sent = noumea.send(&noumea.convention(10, 0).await?).await?;
    let early = noumea.slot(&sent, 11).await?;
    assert_eq!(begins(&early).date_naive(), noumea.day(10), "in the morning UTC has the day before");
    let asked = noumea.book(&sent, &early).await?;
    assert!(awaits(&asked), "{asked:?}");
    assert_eq!(noumea.until(&sent, State::Cancelled).await?.reason, REFUSED);
    assert!(begins(&early) > machine_now() + TimeDelta::days(9));
    suite.stop().await
}

/// One place at each of two sites. Whoever wished for one and is booked at the other takes the place there, and leaves its own to the
/// next; where it is taken, and at a site that is none of the convention's, the seat is free again.
#[tokio::test]
async fn a_booking_at_another_site_takes_the_place_there_or_is_refused() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let mut place = Place::open(&suite, "Europe/Paris").await?;
    let (here, there) = (place.site.clone(), place.another_site("There").await?);
    let closed = place.another_site("Closed").await?;
    let each = Line {
        line_id: "places".into(),
        measure: line::Measure::Acts.into(),
        kind: line::Kind::Firm.into(),
        scope: line::Scope::Site.into(),
        committed: 1,
        ..Line::default()
    };
    let sites = vec![here.clone(), there.clone()];
    let convention = place.agree(|usual| Terms { lines: vec![each], sites, ..usual }).await?;
    let one = place.send_to(&convention, &here).await?;
    place.site.clone_from(&there);
    let slot = place.slot(&one, 3).await?;
    assert!(awaits(&place.book(&one, &slot).await?));
    assert_eq!(place.until(&one, State::Booked).await?.slot, slot.name);
    settled(&place.operator).await?;
    assert_eq!(place.stands(&one).await?.state(), Stands::Scheduled);

    let mut two = place.send_to(&convention, &here).await?;
    for (site, rule) in [(there, "volume-exhausted"), (closed, "site-not-in-scope")] {
        place.site = site;
        let slot = place.slot(&two, 4).await?;
        assert!(awaits(&place.book(&two, &slot).await?), "{rule}");
        let refused = place.until(&two, State::Cancelled).await?;
        assert_eq!((refused.reason.as_str(), refused.cancelled_by.as_str()), (rule, ""));
        two = place.again(two).await?;
        assert!(place.slots(&two, place.day(4)).await?.iter().any(|free| free.name == slot.name), "{rule}");
        let stands = place.stands(&two).await?;
        assert_eq!((stands.state(), stands.next_step()), (Stands::Accepted, NextStep::Book));
    }
    place.site = here;
    let slot = place.slot(&two, 4).await?;
    assert_eq!(place.book(&two, &slot).await?.state(), State::Booked, "what was wished for needs no answer");
    suite.stop().await
}
