//! gRPC: parse, call the use case, convert; a few lines an RPC. The stream stands in `watch`.

mod convert;
mod deliveries;
mod holdings;
mod language;
mod notification;
mod parse;
mod watch;

pub use holdings::holdings;

use relais_platform::{
    Context,
    broker::feed::Feed,
    calls::{Role, Rule, Rules, Sight},
};
use relais_proto::notification::v1::{
    delivery_service_server::DeliveryServiceServer, notification_service_server::NotificationServiceServer,
};
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &["relais.notification.v1.NotificationService", "relais.notification.v1.DeliveryService"];

const CARE: Rule =
    Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician, Role::Referent, Role::Visiting], Sight::Own);
/// Who sees to it that people are reached.
const DISPATCH: Rule = Rule::roles(&[Role::Coordinator, Role::Desk, Role::Admin], Sight::Own);

/// Who may call what.
pub const RULES: Rules = &[
    ("/relais.notification.v1.NotificationService/ListMessages", CARE),
    ("/relais.notification.v1.NotificationService/WatchMessages", CARE),
    ("/relais.notification.v1.NotificationService/MarkMessageRead", CARE),
    ("/relais.notification.v1.NotificationService/AcknowledgeMessage", CARE),
    ("/relais.notification.v1.NotificationService/GetMailPreferences", DISPATCH),
    ("/relais.notification.v1.NotificationService/UpdateMailPreferences", DISPATCH),
    ("/relais.notification.v1.DeliveryService/ListDeliveries", DISPATCH),
    ("/relais.notification.v1.DeliveryService/GetDelivery", DISPATCH),
    ("/relais.notification.v1.DeliveryService/ReplayDelivery", DISPATCH),
    ("/relais.notification.v1.DeliveryService/DiscardDelivery", DISPATCH),
];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let feed = Feed::new();
    context.spawn(feed.clone().keep_filling(context.broker.clone(), "relais.notification.message"));
    let largest = context.settings.server.max_message_bytes;
    let inbox = NotificationServiceServer::new(notification::Inbox { context: context.clone(), feed });
    let deliveries = DeliveryServiceServer::new(deliveries::Deliveries { context: context.clone() });
    Routes::new(inbox.max_decoding_message_size(largest)).add_service(deliveries.max_decoding_message_size(largest))
}
