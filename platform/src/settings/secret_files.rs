//! Secrets out of files: `RELAIS__DATABASE__URL_FILE` names a file that holds `database.url`, as orchestrators hand secrets over.
//!
//! An environment is seen by whoever may look at the process, and lands in dumps of it; a file has an owner and a mode.

use config::{ConfigError, Map};

/// The settings that may stand in a file, by their name in the environment.
const SECRETS: [&str; 6] = [
    "RELAIS__DATABASE__URL",
    "RELAIS__DATABASE__OWNER_URL",
    "RELAIS__DATABASE__ADMIN_URL",
    "RELAIS__BROKER__URL",
    "RELAIS__AUTH__TOKEN_KEY",
    "RELAIS__MAIL__URL",
];

/// Replaces each name of a file by what stands in it, without the end of its last line.
///
/// # Errors
/// A file that cannot be read, or a secret that is given both ways: the message names the variable, never what it holds.
pub(super) fn read(mut pairs: Map<String, String>) -> Result<Map<String, String>, ConfigError> {
    for secret in SECRETS {
        let variable = format!("{secret}_FILE");
        let Some(file) = pairs.remove(&variable).filter(|file| !file.is_empty()) else { continue };
        if pairs.get(secret).is_some_and(|value| !value.is_empty()) {
            return Err(ConfigError::Message(format!("{secret} and {variable} are both set: one alone")));
        }
        let text = std::fs::read_to_string(&file)
            .map_err(|error| ConfigError::Message(format!("{variable}: {file}: {error}")))?;
        pairs.insert(secret.to_string(), text.trim_end().to_string());
    }
    Ok(pairs)
}
