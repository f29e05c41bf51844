//! gRPC: parse, call the use case, convert; a few lines an RPC. The stream stands in `watch`.

mod convert;
mod holdings;
mod notification;
mod watch;

pub use holdings::holdings;

use relais_platform::{
    Context,
    broker::feed::Feed,
    calls::{Role, Rule, Rules, Sight},
};
use relais_proto::notification::v1::notification_service_server::NotificationServiceServer;
use tonic::service::Routes;

/// What is served.
pub const SERVICES: &[&str] = &["relais.notification.v1.NotificationService"];

const CARE: Rule =
    Rule::roles(&[Role::Coordinator, Role::Desk, Role::Clinician, Role::Referent, Role::Visiting], Sight::Own);

/// Who may call what.
pub const RULES: Rules = &[
    ("/relais.notification.v1.NotificationService/ListMessages", CARE),
    ("/relais.notification.v1.NotificationService/WatchMessages", CARE),
];

/// The service's gRPC services.
pub fn routes(context: &Context) -> Routes {
    let feed = Feed::new();
    context.spawn(feed.clone().keep_filling(context.broker.clone(), "relais.notification.message"));
    let largest = context.settings.server.max_message_bytes;
    let server = NotificationServiceServer::new(notification::Inbox { context: context.clone(), feed });
    Routes::new(server.max_decoding_message_size(largest))
}
