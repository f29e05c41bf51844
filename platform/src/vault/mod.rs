//! The vault's cryptography: what is encrypted so that only the holder of a key outside the database reads it.
//!
//! Three keys stand one above another. A patient's key encrypts the patient's data; the organisation's key encrypts
//! patients' keys; a master key, which no database holds, encrypts organisations' keys ([`KeyService`]). To rotate the master
//! key is to encrypt a few organisations' keys again; to erase a person is to destroy one key.
//!
//! All is AES-256-GCM with random nonces of 96 bits. What a ciphertext is for is bound into it ([`Place`]): moved to another
//! row, column, table or organisation it does not open.

mod key;
mod master;
mod stale;

pub use key::{Key, Place, Sealed, TokenKey};
pub use master::{KeyService, MasterKeys};
pub use stale::tell_stale;
