//! An issuer's key server: HTTP on a port of its own, that counts how often it is asked and misbehaves when told to.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::SigningKey;

/// How the server answers.
#[derive(Debug, Clone)]
pub enum Answer {
    /// A status and a body.
    Body(u16, String),
    /// To another address.
    Redirect(String),
    /// A body without an end.
    Endless,
    /// Not at all.
    Silence,
    /// The connection is cut.
    Cut,
}

/// Serves a JWKS.
pub struct JwksServer {
    /// Where it listens.
    pub address: SocketAddr,
    answer: watch::Sender<Answer>,
    fetches: Arc<AtomicUsize>,
}

impl JwksServer {
    /// A server with these keys.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(keys: &[&SigningKey]) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let answer = watch::Sender::new(of_keys(keys));
        let fetches = Arc::<AtomicUsize>::default();
        let (answers, count) = (answer.subscribe(), fetches.clone());
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, answers.clone(), count.clone()));
            }
        });
        Ok(Self { address, answer, fetches })
    }

    /// Its address as `auth.jwks_url`.
    pub fn url(&self) -> String {
        format!("http://{}/jwks.json", self.address)
    }

    /// Serves these keys from now on.
    pub fn rotate(&self, keys: &[&SigningKey]) {
        self.answer.send_replace(of_keys(keys));
    }

    /// Answers so from now on.
    pub fn answer(&self, answer: Answer) {
        self.answer.send_replace(answer);
    }

    /// How often it was asked.
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

fn of_keys(keys: &[&SigningKey]) -> Answer {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    Answer::Body(200, json!({"keys": keys}).to_string())
}

async fn serve(mut connection: TcpStream, answers: watch::Receiver<Answer>, fetches: Arc<AtomicUsize>) -> Result<()> {
    let mut asked = Vec::new();
    while !asked.ends_with(b"\r\n\r\n") {
        asked.push(connection.read_u8().await?);
    }
    fetches.fetch_add(1, Ordering::SeqCst);
    let answer = answers.borrow().clone();
    // Long enough for many callers to come while one of them asks.
    tokio::time::sleep(Duration::from_millis(100)).await;
    match answer {
        Answer::Body(status, body) => {
            let head = format!("HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
            connection.write_all(format!("{head}{body}").as_bytes()).await?;
        }
        Answer::Redirect(to) => {
            let head = format!("HTTP/1.1 302 -\r\nlocation: {to}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
            connection.write_all(head.as_bytes()).await?;
        }
        Answer::Endless => {
            connection.write_all(b"HTTP/1.1 200 -\r\nconnection: close\r\n\r\n").await?;
            while connection.write_all(&[b' '; 4096]).await.is_ok() {}
        }
        Answer::Silence => tokio::time::sleep(Duration::from_secs(60)).await,
        Answer::Cut => {}
    }
    connection.shutdown().await?;
    Ok(())
}
