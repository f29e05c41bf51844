//! `relais.results.v1`.

use relais_platform::{
    Context, Result,
    calls::Call,
    grpc::{Answer, answer},
    ids::OrderId,
};
use relais_proto::results::v1::{
    CancelOrderLineRequest, CancelOrderLineResponse, GetOrderRequest, GetOrderResponse, ListAnalysesRequest,
    ListAnalysesResponse, ListOrdersRequest, ListOrdersResponse, PlaceOrderRequest, PlaceOrderResponse,
    RecordSamplingRequest, RecordSamplingResponse, results_service_server::ResultsService,
};
use tonic::Request;

use super::{convert, parse};
use crate::{
    app::{Entitled, GetOrder, ListOrders},
    domain::analyses,
    recipients,
};

/// Serves orders.
pub(super) struct Orders(pub Context);

impl Orders {
    /// Who receives the result of an order's referral now: asked before the unit that judges by it, outside of any transaction.
    async fn entitled(&self, call: &Call, order: OrderId) -> Result<Entitled> {
        let order = self.0.read(call.clone(), GetOrder(order)).await?;
        let asked = recipients::ask(&self.0, order.referral, call.deadline).await;
        Ok(asked.inspect_err(|error| tracing::warn!(%error, "referral does not say who may ask for analyses")).ok())
    }
}

#[tonic::async_trait]
impl ResultsService for Orders {
    async fn get_order(&self, request: Request<GetOrderRequest>) -> Answer<GetOrderResponse> {
        let (call, body) = self.0.open(request)?;
        let order = self.0.read(call, parse::get_order(&body)?).await?;
        answer(GetOrderResponse { order: Some(convert::order(order)) })
    }

    async fn list_orders(&self, request: Request<ListOrdersRequest>) -> Answer<ListOrdersResponse> {
        let (call, body) = self.0.open(request)?;
        let referral = parse::referral(&body.referral)?;
        let page = self.0.pages.request(&call, &body.referral, body.page_size, &body.page_token)?;
        let found = self.0.read(call.clone(), ListOrders { referral, page }).await?;
        let next_page_token = self.0.pages.token(&call, &body.referral, found.next);
        let orders = found.rows.into_iter().map(convert::order).collect();
        answer(ListOrdersResponse { orders, next_page_token })
    }

    async fn place_order(&self, request: Request<PlaceOrderRequest>) -> Answer<PlaceOrderResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::place_order(&body, None)?;
        let entitled = self.entitled(&call, command.id).await?;
        let (_, command) = parse::place_order(&body, entitled)?;
        let order = self.0.change(call, request_id, &body, command).await?;
        answer(PlaceOrderResponse { order: Some(convert::order(order)) })
    }

    async fn cancel_order_line(&self, request: Request<CancelOrderLineRequest>) -> Answer<CancelOrderLineResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::cancel_order_line(&body)?;
        let order = self.0.change(call, request_id, &body, command).await?;
        answer(CancelOrderLineResponse { order: Some(convert::order(order)) })
    }

    async fn record_sampling(&self, request: Request<RecordSamplingRequest>) -> Answer<RecordSamplingResponse> {
        let (call, body) = self.0.open(request)?;
        let (request_id, command) = parse::record_sampling(&body, self.0.clock.now())?;
        let order = self.0.change(call, request_id, &body, command).await?;
        answer(RecordSamplingResponse { order: Some(convert::order(order)) })
    }

    async fn list_analyses(&self, request: Request<ListAnalysesRequest>) -> Answer<ListAnalysesResponse> {
        self.0.open(request)?;
        let analyses = analyses::all().iter().map(convert::analysis).collect();
        answer(ListAnalysesResponse { analyses, notice: analyses::NOTICE.into() })
    }
}
