//! The development issuer: makes tokens for a suite that `./dev run --stay` keeps up.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, Result, ensure};
use chrono::TimeDelta;
use clap::Parser;
use relais_platform::{
    calls::Role,
    clock::machine_now,
    ids::{Child, OrganisationId, PractitionerId, ResourceId, UnitId},
};
use relais_tests::{Identity, Issuer, Staying};

/// Makes a token of the development issuer. Services in production refuse its name and its key.
#[derive(Parser)]
#[command(
    version,
    bin_name = "./dev token",
    after_help = "Examples:\n  ./dev token --role operator\n  ./dev token --subject alice"
)]
struct Arguments {
    /// The subject.
    #[arg(long, default_value = "somebody")]
    subject: String,
    /// The organisation to act for: organisations/{uuid}.
    #[arg(long, default_value = "")]
    organisation: String,
    /// The unit to act for: organisations/{uuid}/units/{uuid}.
    #[arg(long, default_value = "")]
    unit: String,
    /// The entry of the register, for a practitioner: organisations/{uuid}/practitioners/{uuid}.
    #[arg(long, default_value = "")]
    practitioner: String,
    /// A role: coordinator, desk, clinician, referent, visiting, researcher, funder, network, operator, admin. May be repeated.
    /// None: a person of whom nothing is said, who accepts an invitation and starts sessions.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The folder of the issuer's key; by default that of the suite that stays up.
    #[arg(long, value_name = "FOLDER")]
    keys: Option<PathBuf>,
    /// How far the services' clock is ahead of the machine's. By default what the suite that stays up says; with --keys, what the
    /// last story noted there. Tokens are good for an hour of the services' time.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=MOST_AHEAD))]
    ahead: Option<i64>,
}

/// Eight thousand years: clocks end with the year 9999.
const MOST_AHEAD: i64 = 8_000 * 366 * 24 * 3_600;

#[tokio::main]
async fn main() -> ExitCode {
    match token(Arguments::parse()).await {
        Ok(token) => {
            println!("{token}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("relais-issuer: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn token(arguments: Arguments) -> Result<String> {
    let Arguments { subject, organisation, unit, practitioner, roles, keys, ahead } = arguments;
    let identity = Identity { subject, organisation, unit, practitioner, roles };
    check(&identity)?;
    let (issuer, noted) = match keys {
        Some(keys) => {
            let issuer = Issuer::open(&keys)?;
            let noted = issuer.ahead();
            (issuer, noted)
        }
        None => {
            let staying = staying()?;
            // Nobody is asked who need not be.
            let told = if ahead.is_none() { staying.ahead().await? } else { TimeDelta::zero() };
            (staying.issuer, told)
        }
    };
    let ahead = ahead.map_or(noted, TimeDelta::seconds);
    issuer.token_until(&identity, (machine_now() + ahead).timestamp() + Issuer::GOOD_FOR)
}

/// What would be refused, said before a token is made of it.
fn check(identity: &Identity) -> Result<()> {
    let Identity { organisation, unit, practitioner, roles, .. } = identity;
    for role in roles {
        let role_of_people = Role::parse(role).is_some_and(|role| !matches!(role, Role::Service | Role::Partner));
        ensure!(role_of_people, "--role {role} is none that an issuer gives: see --help");
    }
    let own = |name: &str| !organisation.is_empty() && name.starts_with(organisation);
    let named = organisation.is_empty() || OrganisationId::parse(organisation).is_some();
    ensure!(named, "--organisation must be a name of the form organisations/{{uuid}}");
    let named = unit.is_empty() || (Child::<UnitId>::parse(unit).is_some() && own(unit));
    ensure!(named, "--unit must be a unit of --organisation: organisations/{{uuid}}/units/{{uuid}}");
    let named =
        practitioner.is_empty() || (Child::<PractitionerId>::parse(practitioner).is_some() && own(practitioner));
    ensure!(named, "--practitioner must be of --organisation: organisations/{{uuid}}/practitioners/{{uuid}}");
    Ok(())
}

fn staying() -> Result<Staying> {
    let state = std::env::var("RELAIS_DEV_STATE").context("use ./dev token, or name a folder with --keys")?;
    Staying::read(Path::new(&state))
}
