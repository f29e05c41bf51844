//! gRPC: parse, call the use case, convert; a few lines an RPC. What is wrong with a request is said in `parse`, and nowhere
//! else.

mod break_glass;
mod convention;
mod convert;
mod network;
mod parse;
mod patient;
mod referral;

use relais_platform::{
    Context,
    calls::{Role, Rule, Rules},
};
use relais_proto::{
    convention::v1::convention_service_server::ConventionServiceServer,
    network::v1::network_service_server::NetworkServiceServer,
    referral::v1::{
        break_glass_service_server::BreakGlassServiceServer, patient_service_server::PatientServiceServer,
        referral_service_server::ReferralServiceServer,
    },
};
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &[
    "relais.network.v1.NetworkService",
    "relais.convention.v1.ConventionService",
    "relais.referral.v1.PatientService",
    "relais.referral.v1.ReferralService",
    "relais.referral.v1.BreakGlassService",
];

const EVERYBODY: Rule = Rule::Authenticated;
const INSTALLATION: Rule = Rule::Roles(&[Role::Operator, Role::Network]);
const ADMINISTRATION: Rule = Rule::Roles(&[Role::Operator, Role::Network, Role::Admin]);
const AGREEMENT: Rule = Rule::Roles(&[Role::Operator, Role::Network, Role::Coordinator]);
const CLINICAL: Rule = Rule::Roles(&[Role::Clinician]);
const CARE: Rule = Rule::Roles(&[Role::Coordinator, Role::Desk, Role::Clinician]);

/// Who may call what. Whose patients, referrals and conventions are seen is decided by the store.
pub const RULES: Rules = &[
    ("/relais.network.v1.NetworkService/CreateOrganisation", INSTALLATION),
    ("/relais.network.v1.NetworkService/GetOrganisation", EVERYBODY),
    ("/relais.network.v1.NetworkService/ListOrganisations", EVERYBODY),
    ("/relais.network.v1.NetworkService/CreateUnit", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/GetUnit", EVERYBODY),
    ("/relais.network.v1.NetworkService/ListUnits", EVERYBODY),
    ("/relais.network.v1.NetworkService/CreateSite", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/GetSite", EVERYBODY),
    ("/relais.network.v1.NetworkService/ListSites", EVERYBODY),
    ("/relais.network.v1.NetworkService/CreatePractitioner", ADMINISTRATION),
    ("/relais.network.v1.NetworkService/GetPractitioner", EVERYBODY),
    ("/relais.network.v1.NetworkService/ListPractitioners", EVERYBODY),
    ("/relais.convention.v1.ConventionService/CreateConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/SignConvention", AGREEMENT),
    ("/relais.convention.v1.ConventionService/GetConvention", EVERYBODY),
    ("/relais.convention.v1.ConventionService/ListConventions", EVERYBODY),
    ("/relais.referral.v1.PatientService/CreatePatient", CARE),
    ("/relais.referral.v1.PatientService/GetPatient", CARE),
    ("/relais.referral.v1.ReferralService/SubmitReferral", CARE),
    ("/relais.referral.v1.ReferralService/GetReferral", CARE),
    ("/relais.referral.v1.ReferralService/ListReferrals", CARE),
    ("/relais.referral.v1.ReferralService/CancelReferral", CARE),
    ("/relais.referral.v1.BreakGlassService/OpenFile", CLINICAL),
];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let largest = context.settings.server.max_message_bytes;
    let context = || context.clone();
    Routes::new(NetworkServiceServer::new(network::Network(context())).max_decoding_message_size(largest))
        .add_service(
            ConventionServiceServer::new(convention::Conventions(context())).max_decoding_message_size(largest),
        )
        .add_service(PatientServiceServer::new(patient::Patients(context())).max_decoding_message_size(largest))
        .add_service(
            BreakGlassServiceServer::new(break_glass::BreakGlass(context())).max_decoding_message_size(largest),
        )
        .add_service(ReferralServiceServer::new(referral::Referrals(context())).max_decoding_message_size(largest))
}
