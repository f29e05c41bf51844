//! What `./dev run --stay` leaves for `./dev token`: where the issuer's key is, and who can say what time it is.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, Result};
use chrono::TimeDelta;
use relais_proto::operations::v1::GetClockRequest;
use tonic::transport::Endpoint;

use crate::{Identity, Issuer, Session, Suite};

/// How long a service may take to tell its time.
const PATIENCE: Duration = Duration::from_secs(2);

/// The end of the year 9999: no clock is moved further.
const LAST: i64 = 253_402_300_799;

/// A suite that stays up.
pub struct Staying {
    /// Who issues its tokens.
    pub issuer: Issuer,
    addresses: Vec<String>,
}

impl Staying {
    /// Leaves a note of a suite in a folder.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn note(suite: &Suite, folder: &Path) -> Result<()> {
        let addresses: Vec<_> = suite.addresses().iter().map(|(_, address)| format!("http://{address}\n")).collect();
        std::fs::write(folder.join("addresses"), addresses.concat())?;
        let keys = suite.issuer.jwks().parent().context("the issuer's keys have no folder")?;
        Ok(std::fs::write(folder.join("issuer"), keys.display().to_string())?)
    }

    /// The suite that was noted there.
    ///
    /// # Errors
    /// When none was.
    pub fn read(folder: &Path) -> Result<Self> {
        let noted = |name: &str| std::fs::read_to_string(folder.join(name));
        let up = "the suite is not up yet: wait until ./dev run --stay shows its addresses";
        let keys = PathBuf::from(noted("issuer").context(up)?);
        let addresses = noted("addresses").context(up)?.lines().map(str::to_string).collect();
        Ok(Self { issuer: Issuer::open(&keys)?, addresses })
    }

    /// How far its clocks are ahead of the machine's, whoever moved them: the furthest one, for a token that has not expired there is
    /// good at the others. A service that is down tells nothing; then it is what the story noted.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub async fn ahead(&self) -> Result<TimeDelta> {
        let token = self.issuer.token_until(&Identity::new("issuer", "operator"), LAST)?;
        let mut furthest = self.issuer.ahead();
        for address in &self.addresses {
            let channel = Endpoint::from_shared(address.clone())?.connect_timeout(PATIENCE).timeout(PATIENCE);
            let session = Session::new(channel.connect_lazy(), &token)?;
            let Ok(answer) = session.operations().get_clock(GetClockRequest {}).await else { continue };
            let offset = answer.into_inner().offset.unwrap_or_default();
            furthest = furthest.max(TimeDelta::seconds(offset.seconds));
        }
        Ok(furthest)
    }
}
