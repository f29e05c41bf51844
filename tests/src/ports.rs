//! Ports for programs that are started again where they listened before.

use std::net::{SocketAddr, TcpListener};

use anyhow::{Result, ensure};

/// Below those that Linux gives to outgoing connections: one of these may be taken while its program is down.
const RANGE: std::ops::Range<u16> = 20_000..32_000;

/// Addresses on which nobody listens, each another.
///
/// # Errors
/// When there are none.
pub(crate) fn free<const N: usize>() -> Result<[SocketAddr; N]> {
    // All are held until all are known, so that none is drawn twice.
    let mut held = Vec::new();
    for _ in 0..1000 {
        if held.len() == N {
            break;
        }
        held.extend(TcpListener::bind(("127.0.0.1", fastrand::u16(RANGE))).ok());
    }
    ensure!(held.len() == N, "no free ports");
    let mut addresses = [SocketAddr::from(([127, 0, 0, 1], 0)); N];
    for (address, listener) in addresses.iter_mut().zip(&held) {
        *address = listener.local_addr()?;
    }
    Ok(addresses)
}
