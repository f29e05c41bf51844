//! The scheduling service through real clients and real messages, on real PostgreSQL and RabbitMQ.

mod appointments;
mod booking;
mod messages;
mod opened_file;

use relais_platform::{Service as _, calls::rules};
use relais_scheduling::Scheduling;

#[test]
fn every_rpc_has_a_rule() {
    let methods = relais_tests::methods(Scheduling::GRPC);
    assert_eq!(methods.len(), 20, "{methods:?}");
    assert_eq!(rules::missing(Scheduling::RULES, &methods), Vec::<String>::new());
}
