//! A gate before a server: a TCP port of its own that lets connections through while it is open, and cuts them all when it
//! closes.

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
    open: watch::Sender<bool>,
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
        let open = watch::Sender::new(false);
        let state = open.subscribe();
        tokio::spawn(async move {
            while let Ok((inbound, _)) = listener.accept().await {
                tokio::spawn(pass(inbound, target.clone(), state.clone()));
            }
        });
        Ok(Self { address, open })
    }

    /// Lets connections through.
    pub fn open(&self) {
        self.open.send_replace(true);
    }

    /// Cuts all connections, and takes no more.
    pub fn close(&self) {
        self.open.send_replace(false);
    }

    /// The URL, by way of the gate.
    pub fn url(&self, url: &Url) -> Url {
        let mut by = url.clone();
        // Neither setter can fail on a URL with a host.
        let _ = (by.set_host(Some("127.0.0.1")), by.set_port(Some(self.address.port())));
        by
    }
}

async fn pass(mut inbound: TcpStream, target: (String, u16), mut open: watch::Receiver<bool>) {
    if !*open.borrow() {
        return;
    }
    if let Ok(mut outbound) = TcpStream::connect(target).await {
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut inbound, &mut outbound) => {}
            _ = open.wait_for(|open| !open) => {}
        }
    }
}
