//! A backup taken in the midst of work, brought back elsewhere: everything acknowledged before it is there, whole.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    process::Output,
};

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::TimeDelta;
use relais_platform::{calls::check::time_to_proto, clock::machine_now};
use relais_proto::{
    operations::v1::RepublishEventsRequest,
    referral::v1::{GetPatientRequest, GetReferralRequest, Referral},
};
use relais_tests::{
    Identity, Options, SERVICES, Servers, Sessions, Suite, partnership, partnership::Partners, request_id, settled,
};
use sqlx::{AssertSqlSafe, ConnectOptions, Executor, postgres::PgConnectOptions};
use tokio::{process::Command, time::sleep};
use url::Url;

/// Committed before the backup begins.
const BEFORE: usize = 20;

/// The same for both suites, as it is for all instances of an installation.
fn options() -> Options {
    let key = ("RELAIS__AUTH__TOKEN_KEY".to_string(), "one key before and after the backup".to_string());
    Options { settings: HashMap::from([key]) }
}

/// With the master keys of a folder, and no others.
fn options_with(keys: &Path) -> Options {
    let mut options = options();
    let file = keys.join("master.keys").display().to_string();
    options.settings.insert("RELAIS__VAULT__MASTER_KEY_FILE".into(), file);
    options.settings.insert("RELAIS__VAULT__MASTER_KEYS".into(), String::new());
    options
}

/// A folder with a master key that nobody else has.
fn draw_keys(folder: &Path) -> Result<PathBuf> {
    let keys = folder.join("keys");
    std::fs::create_dir_all(&keys)?;
    let key: [u8; 32] = std::array::from_fn(|_| fastrand::u8(..));
    std::fs::write(keys.join("master.keys"), format!("1:{}\n", STANDARD.encode(key)))?;
    Ok(keys)
}

async fn run(script: &str, suite: &Suite, arguments: &[&Path]) -> Result<Output> {
    run_on(script, &url_of(suite, &suite.name), arguments).await
}

/// The administrator's, who may do anything in any database.
fn url_of(suite: &Suite, name: &str) -> Url {
    let mut database = suite.servers.database_url.clone();
    database.set_path(name);
    database
}

async fn run_on(script: &str, database: &Url, arguments: &[&Path]) -> Result<Output> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new(root.join("deploy").join(script));
    Ok(command.arg("--database").arg(database.as_str()).args(arguments).output().await?)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

#[tokio::test]
async fn what_was_acknowledged_before_a_backup_is_there_after_it_was_brought_back() -> Result<()> {
    let folder = Servers::from_env()?.state.join(format!("backup-{}", uuid::Uuid::now_v7()));
    let keys = draw_keys(&folder)?;
    let suite = Suite::start(options_with(&keys)).await?;
    let partners = Partners::meet(&suite).await?;
    let mut before = Vec::new();
    for _ in 0..BEFORE {
        before.push(partners.submit(partners.request()).await?);
    }
    let born = chrono::NaiveDate::from_ymd_opt(1984, 2, 29).context("no day")?;
    let person = partnership::patient_of(&partners.desk, partnership::identity("Haddad", "Amina", born)).await?;
    let (dump, copy) = (folder.join("dump"), folder.join("elsewhere"));
    let options = ["--to", "--keys", "--keys-to"].map(Path::new);
    let arguments = [options[0], &dump, options[1], &keys, options[2], &copy];
    let saving = run("backup", &suite, &arguments);
    // Work goes on while it is taken.
    let working = async {
        loop {
            partners.submit(partners.request()).await?;
            sleep(std::time::Duration::from_millis(5)).await;
        }
        #[allow(unreachable_code, reason = "it is what the loop would answer")]
        anyhow::Ok(())
    };
    let saved = tokio::select! { saved = saving => saved?, failed = working => { failed?; return Ok(()) } };
    ensure!(saved.status.success() && said(&saved).contains(&suite.name), "{}", said(&saved));
    partners.submit(partners.request()).await?;
    let sender = partners.sender.clone();
    suite.stop().await?;
    // The machine is lost, with all that it had: what opens the records is what was saved.
    std::fs::remove_dir_all(&keys)?;
    is_brought_back(&before, &sender, &person.name, (&dump, &copy)).await
}

async fn is_brought_back(
    before: &[Referral],
    sender: &Identity,
    patient: &str,
    (dump, keys): (&Path, &Path),
) -> Result<()> {
    let mut suite = Suite::prepare(options_with(keys)).await?;
    let from = Path::new("--from");
    let refused = run("restore", &suite, &[from, dump]).await?;
    ensure!(!refused.status.success() && said(&refused).contains("--replace"), "{}", said(&refused));
    let restored = run("restore", &suite, &[from, dump, Path::new("--replace")]).await?;
    ensure!(restored.status.success() && said(&restored).contains(&suite.name), "{}", said(&restored));
    for service in SERVICES {
        suite.launch(service)?;
    }
    suite.until_serving().await?;
    // The queues are new: what was on its way is sent again.
    let operator = suite.sessions(&Identity::new("operator", "operator"))?;
    send_again(&operator).await?;
    settled(&operator).await?;
    let desk = suite.sessions(sender)?;
    for sent in before {
        let request = GetReferralRequest { name: sent.name.clone() };
        let found = desk.referral.referrals().get_referral(request).await?.into_inner().referral;
        let found = found.with_context(|| format!("{} is lost", sent.number))?;
        ensure!(found.number == sent.number, "{} is another", sent.number);
    }
    let request = GetPatientRequest { name: patient.to_string() };
    let person = desk.referral.patients().get_patient(request).await?.into_inner().patient.context("no patient")?;
    ensure!(person.identity.is_some_and(|identity| identity.family_name == "Haddad"), "the vault stays closed");
    // All schemas are of one moment, and what was on its way has arrived.
    let referrals = suite.count("referral", "SELECT count(*) FROM referral").await?;
    ensure!(referrals >= i64::try_from(BEFORE)?, "{referrals} referrals");
    let open = suite.count("scheduling", "SELECT count(*) FROM appointment").await?;
    let orders = suite.count("results", "SELECT count(*) FROM service_order").await?;
    ensure!((open, orders) == (referrals, referrals), "{referrals} referrals, {open} appointments, {orders} orders");
    for service in SERVICES {
        let output = suite.command(service).arg("verify-audit").output().await?;
        ensure!(output.status.success(), "{service}: {}", said(&output));
    }
    suite.stop().await
}

async fn send_again(operator: &Sessions) -> Result<()> {
    let since = time_to_proto(machine_now() - TimeDelta::hours(1));
    for (service, session) in operator.all() {
        let request =
            RepublishEventsRequest { start_time: Some(since), request_id: request_id(), ..Default::default() };
        session.operations().republish_events(request).await.with_context(|| service.to_string())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_backup_that_was_changed_is_not_brought_back() -> Result<()> {
    let suite = Suite::prepare(options()).await?;
    let folder = suite.servers.state.join(suite.servers.unique("changed"));
    let (keys, dump, copy) = (folder.join("keys"), folder.join("dump"), folder.join("elsewhere"));
    std::fs::create_dir_all(&keys)?;
    let options = ["--to", "--keys", "--keys-to"].map(Path::new);
    let together =
        run("backup", &suite, &[options[0], &dump, options[1], &keys, options[2], &dump.join("keys")]).await?;
    ensure!(!together.status.success() && said(&together).contains("one place"), "{}", said(&together));
    let saved = run("backup", &suite, &[options[0], &dump, options[1], &keys, options[2], &copy]).await?;
    ensure!(saved.status.success(), "{}", said(&saved));
    let file = dump.join("relais.dump");
    let mut bytes = std::fs::read(&file)?;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes)?;
    let refused = run("restore", &suite, &[Path::new("--from"), &dump, Path::new("--replace")]).await?;
    ensure!(!refused.status.success() && said(&refused).contains("not as it was saved"), "{}", said(&refused));
    suite.stop().await
}

/// Refused wherever the services do not live: on a new machine a wrong name in the URL would else go unnoticed.
#[tokio::test]
async fn a_backup_is_taken_and_brought_back_where_the_services_live_and_nowhere_else() -> Result<()> {
    let suite = Suite::prepare(options()).await?;
    let folder = suite.servers.state.join(suite.servers.unique("elsewhere"));
    let (keys, dump, copy) = (folder.join("keys"), folder.join("dump"), folder.join("copy"));
    std::fs::create_dir_all(&keys)?;
    let bare = suite.servers.unique("bare");
    let mut admin = suite.servers.admin().await?;
    admin.execute(AssertSqlSafe(format!("CREATE DATABASE {bare}").as_str())).await?;

    let options = ["--to", "--keys", "--keys-to"].map(Path::new);
    let arguments = [options[0], &dump, options[1], &keys, options[2], &copy];
    let empty = run_on("backup", &url_of(&suite, &bare), &arguments).await?;
    ensure!(!empty.status.success() && said(&empty).contains(&bare) && !dump.exists(), "{}", said(&empty));
    let saved = run("backup", &suite, &arguments).await?;
    ensure!(saved.status.success(), "{}", said(&saved));

    let arguments = [Path::new("--from"), &dump, Path::new("--replace")];
    for (name, why) in [("postgres", "the server's own"), (bare.as_str(), "setup` first")] {
        let refused = run_on("restore", &url_of(&suite, name), &arguments).await?;
        let told = said(&refused);
        ensure!(!refused.status.success() && told.contains(name) && told.contains(why), "{name}: {told}");
    }
    let options: PgConnectOptions = url_of(&suite, &bare).as_str().parse()?;
    let schemas = "SELECT count(*) FROM pg_namespace WHERE nspname = ANY ($1)";
    let made: i64 =
        sqlx::query_scalar(schemas).bind(SERVICES.as_slice()).fetch_one(&mut options.connect().await?).await?;
    ensure!(made == 0, "{made} schemas were brought where nobody serves");
    suite.servers.drop_database(&bare).await?;
    suite.stop().await
}
