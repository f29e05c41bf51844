//! The notification service through real clients and real messages, on real PostgreSQL and RabbitMQ.

mod critical;
mod inbox;
mod mail;
mod marks;
mod steps;
mod watch;

use relais_notification::Notification;
use relais_platform::{Service as _, calls::rules};

#[test]
fn every_rpc_has_a_rule() {
    let methods = relais_tests::methods(Notification::GRPC);
    assert_eq!(methods.len(), 10, "{methods:?}");
    assert_eq!(rules::missing(Notification::RULES, &methods), Vec::<String>::new());
}
