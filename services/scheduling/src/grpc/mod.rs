//! gRPC: parse, call the use case, convert; a few lines an RPC.

mod convert;
mod holdings;
mod parse;
mod scheduling;

pub use holdings::holdings;

use relais_platform::{
    Context,
    calls::{Role, Rule, Rules, Sight},
    parties::Capacity,
};
use relais_proto::scheduling::v1::scheduling_service_server::SchedulingServiceServer;
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &["relais.scheduling.v1.SchedulingService"];

const CARE: Rule = Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician], Sight::Parties(&Capacity::ALL));

/// Who may call what.
pub const RULES: Rules = &[
    ("/relais.scheduling.v1.SchedulingService/GetAppointment", CARE),
    ("/relais.scheduling.v1.SchedulingService/ListAppointments", CARE),
];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let largest = context.settings.server.max_message_bytes;
    let server = SchedulingServiceServer::new(scheduling::Appointments(context.clone()));
    Routes::new(server.max_decoding_message_size(largest))
}
