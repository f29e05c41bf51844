//! `relais.notification.v1`.

use relais_platform::{
    Context,
    broker::feed::Feed,
    grpc::{Answer, answer},
};
use relais_proto::notification::v1::{
    ListMessagesRequest, ListMessagesResponse, WatchMessagesRequest, WatchMessagesResponse,
    notification_service_server::NotificationService,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

use super::{convert, watch::Watch};
use crate::app::ListMessages;

/// Serves the inbox.
pub(super) struct Inbox {
    pub context: Context,
    pub feed: Feed,
}

#[tonic::async_trait]
impl NotificationService for Inbox {
    type WatchMessagesStream = ReceiverStream<Result<WatchMessagesResponse, Status>>;

    async fn list_messages(&self, request: Request<ListMessagesRequest>) -> Answer<ListMessagesResponse> {
        let (call, body) = self.context.open(request)?;
        let page = self.context.pages.request(&call, "", body.page_size, &body.page_token)?;
        let found = self.context.read(call.clone(), ListMessages { page }).await?;
        let next_page_token = self.context.pages.token(&call, "", found.next);
        answer(ListMessagesResponse {
            messages: found.rows.into_iter().map(convert::message).collect(),
            next_page_token,
        })
    }

    async fn watch_messages(&self, request: Request<WatchMessagesRequest>) -> Answer<Self::WatchMessagesStream> {
        let (call, body) = self.context.open(request)?;
        let watch = Watch::try_new(self.context.clone(), call, &body.resume_token)?;
        answer(watch.follow(&self.feed))
    }
}
