//! `relais.notification.v1.DeliveryService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::notification::v1::{
    DiscardDeliveryRequest, DiscardDeliveryResponse, GetDeliveryRequest, GetDeliveryResponse, ListDeliveriesRequest,
    ListDeliveriesResponse, ReplayDeliveryRequest, ReplayDeliveryResponse, delivery_service_server::DeliveryService,
};
use tonic::Request;

use super::{convert, parse};
use crate::{
    app::{DiscardDelivery, GetDelivery, ListDeliveries, ReplayDelivery},
    domain::State,
};

/// Serves deliveries.
pub(super) struct Deliveries {
    pub context: Context,
}

#[tonic::async_trait]
impl DeliveryService for Deliveries {
    async fn list_deliveries(&self, request: Request<ListDeliveriesRequest>) -> Answer<ListDeliveriesResponse> {
        let (call, body) = self.context.open(request)?;
        let state = parse::state(body.state)?;
        let filter = state.map(State::as_str).unwrap_or_default();
        let page = self.context.pages.request(&call, filter, body.page_size, &body.page_token)?;
        let found = self.context.read(call.clone(), ListDeliveries { state, page }).await?;
        let next_page_token = self.context.pages.token(&call, filter, found.next);
        let deliveries = found.rows.into_iter().map(|delivery| convert::delivery(delivery, Vec::new())).collect();
        answer(ListDeliveriesResponse { deliveries, next_page_token })
    }

    async fn get_delivery(&self, request: Request<GetDeliveryRequest>) -> Answer<GetDeliveryResponse> {
        let (call, body) = self.context.open(request)?;
        let (delivery, attempts) = self.context.read(call, GetDelivery(parse::name(&body.name)?)).await?;
        answer(GetDeliveryResponse { delivery: Some(convert::delivery(delivery, attempts)) })
    }

    async fn replay_delivery(&self, request: Request<ReplayDeliveryRequest>) -> Answer<ReplayDeliveryResponse> {
        let (call, body) = self.context.open(request)?;
        let (request_id, id) = parse::change(&body.name, &body.request_id)?;
        let decided = self.context.change(call, request_id, &body, ReplayDelivery(id)).await?;
        answer(ReplayDeliveryResponse { name: decided.0.to_string() })
    }

    async fn discard_delivery(&self, request: Request<DiscardDeliveryRequest>) -> Answer<DiscardDeliveryResponse> {
        let (call, body) = self.context.open(request)?;
        let (request_id, id) = parse::change(&body.name, &body.request_id)?;
        let decided = self.context.change(call, request_id, &body, DiscardDelivery(id)).await?;
        answer(DiscardDeliveryResponse { name: decided.0.to_string() })
    }
}
