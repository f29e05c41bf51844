//! `relais.referral.v1.VaultService`.

use relais_platform::{
    Context,
    grpc::{Answer, answer},
};
use relais_proto::referral::v1::{RotateKeysRequest, RotateKeysResponse, vault_service_server::VaultService};
use tonic::Request;

use crate::app::identity::{RotateKeys, Vault};

/// Serves the vault's keys.
pub(super) struct Keys(pub Context);

#[tonic::async_trait]
impl VaultService for Keys {
    async fn rotate_keys(&self, request: Request<RotateKeysRequest>) -> Answer<RotateKeysResponse> {
        let (call, _) = self.0.open(request)?;
        let vault = Vault::new(self.0.key_service()?);
        let mut rewrapped_count = 0;
        loop {
            // Each batch is a transaction of its own; one that another caller is at is passed over.
            match self.0.read(call.clone(), RotateKeys(vault.clone())).await? {
                0 => break,
                count => rewrapped_count += count,
            }
        }
        answer(RotateKeysResponse { rewrapped_count, master_key_version: vault.newest() })
    }
}
