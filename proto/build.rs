//! Compiles the contract with protox, so that no `protoc` need be installed.

use std::{env, error::Error, fs, path::PathBuf};

const SERVICES: [&str; 9] =
    ["network", "convention", "referral", "scheduling", "results", "notification", "operations", "audit", "holdings"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=relais");
    println!("cargo:rerun-if-changed=third_party");
    let mut files: Vec<String> =
        SERVICES.iter().map(|package| format!("relais/{package}/v1/{package}_service.proto")).collect();
    files.push("relais/network/v1/member_service.proto".into());
    files.push("relais/network/v1/leave_service.proto".into());
    files.push("relais/convention/v1/expense_service.proto".into());
    files.push("relais/convention/v1/staff_time_service.proto".into());
    files.push("relais/referral/v1/break_glass_service.proto".into());
    files.push("relais/referral/v1/recipient_service.proto".into());
    files.push("relais/events/v1/events.proto".into());
    files.push("relais/referral/v1/partner_link_service.proto".into());
    files.push("relais/scheduling/v1/opening_service.proto".into());
    files.push("relais/results/v1/report_service.proto".into());
    files.push("relais/results/v1/attachment_service.proto".into());
    files.push("relais/notification/v1/delivery_service.proto".into());
    files.push("relais/convention/v1/statement_service.proto".into());

    let mut compiler = protox::Compiler::new([".", "third_party"])?;
    compiler.include_source_info(true).include_imports(true);
    compiler.open_files(&files)?;
    // Encoded by the compiler, options of their own (such as google.api.resource_reference) are kept.
    let encoded = compiler.encode_file_descriptor_set();
    let descriptors = compiler.file_descriptor_set();

    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("relais.bin"), encoded)?;
    tonic_prost_build::configure().build_transport(false).compile_well_known_types(false).compile_fds(descriptors)?;
    Ok(())
}
