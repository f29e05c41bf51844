//! How many keys an older master key still wraps, as a metric: while there are any, that master key is needed.

use std::sync::LazyLock;

use opentelemetry::{global, metrics::Gauge};

static STALE: LazyLock<Gauge<i64>> =
    LazyLock::new(|| global::meter("relais").i64_gauge("relais.vault.stale.keys").with_unit("{key}").build());

/// So many keys of this service are wrapped by an older master key than the newest.
pub fn tell_stale(keys: i64) {
    STALE.record(keys, &[]);
}
