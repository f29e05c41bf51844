//! Whose ids the matrix tries.

use anyhow::Result;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    convention::v1::{CloseStatementRequest, Coding},
    google::r#type::Date,
    network::v1::{CreateLeaveRequest, InviteMemberRequest, Leave, Member, member::Role},
    notification::v1::{
        ListDeliveriesRequest, ListMessagesRequest, MailPreferences, UpdateMailPreferencesRequest,
        mail_preferences::Class, message,
    },
    referral::v1::{
        CreatePartnerLinkRequest, CreatePartnerLinkResponse, ErasePatientRequest, GetPatientRequest, OpenFileRequest,
        PartnerLink, Patient, PatientHold, PlaceHoldRequest, RedeemPartnerLinkRequest, UpdatePatientRequest,
        file_access, partner_link::Purpose, partner_link_service_client::PartnerLinkServiceClient, patient_hold,
    },
    results::v1::{ListOrdersRequest, Order},
    scheduling::v1::{
        Appointment, Closure, CreateClosureRequest, CreateOpeningRuleRequest, ListAppointmentsRequest, OpeningRule,
    },
};
use relais_tests::{Identity, Suite, eventually, partnership::Partners, request_id};

use super::{
    id,
    known::PRIVATE,
    metered::{planned, spent, with_lines},
    requests::Names,
    results,
};

/// Two organisations under a convention, with one referral and all that came of it.
pub struct Holder {
    pub organisation: String,
    /// Who sees its patients.
    pub provider: String,
    /// What a link of it has opened.
    pub partner: String,
    pub names: Names,
    /// A patient's record that was erased.
    pub erased: String,
    /// One that the matrix may erase: all else is done with the other.
    pub doomed: String,
    /// A report of the organisation's own that was put aside.
    pub aside: String,
    /// A word that stands in all that is written of the holder's patients and people, and nowhere else.
    pub mark: String,
}

impl Holder {
    pub async fn settle(suite: &Suite) -> Result<Self> {
        let partners = Partners::meet_under(|identity| suite.session("referral", identity), with_lines).await?;
        let mark = mark();
        named(&partners, &mark).await?;
        let referral = partners.submit(partners.request()).await?;
        let organisation = partners.sender.organisation.clone();
        let unit = relais_tests::partnership::care_centre(&partners.operator, &organisation).await?;
        let site = relais_tests::partnership::site(&partners.operator, partners.provider(), "Site").await?;
        let practitioner = relais_tests::partnership::practitioner(&partners.operator, &organisation).await?;
        let (appointment, order) = made_of(suite, &partners, &referral.name).await?;
        let (link, partner) = visited(suite, &partners, &referral.name).await?;
        let Records { erased, doomed, twin, lookalike, hold } = records(suite, &partners).await?;
        let found = results::found(suite, &partners, &referral, (&order, &mark)).await?;
        let (member, leave) = at_work(suite, &organisation, (&practitioner, &mark)).await?;
        let (access, message, delivery) = glass_told(suite, &partners, (&referral.name, &mark)).await?;
        let (rule, closure) = receiving(suite, &partners, &site).await?;
        let names = [
            ("OpeningRule", rule),
            ("Closure", closure),
            // None that is there: referrals of the matrix wait for acceptance, and that is said first.
            ("Slot", format!("slots/{}", uuid::Uuid::now_v7())),
            ("Statement", stated(&partners, &referral.convention).await?),
            ("Expense", spent(&partners, &referral.convention).await?),
            ("StaffTime", planned(&partners, &referral.convention).await?),
            ("Message", message),
            ("Delivery", delivery),
            ("FileAccess", access),
            ("Member", member),
            ("Leave", leave),
            ("PatientHold", hold),
            ("Patient#merged", twin),
            ("Patient#other", lookalike),
            ("Organisation", organisation.clone()),
            ("PartnerLink", link),
            ("Unit", unit),
            ("Site", site),
            // The registration that was entered with a practitioner has the practitioner's id.
            ("Registration", format!("{practitioner}/registrations/{}", id(&practitioner))),
            ("Practitioner", practitioner),
            ("Patient", partners.patient().into()),
            ("Convention", referral.convention),
            ("Referral", referral.name),
            ("Appointment", appointment.name),
            ("Order", order.name.clone()),
            ("Report", found.report),
            ("Attachment", found.attachment),
        ];
        let names = names.into_iter().map(|(kind, name)| (format!("relais.health/{kind}"), name));
        // Where any kind of resource is asked for.
        let names = names.chain([("*".to_string(), order.name)]).collect();
        let provider = partners.provider().to_string();
        Ok(Self { organisation, provider, partner, names, erased, doomed, aside: found.aside, mark })
    }

    /// The ids of what is this holder's alone.
    pub fn secrets(&self) -> Vec<String> {
        PRIVATE.iter().filter_map(|kind| self.names.get(*kind)).map(|name| id(name).to_string()).collect()
    }
}

/// A word of letters alone, as names are.
fn mark() -> String {
    let drawn = uuid::Uuid::now_v7().simple().to_string();
    let letters = drawn.replace(char::is_numeric, "g");
    format!("Q{letters}")
}

/// The patient who is referred has a name.
async fn named(partners: &Partners, mark: &str) -> Result<()> {
    let mut patients = partners.desk.patients();
    let request = GetPatientRequest { name: partners.patient().into() };
    let patient = patients.get_patient(request).await?.into_inner().patient.unwrap_or_default();
    let birth = machine_now().date_naive() - chrono::Days::new(15_000);
    let identity = Some(relais_tests::partnership::identity(mark, mark, birth));
    let paths = ["identity.family_name", "identity.given_names", "identity.birth_date"].map(String::from).to_vec();
    let request = UpdatePatientRequest {
        patient: Some(Patient { identity, ..patient }),
        update_mask: Some(prost_types::FieldMask { paths }),
        request_id: request_id(),
    };
    patients.update_patient(request).await?;
    Ok(())
}

/// Records of patients whom nobody refers.
struct Records {
    erased: String,
    doomed: String,
    /// One that is held, and is not to be erased.
    twin: String,
    lookalike: String,
    hold: String,
}

async fn records(suite: &Suite, partners: &Partners) -> Result<Records> {
    let open = || relais_tests::partnership::patient(&partners.desk);
    let (erased, doomed, twin, lookalike) = (open().await?, open().await?, open().await?, open().await?);
    let mut eraser = partners.sender.clone();
    eraser.roles = vec!["coordinator".into()];
    let mut coordinator = suite.session("referral", &eraser)?.patients();
    let request = ErasePatientRequest { name: erased.clone(), request_id: request_id() };
    coordinator.erase_patient(request).await?;
    let hold = PatientHold { reason: patient_hold::Reason::Litigation.into(), ..PatientHold::default() };
    let request = PlaceHoldRequest { parent: twin.clone(), hold: Some(hold), request_id: request_id() };
    let held = coordinator.place_hold(request).await?.into_inner();
    Ok(Records { erased, doomed, twin, lookalike, hold: held.hold.unwrap_or_default().name })
}

/// Somebody who was invited, and a leave.
async fn at_work(suite: &Suite, organisation: &str, (practitioner, mark): (&str, &str)) -> Result<(String, String)> {
    let admin = suite.session("referral", &Identity::new("admin", "admin").of(organisation))?;
    let member =
        Some(Member { display_name: format!("Bob {mark}"), roles: vec![Role::Desk.into()], ..Member::default() });
    let request = InviteMemberRequest { parent: organisation.into(), member, request_id: request_id() };
    let invited = admin.members().invite_member(request).await?.into_inner();
    let day = |year| Some(Date { year, month: 1, day: 1 });
    let leave = Some(Leave { start_date: day(2198), end_date: day(2200), ..Leave::default() });
    let request = CreateLeaveRequest { parent: practitioner.into(), leave, request_id: request_id() };
    let entered = admin.leaves().create_leave(request).await?.into_inner();
    Ok((invited.member.unwrap_or_default().name, entered.leave.unwrap_or_default().name))
}

/// The appointment and the order that came of a referral.
async fn made_of(suite: &Suite, partners: &Partners, referral: &str) -> Result<(Appointment, Order)> {
    let appointment = eventually("an appointment", || async {
        let mut client = suite.session("scheduling", &partners.sender)?.scheduling();
        let request = ListAppointmentsRequest { referral: referral.into(), ..Default::default() };
        Ok(client.list_appointments(request).await?.into_inner().appointments.pop())
    })
    .await?;
    let order = eventually("an order", || async {
        let mut client = suite.session("results", &partners.sender.clone().and("clinician"))?.results();
        let request = ListOrdersRequest { referral: referral.into(), ..Default::default() };
        Ok(client.list_orders(request).await?.into_inner().orders.pop())
    })
    .await?;
    Ok((appointment, order))
}

/// A statement of the convention, of a month that is over.
async fn stated(partners: &Partners, convention: &str) -> Result<String> {
    let day = |days| Some(relais_tests::date(machine_now().date_naive() - chrono::Days::new(days)));
    let (first_day, last_day) = (day(40), day(11));
    let request =
        CloseStatementRequest { convention: convention.into(), first_day, last_day, request_id: request_id() };
    let closed = partners.operator.statements().close_statement(request).await?.into_inner();
    Ok(closed.statement.unwrap_or_default().name)
}

/// Somebody elsewhere opens the file of a referral.
async fn broken_glass(suite: &Suite, partners: &Partners, (referral, mark): (&str, &str)) -> Result<String> {
    let hospital = relais_tests::partnership::organisation(&partners.operator, "Hospital").await?;
    let entry = relais_tests::partnership::practitioner(&partners.operator, &hospital).await?;
    let clinician = Identity::new("emergency", "clinician").of(&hospital).registered(&entry);
    let clinician = suite.session("referral", &clinician)?;
    let (name, reason) = (referral.into(), file_access::Reason::EmergencyTreatment.into());
    let statement = format!("{mark}, unconscious in the emergency room");
    let request = OpenFileRequest { name, reason, statement, request_id: request_id(), ..Default::default() };
    let opened = clinician.break_glass().open_file(request).await?.into_inner();
    Ok(opened.file_access.unwrap_or_default().name)
}

/// When a site receives patients, and a day on which it does not.
async fn receiving(suite: &Suite, partners: &Partners, site: &str) -> Result<(String, String)> {
    let desk = suite.session("scheduling", &Identity::new("reception", "desk").of(partners.provider()))?;
    let code = relais_tests::partnership::PANEL.into();
    let panel = Coding { system: relais_tests::partnership::LOINC.into(), code, ..Coding::default() };
    let rule = OpeningRule {
        site: site.into(),
        services: vec![panel],
        weekdays: vec![1],
        from_time: "08:00".into(),
        until_time: "12:00".into(),
        slot_minutes: 30,
        seats: 1,
        valid_from_date: Some(Date { year: 2017, month: 4, day: 1 }),
        ..OpeningRule::default()
    };
    let request = CreateOpeningRuleRequest { opening_rule: Some(rule), request_id: request_id() };
    // The site is known there once its event has come.
    let entered = || async { Ok(desk.openings().create_opening_rule(request.clone()).await.ok()) };
    let rule = eventually("an opening rule", entered).await?.into_inner().opening_rule.unwrap_or_default();
    let day = Some(Date { year: 2199, month: 1, day: 1 });
    let closure = Some(Closure { site: site.into(), start_date: day, end_date: day, ..Closure::default() });
    let request = CreateClosureRequest { closure, request_id: request_id(), ..CreateClosureRequest::default() };
    let closure = desk.openings().create_closure(request).await?.into_inner().closure.unwrap_or_default();
    Ok((rule.name, closure.name))
}

/// Somebody's look at a file, the message that says so in the sender's inbox, and the mail that says that it waits there.
async fn glass_told(suite: &Suite, partners: &Partners, looked_at: (&str, &str)) -> Result<(String, String, String)> {
    want_mail(suite, partners).await?;
    let access = broken_glass(suite, partners, looked_at).await?;
    let (message, delivery) = told(suite, partners).await?;
    Ok((access, message, delivery))
}

/// The sender's mailbox wants a mail of each glass that is broken.
async fn want_mail(suite: &Suite, partners: &Partners) -> Result<()> {
    let preferences =
        Some(MailPreferences { email_classes: vec![Class::Critical.into()], ..MailPreferences::default() });
    let request = UpdateMailPreferencesRequest { preferences, request_id: request_id() };
    suite.session("notification", &partners.sender)?.inbox().update_mail_preferences(request).await?;
    Ok(())
}

/// A message in the sender's inbox, and the mail that says so.
async fn told(suite: &Suite, partners: &Partners) -> Result<(String, String)> {
    let desk = suite.session("notification", &partners.sender)?;
    eventually("a message and its mail", || async {
        let messages = desk.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner().messages;
        let message = messages.into_iter().find(|message| message.kind() == message::Kind::GlassBroken);
        let mails = desk.deliveries().list_deliveries(ListDeliveriesRequest::default()).await?.into_inner().deliveries;
        Ok(message.zip(mails.into_iter().next()).map(|(message, mail)| (message.name, mail.name)))
    })
    .await
}

/// A link that nobody has used, and the token that another one gave.
async fn visited(suite: &Suite, partners: &Partners, referral: &str) -> Result<(String, String)> {
    let (opened, link) = (invite(suite, partners, referral).await?, invite(suite, partners, referral).await?);
    let visit = RedeemPartnerLinkRequest { secret: opened.secret, code: opened.code };
    let mut nobody = PartnerLinkServiceClient::new(suite.channel("referral")?);
    let partner = nobody.redeem_partner_link(visit).await?.into_inner().access_token;
    Ok((link.partner_link.unwrap_or_default().name, partner))
}

/// Makes a link to a referral.
async fn invite(suite: &Suite, partners: &Partners, referral: &str) -> Result<CreatePartnerLinkResponse> {
    let expire_time = Some(time_to_proto(machine_now() + chrono::TimeDelta::days(1)));
    let (referral, purpose) = (referral.into(), Purpose::FollowUp.into());
    let partner_link = Some(PartnerLink { referral, purpose, expire_time, ..PartnerLink::default() });
    let request = CreatePartnerLinkRequest { partner_link, request_id: request_id() };
    let desk = suite.session("referral", &partners.sender)?;
    Ok(desk.links().create_partner_link(request).await?.into_inner())
}
