//! The development issuer: makes tokens for a suite that `./dev run --stay` keeps up.

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use relais_platform::{
    calls::Role,
    ids::{Child, OrganisationId, PractitionerId, ResourceId, UnitId},
};
use relais_tests::{Identity, Issuer};

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
}

fn main() -> ExitCode {
    match token(Arguments::parse()) {
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

fn token(arguments: Arguments) -> Result<String> {
    let keys = match arguments.keys {
        Some(keys) => keys,
        None => staying()?,
    };
    let Arguments { subject, organisation, unit, practitioner, .. } = arguments;
    for role in &arguments.roles {
        let role_of_people = Role::parse(role).is_some_and(|role| !matches!(role, Role::Service | Role::Partner));
        ensure!(role_of_people, "--role {role} is none that an issuer gives: see --help");
    }
    let own = |name: &str| !organisation.is_empty() && name.starts_with(&organisation);
    let named = organisation.is_empty() || OrganisationId::parse(&organisation).is_some();
    ensure!(named, "--organisation must be a name of the form organisations/{{uuid}}");
    let named = unit.is_empty() || (Child::<UnitId>::parse(&unit).is_some() && own(&unit));
    ensure!(named, "--unit must be a unit of --organisation: organisations/{{uuid}}/units/{{uuid}}");
    let named =
        practitioner.is_empty() || (Child::<PractitionerId>::parse(&practitioner).is_some() && own(&practitioner));
    ensure!(named, "--practitioner must be of --organisation: organisations/{{uuid}}/practitioners/{{uuid}}");
    let roles = arguments.roles;
    Issuer::open(&keys)?.token(&Identity { subject, organisation, unit, practitioner, roles })
}

fn staying() -> Result<PathBuf> {
    let state = std::env::var("RELAIS_DEV_STATE").context("use ./dev token, or name a folder with --keys")?;
    let noted = std::fs::read_to_string(PathBuf::from(state).join("issuer"));
    Ok(noted.context("the suite is not up yet: wait until ./dev run --stay shows its addresses")?.into())
}
