//! gRPC: parse, call the use case, convert; a few lines an RPC.

mod convert;
mod holdings;
mod opening;
mod parse;
mod scheduling;

pub use holdings::holdings;

use relais_platform::{
    Context,
    calls::{Role, Rule, Rules, Sight, rules::Fields},
    parties::{Capacity, Content},
};
use relais_proto::scheduling::v1::{
    opening_service_server::OpeningServiceServer, scheduling_service_server::SchedulingServiceServer,
};
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &["relais.scheduling.v1.SchedulingService", "relais.scheduling.v1.OpeningService"];

const CARE: Rule = Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician], Sight::Parties(&Capacity::ALL));
const EITHER_SIDE: Rule = CARE.acts(&[Capacity::Referrer, Capacity::Provider]);
const PROVIDER: Rule = CARE.acts(&[Capacity::Provider]);
const OPENING: Rule = Rule::roles(&[Role::Admin, Role::Coordinator, Role::Desk], Sight::Own);

/// Who may call what.
pub const RULES: Rules = &[
    ("/relais.scheduling.v1.SchedulingService/GetAppointment", CARE),
    ("/relais.scheduling.v1.SchedulingService/ListAppointments", CARE),
    ("/relais.scheduling.v1.SchedulingService/SearchSlots", EITHER_SIDE),
    ("/relais.scheduling.v1.SchedulingService/HoldSlot", EITHER_SIDE),
    ("/relais.scheduling.v1.SchedulingService/BookAppointment", EITHER_SIDE),
    ("/relais.scheduling.v1.SchedulingService/RescheduleAppointment", EITHER_SIDE),
    ("/relais.scheduling.v1.SchedulingService/CancelAppointment", EITHER_SIDE),
    ("/relais.scheduling.v1.SchedulingService/ConfirmAppointment", EITHER_SIDE),
    ("/relais.scheduling.v1.SchedulingService/RegisterWalkIn", PROVIDER),
    ("/relais.scheduling.v1.SchedulingService/RecordArrival", PROVIDER),
    ("/relais.scheduling.v1.SchedulingService/RecordFulfilment", PROVIDER),
    ("/relais.scheduling.v1.SchedulingService/RecordNoShow", PROVIDER),
    ("/relais.scheduling.v1.SchedulingService/UndoLastStep", PROVIDER),
    ("/relais.scheduling.v1.OpeningService/CreateOpeningRule", OPENING),
    ("/relais.scheduling.v1.OpeningService/GetOpeningRule", OPENING),
    ("/relais.scheduling.v1.OpeningService/ListOpeningRules", OPENING),
    ("/relais.scheduling.v1.OpeningService/EndOpeningRule", OPENING),
    ("/relais.scheduling.v1.OpeningService/CreateClosure", OPENING),
    ("/relais.scheduling.v1.OpeningService/ListClosures", OPENING),
    ("/relais.scheduling.v1.OpeningService/LiftClosure", OPENING),
];

/// What is not administrative.
pub const FIELDS: Fields = &[("relais.scheduling.v1.Appointment.needs", Content::Social)];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let largest = context.settings.server.max_message_bytes;
    let appointments = SchedulingServiceServer::new(scheduling::Appointments(context.clone()));
    let openings = OpeningServiceServer::new(opening::Openings(context.clone()));
    Routes::new(appointments.max_decoding_message_size(largest))
        .add_service(openings.max_decoding_message_size(largest))
}
