//! Randomness from the operating system's generator, for numbers that must not be guessed.

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
