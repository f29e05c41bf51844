//! `relais.notification.v1.NotificationService`.

use relais_platform::{
    Context,
    broker::feed::Feed,
    grpc::{Answer, answer},
};
use relais_proto::notification::v1::{
    AcknowledgeMessageRequest, AcknowledgeMessageResponse, GetMailPreferencesRequest, GetMailPreferencesResponse,
    ListMessagesRequest, ListMessagesResponse, MarkMessageReadRequest, MarkMessageReadResponse,
    UpdateMailPreferencesRequest, UpdateMailPreferencesResponse, WatchMessagesRequest, WatchMessagesResponse,
    notification_service_server::NotificationService,
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Status};

use super::{convert, language::asked, parse, watch::Watch};
use crate::app::{AcknowledgeMessage, GetMailPreferences, ListMessages, MarkMessageRead};

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
        let language = asked(&body.language, call.language)?;
        let filter = if body.unread { "unread" } else { "" };
        let page = self.context.pages.request(&call, filter, body.page_size, &body.page_token)?;
        let found = self.context.read(call.clone(), ListMessages { unread: body.unread, page }).await?;
        let next_page_token = self.context.pages.token(&call, filter, found.next);
        let messages = found.rows.into_iter().map(|message| convert::message(language, message)).collect();
        answer(ListMessagesResponse { messages, next_page_token })
    }

    async fn watch_messages(&self, request: Request<WatchMessagesRequest>) -> Answer<Self::WatchMessagesStream> {
        let (call, body) = self.context.open(request)?;
        let language = asked(&body.language, call.language)?;
        let watch = Watch::try_new(self.context.clone(), call, language, &body.resume_token)?;
        answer(watch.follow(&self.feed))
    }

    async fn mark_message_read(&self, request: Request<MarkMessageReadRequest>) -> Answer<MarkMessageReadResponse> {
        let (call, body) = self.context.open(request)?;
        let language = asked("", call.language)?;
        let (request_id, id) = parse::change(&body.name, &body.request_id)?;
        let message = self.context.change(call, request_id, &body, MarkMessageRead(id)).await?;
        answer(MarkMessageReadResponse { message: Some(convert::message(language, message)) })
    }

    async fn acknowledge_message(
        &self,
        request: Request<AcknowledgeMessageRequest>,
    ) -> Answer<AcknowledgeMessageResponse> {
        let (call, body) = self.context.open(request)?;
        let language = asked("", call.language)?;
        let (request_id, id) = parse::change(&body.name, &body.request_id)?;
        let message = self.context.change(call, request_id, &body, AcknowledgeMessage(id)).await?;
        answer(AcknowledgeMessageResponse { message: Some(convert::message(language, message)) })
    }

    async fn get_mail_preferences(
        &self,
        request: Request<GetMailPreferencesRequest>,
    ) -> Answer<GetMailPreferencesResponse> {
        let (call, _) = self.context.open(request)?;
        let preferences = self.context.read(call, GetMailPreferences).await?;
        answer(GetMailPreferencesResponse { preferences: Some(convert::preferences(preferences)) })
    }

    async fn update_mail_preferences(
        &self,
        request: Request<UpdateMailPreferencesRequest>,
    ) -> Answer<UpdateMailPreferencesResponse> {
        let (call, body) = self.context.open(request)?;
        let (request_id, update) = parse::update_mail_preferences(&body)?;
        let said = self.context.change(call, request_id, &body, update).await?;
        answer(UpdateMailPreferencesResponse { preferences: Some(convert::preferences(said.preferences)) })
    }
}
