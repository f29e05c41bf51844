//! `relais-rolling`: the referral service in three versions, for the test of the rolling upgrade.
//!
//! Each is the real service and notes, besides, each appointment it is told of. Version 1 writes the referral's name, the ones after
//! it its id. Version 2 brings the migration that expands, version 3 the one that contracts. Which one runs is said by
//! `RELAIS_ROLLING_VERSION`; the rest is as with `relais-referral`.

mod versions;

use std::process::ExitCode;

use relais_platform::cli;
use versions::Version;

fn main() -> ExitCode {
    match std::env::var("RELAIS_ROLLING_VERSION").as_deref() {
        Ok("1") => cli::main::<Version<1>>(),
        Ok("2") => cli::main::<Version<2>>(),
        Ok("3") => cli::main::<Version<3>>(),
        _ => {
            eprintln!("relais-rolling: RELAIS_ROLLING_VERSION must be 1, 2 or 3");
            ExitCode::FAILURE
        }
    }
}
