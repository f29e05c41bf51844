//! gRPC: parse, call the use case, convert; a few lines an RPC.

mod convert;
mod holdings;
mod parse;
mod results;

pub use holdings::holdings;

use relais_platform::{
    Context,
    calls::{Role, Rule, Rules, Sight, rules::Fields},
    parties::{Capacity, Content},
};
use relais_proto::results::v1::results_service_server::ResultsServiceServer;
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &["relais.results.v1.ResultsService"];

/// Orders are clinical: only roles and capacities that open it.
const CARE: Rule = Rule::roles(&[Role::Clinician], Sight::Parties(&[Capacity::Referrer, Capacity::Provider]));

/// Who may call what.
pub const RULES: Rules =
    &[("/relais.results.v1.ResultsService/GetOrder", CARE), ("/relais.results.v1.ResultsService/ListOrders", CARE)];

/// What is asked is health data.
pub const FIELDS: Fields = &[("relais.results.v1.Order", Content::Clinical)];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let largest = context.settings.server.max_message_bytes;
    let server = ResultsServiceServer::new(results::Orders(context.clone()));
    Routes::new(server.max_decoding_message_size(largest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_go_to_roles_and_capacities_that_are_clinical() {
        for (rpc, rule) in RULES {
            let Sight::Parties(seen) = rule.sight else { panic!("{rpc}") };
            assert!(seen.iter().all(|capacity| capacity.contents().contains(&Content::Clinical)), "{rpc}");
            assert!(!rule.roles.is_empty(), "{rpc}");
            assert!(rule.roles.iter().all(|role| role.contents().contains(&Content::Clinical)), "{rpc}");
        }
    }
}
