//! Randomness from the operating system's generator, for numbers that must not be guessed.

use std::time::Duration;

use aws_lc_rs::rand;

use crate::error::{Error, Result};

/// 64 random bits.
///
/// # Errors
/// INTERNAL when the operating system has none to give.
pub fn bits() -> Result<u64> {
    let mut bytes = [0_u8; 8];
    rand::fill(&mut bytes).map_err(|_| Error::internal(anyhow::anyhow!("no randomness")))?;
    Ok(u64::from_be_bytes(bytes))
}

/// A random wait up to `most`, so that those who collided do not collide again.
pub fn jitter(most: Duration) -> Duration {
    // Without randomness all wait alike, which is only slower.
    let share = bits().map_or(1.0, |bits| (bits >> 11) as f64 / (1_u64 << 53) as f64);
    most.mul_f64(share)
}
