//! A mail catcher (Mailpit), asked over its HTTP API for what it caught: for stories on a suite that was started elsewhere.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::Mail;

/// A mail catcher.
#[derive(Debug, Clone)]
pub struct Catcher {
    address: String,
}

impl Catcher {
    /// The one at `host:port`.
    pub fn new(address: &str) -> Self {
        Self { address: address.into() }
    }

    /// The mail that was sent to an address, in order.
    ///
    /// # Errors
    /// When the catcher does not answer.
    pub async fn mail_to(&self, address: &str) -> Result<Vec<Mail>> {
        let found: Value = serde_json::from_str(&self.get(&format!("/api/v1/search?query=to:{address}")).await?)?;
        let mut mails = Vec::new();
        // The newest stands first.
        for message in found["messages"].as_array().into_iter().flatten().rev() {
            let id = message["ID"].as_str().context("a mail without an id")?;
            let data = self.get(&format!("/api/v1/message/{id}/raw")).await?;
            mails.push(Mail { to: address.into(), data, taken: true });
        }
        Ok(mails)
    }

    /// A client of HTTP/1.0 is answered in one piece and hung up on: no more is needed here.
    async fn get(&self, path: &str) -> Result<String> {
        let mut stream = TcpStream::connect(&self.address).await.with_context(|| self.address.clone())?;
        let request = format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address);
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer of HTTP")?;
        let status = head.lines().next().unwrap_or_default();
        ensure!(status.contains(" 200"), "{path}: {status}");
        Ok(body.into())
    }
}
