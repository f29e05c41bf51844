//! A gate before a server: a TCP port of its own that lets connections through while it is open, cuts them all when it closes,
//! and holds back every byte while it is stalled, as a server does that is frozen.

use std::net::SocketAddr;

use anyhow::Result;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use url::Url;

/// A gate on a port of its own.
pub struct Gate {
    /// Where it listens.
    pub address: SocketAddr,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Stalled,
    Closed,
}

impl Gate {
    /// A closed gate before the server of `url`.
    ///
    /// # Errors
    /// When no port is free, or the URL names no host and port.
    pub async fn before(url: &Url) -> Result<Self> {
        let target = (url.host_str().unwrap_or("127.0.0.1").to_string(), url.port_or_known_default().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let sender = watch::Sender::new(State::Closed);
        let state = sender.subscribe();
        tokio::spawn(async move {
            while let Ok((inbound, _)) = listener.accept().await {
                tokio::spawn(pass(inbound, target.clone(), state.clone()));
            }
        });
        Ok(Self { address, state: sender })
    }

    /// Lets connections through.
    pub fn open(&self) {
        self.state.send_replace(State::Open);
    }

    /// Cuts all connections, and takes no more.
    pub fn close(&self) {
        self.state.send_replace(State::Closed);
    }

    /// Holds back every byte, of these connections and of new ones, until it closes.
    pub fn stall(&self) {
        self.state.send_replace(State::Stalled);
    }

    /// The URL, by way of the gate.
    pub fn url(&self, url: &Url) -> Url {
        let mut by = url.clone();
        // Neither setter can fail on a URL with a host.
        let _ = (by.set_host(Some("127.0.0.1")), by.set_port(Some(self.address.port())));
        by
    }
}

async fn pass(mut inbound: TcpStream, target: (String, u16), mut state: watch::Receiver<State>) {
    let now = *state.borrow();
    if now == State::Open
        && let Ok(mut outbound) = TcpStream::connect(target).await
    {
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut inbound, &mut outbound) => return,
            _ = state.wait_for(|state| *state != State::Open) => {}
        }
        // Held, not dropped: neither side hears of an end.
        let _ = state.wait_for(|state| *state == State::Closed).await;
    } else if now == State::Stalled {
        let _ = state.wait_for(|state| *state == State::Closed).await;
    }
}
