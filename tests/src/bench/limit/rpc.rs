//! The limit's calls: the messages of ours, over the same library, and behind them nothing but its transaction.

use std::convert::Infallible;

use anyhow::{Context as _, Result};
use prost::Message;
use relais_proto::{
    referral::v1::{GetReferralRequest, GetReferralResponse, Referral, SubmitReferralRequest, SubmitReferralResponse},
    scheduling::v1::{Appointment, BookAppointmentRequest, BookAppointmentResponse},
};
use sqlx::PgPool;
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Context, Poll, Service, http},
    server::{Grpc, NamedService},
};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use super::{Sizes, sql};

/// What all of its calls work with.
#[derive(Debug, Clone)]
pub(super) struct Bare {
    pub(super) pool: PgPool,
    pub(super) sizes: Sizes,
}

impl Bare {
    /// BEGIN, two rows, COMMIT.
    async fn create(self, asked: SubmitReferralRequest) -> Result<SubmitReferralResponse> {
        let id = Uuid::now_v7();
        let referral = Referral { name: format!("referrals/{id}"), ..asked.referral.unwrap_or_default() };
        let message = referral.encode_to_vec();
        let rest = vec![0_u8; self.sizes.row.saturating_sub(message.len())];
        let mut transaction = self.pool.begin().await?;
        let item = sqlx::query(sql::INSERT_ITEM).bind(id).bind(message).bind(rest);
        item.execute(&mut *transaction).await?;
        let event = sqlx::query(sql::INSERT_EVENT).bind(Uuid::now_v7()).bind(super::SUBMITTED);
        event.bind(vec![0_u8; self.sizes.event]).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(SubmitReferralResponse { referral: Some(referral) })
    }

    /// BEGIN, a row read, a row of the audit's size, COMMIT.
    async fn get(self, asked: GetReferralRequest) -> Result<GetReferralResponse> {
        let id: Uuid = asked.name.trim_start_matches("referrals/").parse()?;
        let mut transaction = self.pool.begin().await?;
        let reading = sqlx::query_as(sql::SELECT_ITEM).bind(id);
        let (message, _rest): (Vec<u8>, Vec<u8>) = reading.fetch_one(&mut *transaction).await?;
        let audit = sqlx::query(sql::INSERT_AUDIT).bind(Uuid::now_v7()).bind(vec![0_u8; self.sizes.audit]);
        audit.execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(GetReferralResponse { referral: Some(Referral::decode(message.as_slice())?) })
    }

    /// BEGIN, a claim that the database holds against all others, a row, COMMIT.
    async fn book(self, asked: BookAppointmentRequest) -> Result<BookAppointmentResponse> {
        let mut transaction = self.pool.begin().await?;
        let claim = sqlx::query(sql::CLAIM).bind(Uuid::now_v7()).bind(vec![0_u8; self.sizes.row]);
        claim.execute(&mut *transaction).await?;
        let event = sqlx::query(sql::INSERT_EVENT).bind(Uuid::now_v7()).bind(super::MOVED);
        event.bind(vec![0_u8; self.sizes.event]).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(BookAppointmentResponse { appointment: Some(Appointment { name: asked.name, ..Appointment::default() }) })
    }
}

/// Its referrals.
#[derive(Debug, Clone)]
pub(super) struct Referrals(pub(super) Bare);

/// Its appointments.
#[derive(Debug, Clone)]
pub(super) struct Appointments(pub(super) Bare);

impl NamedService for Referrals {
    const NAME: &'static str = "relais.referral.v1.ReferralService";
}

impl NamedService for Appointments {
    const NAME: &'static str = "relais.scheduling.v1.SchedulingService";
}

impl Service<http::Request<Body>> for Referrals {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.0.clone();
        if request.uri().path().ends_with("/GetReferral") {
            return unary(request, move |asked| bare.clone().get(asked));
        }
        unary(request, move |asked| bare.clone().create(asked))
    }
}

impl Service<http::Request<Body>> for Appointments {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let bare = self.0.clone();
        unary(request, move |asked| bare.clone().book(asked))
    }
}

/// One call, as generated code serves it.
pub(in crate::bench) fn unary<Q, A, F>(
    request: http::Request<Body>,
    answer: impl Fn(Q) -> F + Send + Sync + 'static,
) -> BoxFuture<http::Response<Body>, Infallible>
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
    F: Future<Output = Result<A>> + Send + 'static,
{
    let service = tower::service_fn(move |request: Request<Q>| {
        let answering = answer(request.into_inner());
        async move { answering.await.map(Response::new).map_err(|error| Status::internal(format!("{error:#}"))) }
    });
    Box::pin(async move { Ok(Grpc::new(ProstCodec::<A, Q>::default()).unary(service, request).await) })
}

/// Its tables, for the first time.
pub(super) async fn make_tables(pool: &PgPool) -> Result<()> {
    sqlx::raw_sql(sql::TABLES).execute(pool).await.context("tables of the limit")?;
    Ok(())
}
