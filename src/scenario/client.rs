//! Client populations: who sends requests, when, and what they do when a request fails.

use super::{Arrivals, Call, Distribution, Text};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A population of users. Response time is measured from the intended arrival.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Clients {
    /// Name shown on the page; the key of the node where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// When requests arrive.
    pub arrivals: Arrivals,
    /// Calls that these clients make, by name.
    #[schemars(extend("minProperties" = 1, "maxProperties" = 50))]
    pub calls: IndexMap<String, Call>,
    /// Classes of users; without any, all users make the first call.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    #[schemars(extend("maxProperties" = 20))]
    pub classes: IndexMap<String, Class>,
    /// Users who press refresh when a request fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh>,
}

/// A class of users.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// Name shown on the page; the key of the class where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// Share of the population; the shares of all classes make 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub share: f64,
    /// Which of the population's calls they make.
    #[schemars(length(min = 1, max = 64))]
    pub call: String,
    /// Rank where a pool serves by priority; 0 is served first.
    #[serde(default)]
    #[schemars(range(min = 0, max = 9))]
    pub priority: u8,
    /// They are new here: without an account, so that only the identity provider can let them in at a
    /// `login` step.
    #[serde(default)]
    pub new_users: bool,
}

/// What users do when a request was not answered: they press refresh.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    /// Chance that a user whose request did not succeed presses refresh.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub probability: f64,
    /// Pause before the refresh.
    pub delay: Distribution,
    /// A user gives up after this many refreshes of one page.
    #[serde(default = "default_refreshes")]
    #[schemars(range(min = 1, max = 100))]
    pub max_refreshes: u32,
    /// Share of users who know from a notice elsewhere (a chat channel, a push message, a static page)
    /// that the service is down: they do not press refresh.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0))]
    pub notice_ratio: f64,
}

fn default_refreshes() -> u32 {
    5
}
