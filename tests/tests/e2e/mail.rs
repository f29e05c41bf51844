//! Mail through the whole suite: an event of one service, an address that another keeps sealed, a real mail server; and while the one
//! who knows addresses is down, nothing is lost.

use std::collections::HashMap;

use anyhow::{Context, Result};
use relais_proto::{
    network::v1::{Contact, SetContactRequest},
    notification::v1::{
        Delivery, ListDeliveriesRequest, MailPreferences, UpdateMailPreferencesRequest, delivery::State,
        mail_preferences::Class,
    },
};
use relais_tests::{
    Identity, Options, Session, SmtpServer, Suite, eventually, partnership::Partners, request_id, settled,
};
use sqlx::Connection;

const MARK: &str = "qwzmailcanary";

fn settings(smtp: &SmtpServer) -> HashMap<String, String> {
    let settings = [
        ("RELAIS__MAIL__URL", smtp.url()),
        ("RELAIS__MAIL__FROM", "Relais <relais@relais.test>".into()),
        ("RELAIS__MAIL__POLL_MS", "100".into()),
        ("RELAIS__MAIL__WAIT_MS", "100".into()),
    ];
    settings.map(|(name, value)| (name.to_string(), value)).into()
}

async fn deliveries(session: &Session) -> Result<Vec<Delivery>> {
    let request = ListDeliveriesRequest::default();
    Ok(session.deliveries().list_deliveries(request).await?.into_inner().deliveries)
}

#[tokio::test]
async fn mail_waits_for_who_knows_the_address_and_leaves_no_trace_of_it() -> Result<()> {
    let smtp = SmtpServer::start().await?;
    let mut suite = Suite::start(Options { settings: settings(&smtp) }).await?;
    let partners = Partners::meet(&suite).await?;
    let lab = Identity::new("lab", "desk").of(partners.provider());
    let admin = suite.session("referral", &Identity::new("admin", "admin").of(partners.provider()))?;
    let email = format!("desk.{MARK}@relais.test");
    let contact = Some(Contact { email: email.clone(), language: "fr".into(), ..Contact::default() });
    let request = SetContactRequest { mailbox: partners.provider().into(), contact, request_id: request_id() };
    admin.network().set_contact(request).await?;
    let desk = suite.session("notification", &lab)?;
    let preferences = Some(MailPreferences { email_classes: vec![Class::Work.into()], ..MailPreferences::default() });
    let request = UpdateMailPreferencesRequest { preferences, request_id: request_id() };
    desk.inbox().update_mail_preferences(request).await?;

    let referral = partners.submit(partners.request()).await?;
    suite.kill("referral").await?;
    let waiting = eventually("a delivery waits", || async { Ok(deliveries(&desk).await?.into_iter().next()) }).await;
    // The referral service may have published, and even answered, before it was killed.
    suite.launch("referral")?;
    suite.until_serving().await?;
    let mails = smtp.until_taken(1).await?;
    assert_eq!(mails[0].to, email);
    assert!(mails[0].header("Subject").contains(&referral.number), "{}", mails[0].data);
    assert!(mails[0].text().starts_with("Un message vous attend"), "{}", mails[0].text());
    let sent =
        || async { Ok(deliveries(&desk).await?.into_iter().find(|delivery| delivery.state() == State::Accepted)) };
    let sent = eventually("it is accepted", sent).await?;
    if let Ok(waiting) = waiting {
        assert_eq!(waiting.name, sent.name);
    }
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    assert_eq!(smtp.taken().len(), 1, "one effect, one mail");

    let mut database = suite.owner("notification").await?;
    let kept = notification_tables(&mut database).await?;
    assert!(kept.contains(&referral.number.to_lowercase()) && !kept.contains(MARK), "an address is kept");
    database.close().await?;
    let log = std::fs::read_to_string(suite.log("notification")).context("the log")?;
    assert!(!log.contains(MARK), "an address is in the log");
    let asked = "SELECT count(*) FROM referral.audit WHERE action LIKE '%/ResolveContact' AND outcome = 'served'";
    assert!(suite.count("referral", asked).await? >= 1, "who asked for an address stands in the audit");
    suite.stop().await
}

/// All rows of this service's tables; those of others are not its owner's to read.
async fn notification_tables(database: &mut sqlx::PgConnection) -> Result<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I', relname) FROM pg_class
         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'",
    )
    .fetch_all(&mut *database)
    .await?;
    let mut all = String::new();
    for table in tables {
        let query = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        all += &sqlx::query_scalar::<_, String>(sqlx::AssertSqlSafe(query)).fetch_one(&mut *database).await?;
    }
    Ok(all.to_lowercase())
}
