//! Marks that nobody else bears, and all the places where none of them may be seen: logs, spans, metrics, tables, error texts, what was
//! published, and what the broker keeps.

use std::{collections::HashMap, path::Path};

use anyhow::Result;
use relais_proto::referral::v1::{PatientContacts, PatientIdentifier, PatientIdentity};
use relais_tests::{Collector, Options, SERVICES, Suite, Tap, partnership};
use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// Of names and addresses, of telephones, of national numbers. The digits are as many as each allows: fewer would by chance stand in
/// some time in nanoseconds.
pub const MARKS: [&str; 3] = ["qwzcanary", "35269177017", "1850578123"];
const NIR: &str = "urn:oid:1.2.250.1.213.1.4.8";

/// One of a thousand people.
pub fn identity(number: usize) -> PatientIdentity {
    let contacts = PatientContacts {
        phone: format!("+{}{number:04}", MARKS[1]),
        email: format!("{}{number}@example.org", MARKS[0]),
        ..PatientContacts::default()
    };
    let born = chrono::NaiveDate::from_ymd_opt(1950 + (number % 60) as i32, 1 + (number % 12) as u32, 5);
    let name = |part: &str| format!("Qwzcanary{part}{}", letters(number));
    PatientIdentity {
        contacts: Some(contacts),
        identifiers: vec![nir(number, 0)],
        ..partnership::identity(&name("fam"), &name("giv"), born.unwrap_or_default())
    }
}

/// A national number with its key, or with one that is wrong.
pub fn nir(number: usize, wrong: u64) -> PatientIdentifier {
    let matricule = format!("{}{number:03}", MARKS[2]);
    let key = 97 - (matricule.parse::<u64>().unwrap_or_default() + wrong) % 97;
    PatientIdentifier { system: NIR.into(), value: format!("{matricule}{key:02}") }
}

/// A number in letters: a name has no digits.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..4 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

/// A suite that says all it can, and who hears it.
pub struct Watched {
    pub suite: Suite,
    collector: Collector,
    tap: Tap,
}

impl Watched {
    pub async fn start(more: &[(&str, String)]) -> Result<Self> {
        let collector = Collector::start().await?;
        let loud = [
            ("RELAIS__TELEMETRY__FILTER", "debug".to_string()),
            ("RELAIS__TELEMETRY__OTLP_ENDPOINT", format!("http://{}", collector.address)),
            ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS", "1000".to_string()),
            ("OTEL_BSP_SCHEDULE_DELAY", "200".to_string()),
            // Many at once, and every statement of theirs told: on a busy machine somebody waits for a connection.
            ("RELAIS__DATABASE__ACQUIRE_TIMEOUT_MS", "30000".to_string()),
        ];
        let settings = loud.iter().chain(more).map(|(key, value)| (key.to_string(), value.clone()));
        let suite = Suite::start(Options { settings: settings.collect::<HashMap<_, _>>() }).await?;
        let tap = Tap::new(&suite.servers.amqp_url, &suite.name).await?;
        for service in SERVICES {
            tap.watch_dead_letters(service).await?;
        }
        Ok(Self { suite, collector, tap })
    }

    /// No mark is seen anywhere but in the tables of `words`; answers with the suite.
    pub async fn see_none(mut self, refused: &str, words: &[&str], messages: usize) -> Result<Suite> {
        let mut url: url::Url = self.suite.servers.database_url.clone();
        url.set_path(&self.suite.name);
        let mut database = PgConnection::connect(url.as_str()).await?;
        // The tables hold what was published, parked and refused, too.
        let tables = dump(&mut database, words).await?;
        database.close().await?;
        let published = self.tap.drain().await?;
        assert!(published.len() >= messages, "{} messages were seen", published.len());
        let spans = format!("{:?}", self.collector.all()).to_lowercase();
        assert!(self.collector.figures().contains("relais.outbox"), "telemetry has not come");
        let log = |service: &&str| Ok(std::fs::read_to_string(self.suite.log(service))?);
        let logs: Vec<String> = SERVICES.iter().map(log).collect::<Result<_>>()?;
        let seen = [
            ("a table", tables),
            ("a span", spans),
            ("a metric", self.collector.figures().to_lowercase()),
            ("a log", logs.concat().to_lowercase()),
            ("an error", refused.to_lowercase()),
            ("a message", published.concat().to_lowercase()),
        ];
        for mark in MARKS {
            let hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
            for (place, text) in &seen {
                assert!(!text.is_empty() && !text.contains(mark) && !text.contains(&hex), "{mark} stands in {place}");
            }
        }
        self.look_into_the_broker()?;
        Ok(self.suite)
    }

    /// What the broker wrote down: its queues, and what it remembers of them. One that was given to this run keeps that elsewhere.
    fn look_into_the_broker(&self) -> Result<()> {
        let folder = self.suite.servers.state.join("rabbitmq/mnesia");
        if !folder.exists() {
            return Ok(());
        }
        let (mut files, mut ours) = (Vec::new(), false);
        read_all(&folder, &mut files)?;
        for bytes in &files {
            let text = String::from_utf8_lossy(bytes).to_lowercase();
            ours |= text.contains(&self.suite.name.to_lowercase());
            for mark in MARKS {
                assert!(!text.contains(mark), "{mark} stands in the broker's data");
            }
        }
        assert!(ours, "the broker's data tell nothing of this suite's queues");
        Ok(())
    }
}

fn read_all(folder: &Path, files: &mut Vec<Vec<u8>>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_all(&path, files)?;
        } else if let Ok(bytes) = std::fs::read(&path) {
            // One that is gone meanwhile was taken up by another.
            files.push(bytes);
        }
    }
    Ok(())
}

/// Every row of every table of the services but these, bytes as hexadecimal digits.
pub async fn dump(database: &mut PgConnection, but: &[&str]) -> Result<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = ANY($1) AND c.relkind = 'r'",
    )
    .bind(SERVICES.as_slice())
    .fetch_all(&mut *database)
    .await?;
    let mut all = String::new();
    for table in tables.iter().filter(|table| !but.contains(&table.as_str())) {
        let query = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        all += &sqlx::query_scalar::<_, String>(AssertSqlSafe(query.as_str())).fetch_one(&mut *database).await?;
    }
    Ok(all.to_lowercase())
}
