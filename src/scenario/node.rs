//! The nodes of a scenario, by kind.

use super::{Balancer, Clients, Database, Monitor, Queue, Service, Text};
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

impl Node {
    /// Its name, if it has one beside its key.
    pub fn name(&self) -> Option<&Text> {
        match self {
            Node::Clients(clients) => clients.name.as_ref(),
            Node::Balancer(balancer) => balancer.name.as_ref(),
            Node::Service(service) => service.name.as_ref(),
            Node::Database(database) => database.name.as_ref(),
            Node::Queue(queue) => queue.name.as_ref(),
            Node::Monitor(monitor) => monitor.name.as_ref(),
        }
    }
}
