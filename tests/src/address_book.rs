//! An address book: what the referral service answers when it is asked where somebody is reached, over real gRPC, for tests of one
//! service alone. With the whole [`crate::Suite`], the referral service itself answers.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Result;
use relais_proto::referral::v1::{
    ResolveContactRequest, ResolveContactResponse, ResolveRecipientsRequest, ResolveRecipientsResponse,
    recipient_service_server::{RecipientService, RecipientServiceServer},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Answers a question.
pub type Answers = fn(&ResolveContactRequest) -> Result<ResolveContactResponse, Status>;

#[derive(Default)]
struct State {
    answers: Option<Answers>,
    asked: Vec<ResolveContactRequest>,
}

/// An address book.
#[derive(Clone)]
pub struct AddressBook {
    /// Where it listens.
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl AddressBook {
    /// A book that is down until it is told what to answer.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let book = Self { address: listener.local_addr()?, state: Arc::default() };
        let served = RecipientServiceServer::new(book.clone());
        let serving = tonic::transport::Server::builder().add_service(served);
        tokio::spawn(serving.serve_with_incoming(TcpListenerStream::new(listener)));
        Ok(book)
    }

    /// Its URL, for `peers.referral`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers so from here on.
    pub fn answer(&self, answers: Answers) {
        self.with(|state| state.answers = Some(answers));
    }

    /// All that was asked, in order.
    pub fn asked(&self) -> Vec<ResolveContactRequest> {
        self.with(|state| state.asked.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[tonic::async_trait]
impl RecipientService for AddressBook {
    async fn resolve_recipients(
        &self,
        _: Request<ResolveRecipientsRequest>,
    ) -> Result<Response<ResolveRecipientsResponse>, Status> {
        Err(Status::unimplemented("only addresses stand here"))
    }

    async fn resolve_contact(
        &self,
        request: Request<ResolveContactRequest>,
    ) -> Result<Response<ResolveContactResponse>, Status> {
        let token = request.metadata().get("authorization").and_then(|value| value.to_str().ok());
        if !token.is_some_and(|token| token.starts_with("Bearer ")) {
            return Err(Status::unauthenticated("a service says who it is"));
        }
        let asked = request.into_inner();
        let answers = self.with(|state| {
            state.asked.push(asked.clone());
            state.answers
        });
        let answers = answers.ok_or_else(|| Status::unavailable("the book is closed"))?;
        answers(&asked).map(Response::new)
    }
}
