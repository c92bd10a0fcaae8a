//! Caches of a service.

use super::Keys;
use crate::pattern::cache::{Eviction, TtlKind};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A cache in the memory of each server: empty when it boots, lost when it stops or crashes. A cache
/// that servers share, such as Redis, is a service of its own: its endpoint is a `cached` step around
/// the call to the database.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cache {
    /// What requests look for.
    pub keys: Keys,
    /// Whether it is in use; without it every request runs the steps inside.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Most entries; none means that only memory is a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_u64))]
    pub max_entries: Option<u64>,
    /// Most bytes of all entries together; none means that only memory is a bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_000_u64), extend("x-unit" = "bytes"))]
    pub max_bytes: Option<u64>,
    /// Size of an entry in memory.
    #[serde(default = "a_kilobyte")]
    #[schemars(range(min = 1, max = 1_000_000_000_u64), extend("x-unit" = "bytes"))]
    pub entry_bytes: u64,
    /// An entry expires after so long; none means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 1e12), extend("x-unit" = "ms"))]
    pub ttl_ms: Option<f64>,
    /// From when on an entry ages.
    #[serde(default)]
    pub ttl_kind: TtlKind,
    /// Which entry goes when the cache is full.
    #[serde(default)]
    pub eviction: Eviction,
    /// While one request fetches a key, others of the same server that miss it wait for its result
    /// with their threads, instead of fetching it as well. When the fetch fails, they fail alike.
    #[serde(default)]
    pub single_flight: bool,
    /// When fetching fails, an expired entry that is still there is good enough; the answer is
    /// degraded. Expired entries stay until others need their place.
    #[serde(default)]
    pub stale_if_error: bool,
    /// A key is kept from so many askings on; 1 keeps everything. The 65536 keys that were asked for
    /// last are remembered.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub admit_after: u32,
}

fn yes() -> bool {
    true
}

fn a_kilobyte() -> u64 {
    1_000
}

fn one() -> u32 {
    1
}
