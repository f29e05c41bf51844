//! The program `relais-notification`; everything is in the library and the platform.

use std::process::ExitCode;

fn main() -> ExitCode {
    relais_platform::cli::main::<relais_notification::Notification>()
}
