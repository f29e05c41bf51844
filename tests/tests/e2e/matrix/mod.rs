//! Who may call what, on whose data: every RPC, by every role, with its own, another's and no one's ids.
//!
//! Requests are made out of the descriptors and expectations out of the tables of rules (`SERVICE rules --json`), so a new
//! RPC is in the matrix without a word. While it runs, callers on a pool of two connections give up at random moments: what
//! one leaves behind in a connection would be seen by another.

mod alike;
pub(crate) mod call;
pub(crate) mod holder;
mod known;
pub(crate) mod metered;
mod requests;
mod results;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use relais_platform::clock::machine_now;
use relais_tests::{Identity, Options, SERVICES, Session, Suite, methods};
use serde::Deserialize;
use serde_json::json;
use tonic::Code;
use uuid::Uuid;

use call::{Outcome, call};
use holder::Holder;
use known::{CLOSED, ECHOES, KEPT_OUT, PRIVATE};
use requests::{Contract, Names, body};

const ROLES: [&str; 12] = [
    "coordinator",
    "desk",
    "clinician",
    "referent",
    "visiting",
    "researcher",
    "funder",
    "network",
    "operator",
    "admin",
    "service",
    "partner",
];

/// How many calls are given up while the matrix runs.
const CANCELLED: usize = 1_000;

/// A row of a service's table.
#[derive(Debug, Clone, Deserialize)]
struct Row {
    rpc: String,
    open: bool,
    acting: bool,
    roles: Vec<String>,
    sight: String,
    acts: Vec<String>,
}

impl Row {
    /// By the caller's own token: here no service acts for anybody. Who has a partner's link, which is good at referral alone, gets in
    /// only where that is said.
    fn admits(&self, service: &str, role: &str) -> bool {
        let link = role == "partner" && service == "referral";
        let everybody = self.roles.is_empty() && (self.open || !link);
        !self.acting && (everybody || self.roles.iter().any(|admitted| admitted == role))
    }

    /// Whether the provider acts, and not the referrer; the sites are its own.
    fn is_the_providers(&self) -> bool {
        self.acts == ["provider"] || self.rpc.contains(".OpeningService/") || self.rpc.ends_with("/UpdateSite")
    }

    fn name(&self) -> &str {
        self.rpc.rsplit('/').next().unwrap_or_default()
    }
}

/// Each service's table, as the program prints it.
async fn tables(suite: &Suite) -> Result<Vec<(&'static str, Row)>> {
    let mut rows = Vec::new();
    for service in SERVICES {
        let output = suite.command(service).args(["rules", "--json"]).output().await?;
        let table: Vec<Row> = serde_json::from_slice(&output.stdout)?;
        rows.extend(table.into_iter().map(|row| (service, row)));
    }
    Ok(rows)
}

fn id(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or_default()
}

/// The same kind of name, of nothing.
fn random(name: &str) -> String {
    match name.rsplit_once('/') {
        Some((collection, _)) => format!("{collection}/{}", Uuid::now_v7()),
        None => String::new(),
    }
}

/// Everything that a matrix needs.
struct Matrix {
    suite: Suite,
    contract: Contract,
    rows: Vec<(&'static str, Row)>,
    owner: Holder,
    other: Holder,
}

impl Matrix {
    async fn start(settings: HashMap<String, String>) -> Result<Self> {
        let suite = Suite::start(Options { settings }).await?;
        let (owner, other) = (Holder::settle(&suite).await?, Holder::settle(&suite).await?);
        Ok(Self { rows: tables(&suite).await?, contract: Contract::read()?, suite, owner, other })
    }

    /// Somebody with one role. No issuer makes services and partners: their tokens are signed by services.
    fn session(&self, service: &str, role: &str, holder: &Holder) -> Result<Session> {
        match role {
            "partner" if service == "referral" => Session::new(self.suite.channel(service)?, &holder.partner),
            "service" => Session::new(self.suite.channel(service)?, &self.service_token(service)?),
            _ => self.suite.session(
                service,
                &Identity::new(&format!("{role} of {}", holder.organisation), role).of(&holder.organisation),
            ),
        }
    }

    /// Somebody with one role at the owner's, or at its provider where that one acts.
    fn acting(&self, service: &str, row: &Row, role: &str) -> Result<Session> {
        match role {
            "partner" | "service" => self.session(service, role, &self.owner),
            _ if row.is_the_providers() => {
                let provider = &self.owner.provider;
                self.suite.session(service, &Identity::new(&format!("{role} of {provider}"), role).of(provider))
            }
            _ => self.session(service, role, &self.owner),
        }
    }

    /// As a service calls another for itself.
    fn service_token(&self, peer: &str) -> Result<String> {
        let (now, own) = (machine_now().timestamp(), "urn:relais:service:scheduling");
        let header = json!({"alg": "EdDSA", "kid": "scheduling:development", "typ": "relais-service+jwt"});
        let claims = json!({"iss": own, "sub": own, "aud": format!("urn:relais:service:{peer}"), "roles": ["service"],
            "iat": now, "exp": now + 60});
        self.suite.service_keys.of("scheduling")?.sign_as(&header, &claims.to_string())
    }

    /// What a holder names in such a call.
    fn own(row: &Row, holder: &Holder) -> Names {
        let mut names = holder.names.clone();
        if row.name() == "ErasePatient" {
            names.insert("relais.health/Patient".into(), holder.doomed.clone());
        }
        if row.name().ends_with("QuarantinedReport") {
            names.insert("relais.health/Report".into(), holder.aside.clone());
        }
        names
    }

    async fn call(&self, session: &Session, row: &Row, names: &Names) -> Result<Outcome> {
        let method = self.contract.method(&row.rpc)?;
        Ok(call(session, &row.rpc, body(&self.contract.request(&method, names))).await)
    }

    /// The kinds of private resources that an RPC names.
    fn private(&self, row: &Row) -> Result<Vec<String>> {
        let mut kinds = self.contract.references(&self.contract.method(&row.rpc)?);
        kinds.retain(|kind| PRIVATE.contains(&kind.as_str()));
        Ok(kinds)
    }

    /// One RPC by one role; says what the own ids were answered, to a role that is admitted.
    async fn cell(&self, service: &str, row: &Row, role: &str) -> Result<Option<Outcome>> {
        let at = format!("{} as {role}", row.rpc);
        let own = self.call(&self.acting(service, row, role)?, row, &Self::own(row, &self.owner)).await?;
        ensure!(!matches!(own.code, Code::Internal | Code::Unknown | Code::DataLoss), "{at}: {own:?}");
        // The network and operators see every convention.
        let sees_all = row.sight.contains("all") && ["network", "operator"].contains(&role)
            // Another service, by itself, asks about any referral.
            || row.sight.starts_with("any referral's") && role == "service";
        let echoes = ECHOES.contains(&row.name());
        let stranger = self.session(service, role, &self.other)?;
        let mut refused = Vec::new();
        let at_home = self.call(&stranger, row, &Self::own(row, &self.other)).await?;
        ensure!(sees_all || echoes || self.is_silent(&at_home), "{at}: a stranger was told of another's: {at_home:?}");
        for kind in self.private(row)? {
            let foreign = self.owner.names.get(&kind).cloned().unwrap_or_default();
            let mut candidates = vec![foreign.clone(), random(&foreign)];
            if kind == "relais.health/Patient" {
                // What was erased, the own and another's, is as absent as what never was.
                candidates.extend([self.owner.erased.clone(), self.other.erased.clone()]);
            }
            let mut told = Vec::new();
            for name in candidates {
                let mut names: Names = self.other.names.clone();
                names.insert(kind.clone(), name.clone());
                if row.name() == "UnmergePatients" {
                    names.insert(format!("{kind}#merged"), name.clone());
                }
                let outcome = self.call(&stranger, row, &names).await?;
                ensure!(sees_all || self.is_silent(&outcome), "{at}: a stranger was told of another's: {outcome:?}");
                told.push(outcome.told(&[name.clone(), id(&name).into()]));
            }
            if row.admits(service, role) && !sees_all {
                let alike = told.iter().all(|answer| *answer == told[1]);
                ensure!(alike, "{at}: another's, no, another's erased and the own erased {kind} answer {told:?}");
            }
            refused.extend(told);
        }
        if row.admits(service, role) {
            return Ok(Some(own));
        }
        let denied = (Code::PermissionDenied, "your roles do not allow this call".to_string());
        ensure!((own.code, own.message.clone()) == denied, "{at}: {own:?}");
        ensure!(refused.iter().all(|told| *told == denied), "{at}: {refused:?}");
        Ok(None)
    }

    /// Whether an answer to a stranger holds nothing of the owner's: no id, but for those that the caller gave and a refusal says
    /// back; and nothing that somebody wrote, in an answer or a refusal.
    fn is_silent(&self, outcome: &Outcome) -> bool {
        let text = String::from_utf8_lossy(&outcome.body);
        let silent = |secret: &String| !text.contains(secret) && !outcome.message.contains(secret);
        silent(&self.owner.mark)
            && (outcome.code != Code::Ok || self.owner.secrets().iter().all(|secret| !text.contains(secret)))
    }

    /// Calls that are given up at random moments, until told to stop; counts them.
    async fn give_up(&self, given_up: Arc<AtomicUsize>, enough: Arc<tokio::sync::Notify>) -> Result<()> {
        let calls = self.rows.iter().filter(|(_, row)| row.sight.contains("parties") || row.sight.contains("own"));
        let calls: Vec<_> = calls.filter(|(service, row)| row.admits(service, "desk")).collect();
        while given_up.load(Ordering::Relaxed) < CANCELLED {
            for (service, row) in &calls {
                let holder = if fastrand::bool() { &self.owner } else { &self.other };
                let (session, method) = (self.session(service, "desk", holder)?, self.contract.method(&row.rpc)?);
                let request = body(&self.contract.request(&method, &holder.names));
                let within = Duration::from_micros(fastrand::u64(50..6_000));
                // A deadline that the server is told of would not begin what it has no time for: the client goes away.
                if tokio::time::timeout(within, call(&session, &row.rpc, request)).await.is_err() {
                    given_up.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        enough.notify_one();
        Ok(())
    }
}

#[tokio::test]
async fn the_matrix_of_every_rpc_by_every_role_on_whatever_ids() -> Result<()> {
    let pool_of_two = ("RELAIS__DATABASE__MAX_CONNECTIONS".to_string(), "2".to_string());
    let matrix = Matrix::start(HashMap::from([pool_of_two])).await?;
    let (given_up, enough) = (Arc::<AtomicUsize>::default(), Arc::<tokio::sync::Notify>::default());
    let cells = async {
        let mut answers: BTreeMap<(&str, &str), Outcome> = BTreeMap::new();
        let mut count = 0;
        // Again, until enough calls were given up in between.
        while count == 0 || given_up.load(Ordering::Relaxed) < CANCELLED {
            for (service, row) in &matrix.rows {
                for role in ROLES {
                    count += 1;
                    let Some(answer) = matrix.cell(service, row, role).await? else { continue };
                    // Once is enough: what was erased or ended is so the next time.
                    let before = answers.entry((row.name(), role)).or_insert_with(|| answer.clone());
                    if !before.is_let_in() {
                        *before = answer;
                    }
                }
            }
        }
        anyhow::Ok((answers, count))
    };
    let (cells, cancelled) = tokio::join!(cells, matrix.give_up(given_up.clone(), enough.clone()));
    let (answers, count) = cells?;
    cancelled?;
    assert!(count >= ROLES.len() * matrix.rows.len(), "{count}");
    assert!(given_up.load(Ordering::Relaxed) >= CANCELLED);
    // A cell that only ever hears that its request is wrong would prove nothing.
    let closed: BTreeSet<_> = CLOSED.iter().map(|(rpc, _)| *rpc).collect();
    let opened: BTreeSet<_> =
        answers.iter().filter(|(_, answer)| answer.is_let_in()).map(|((rpc, _), _)| *rpc).collect();
    let all = matrix.rows.iter().map(|(_, row)| row.name());
    let never: BTreeSet<_> = all.filter(|rpc| !opened.contains(rpc)).collect();
    let wrong = kept_out(&answers, &closed);
    assert!(wrong.is_empty(), "cells that are not as the tables say:\n{}", wrong.join("\n"));
    assert_eq!(never, closed, "RPCs that nobody got into");
    matrix.suite.stop().await
}

/// Cells that were let in and should not have been, or the other way round.
fn kept_out(answers: &BTreeMap<(&str, &str), Outcome>, closed: &BTreeSet<&str>) -> Vec<String> {
    let named = |rpc: &str, role: &str| KEPT_OUT.iter().any(|(of, roles, _)| *of == rpc && roles.contains(&role));
    let open = answers.iter().filter(|((rpc, _), _)| !closed.contains(rpc));
    let wrong = open.filter(|((rpc, role), answer)| answer.is_let_in() == named(rpc, role));
    wrong.map(|((rpc, role), answer)| format!("{rpc} as {role}: {:?} {}", answer.code, answer.message)).collect()
}

#[tokio::test]
async fn the_matrix_has_a_row_for_every_rpc() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let rows: BTreeSet<_> = tables(&suite).await?.into_iter().map(|(_, row)| row.rpc).collect();
    let contract = relais_tests::all_services();
    let services: Vec<&str> = contract.iter().map(String::as_str).collect();
    let rpcs: BTreeSet<_> = methods(&services).into_iter().collect();
    assert!(rpcs.len() > 35, "{rpcs:?}");
    assert_eq!(rows, rpcs);
    suite.stop().await
}

/// `docs/authorisation.md` is what the tables say. RELAIS_WRITE_DOCS=1 writes it.
#[tokio::test]
async fn the_matrix_is_documented() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    let mut page = String::from(include_str!("authorisation.head.md"));
    for service in SERVICES {
        let output = suite.command(service).arg("rules").output().await?;
        page.push('\n');
        page.push_str(&String::from_utf8(output.stdout)?);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/authorisation.md");
    if std::env::var_os("RELAIS_WRITE_DOCS").is_some() {
        std::fs::write(&path, &page)?;
    }
    let kept = std::fs::read_to_string(&path).context("docs/authorisation.md")?;
    assert!(kept == page, "docs/authorisation.md is not what the tables say: ./dev prepare writes it");
    suite.stop().await
}
