//! The nodes of a scenario, by kind.

use super::{Balancer, Clients, Database, Monitor, Queue, Service};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A node of the system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "there are few nodes, and nobody moves them about")]
pub enum Node {
    /// Users who send requests.
    Clients(Clients),
    /// Spreads calls over the servers of one service.
    Balancer(Balancer),
    /// Servers that run a program.
    Service(Service),
    /// A database server.
    Database(Database),
    /// A message broker with one queue.
    Queue(Queue),
    /// Watches over services and raises alarms.
    Monitor(Monitor),
}
