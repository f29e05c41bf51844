//! Connections: only so many at once, and only of peers that begin to speak.
//!
//! Neither hyper nor tonic ends a connection whose peer never finishes its greeting, and a server that drains would wait for it. So
//! nothing is handed on before the first bytes have come: of HTTP/2's preface, or of a TLS hello.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    time::{Sleep, sleep, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::server::{Connected, TcpConnectInfo};

use crate::settings::{Server, millis};

/// HTTP/2's preface (RFC 9113, 3.4); a TLS hello is longer.
const GREETING: usize = 24;
/// How often to look whether more of it has come.
const LOOK: Duration = Duration::from_millis(10);
/// After an error of the listener, such as too few file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes connections until nobody wants them any more.
pub(super) fn incoming(listener: TcpListener, settings: &Server) -> ReceiverStream<io::Result<Peer>> {
    let (ready, taken) = mpsc::channel(1);
    let places = Arc::new(Semaphore::new(settings.max_connections.min(Semaphore::MAX_PERMITS)));
    let patience = millis(settings.handshake_ms);
    let age = settings.max_connection_age_ms.checked_mul(2).filter(|age| *age > 0).map(millis);
    tokio::spawn(async move {
        tokio::select! {
            () = ready.closed() => {}
            () = accept(&listener, &places, (patience, age), &ready) => {}
        }
    });
    ReceiverStream::new(taken)
}

async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
    (patience, age): (Duration, Option<Duration>),
    ready: &mpsc::Sender<io::Result<Peer>>,
) {
    // Who finds no place waits in the kernel's queue. The semaphore is never closed.
    while let Ok(place) = places.clone().acquire_owned().await {
        match listener.accept().await {
            Ok((stream, _)) => {
                let end = age.map(|age| Box::pin(sleep(age)));
                tokio::spawn(greet(Peer { stream, end, _place: place }, patience, ready.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Hands a connection on once its peer has begun to speak; else closes it.
async fn greet(peer: Peer, patience: Duration, ready: mpsc::Sender<io::Result<Peer>>) {
    let greeted = tokio::select! {
        greeted = timeout(patience, greeting(&peer.stream)) => greeted,
        () = ready.closed() => return,
    };
    match greeted {
        Ok(Ok(())) => {
            let _ = ready.send(Ok(peer)).await;
        }
        Ok(Err(_)) | Err(_) => tracing::debug!("a connection was closed whose peer did not speak"),
    }
}

async fn greeting(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0; GREETING];
    loop {
        match stream.peek(&mut first).await? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            GREETING => return Ok(()),
            _ => sleep(LOOK).await,
        }
    }
}

/// A connection and its place among those there may be.
#[derive(Debug)]
pub(super) struct Peer {
    stream: TcpStream,
    /// When it was told to go long ago, and still has a stream that does not end: whoever takes no answer would keep it for ever.
    end: Option<Pin<Box<Sleep>>>,
    _place: OwnedSemaphorePermit,
}

impl Connected for Peer {
    type ConnectInfo = TcpConnectInfo;

    fn connect_info(&self) -> TcpConnectInfo {
        self.stream.connect_info()
    }
}

impl AsyncRead for Peer {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let peer = self.get_mut();
        if peer.end.as_mut().is_some_and(|end| end.as_mut().poll(cx).is_ready()) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Pin::new(&mut peer.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Peer {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
