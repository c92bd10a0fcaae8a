//! The fixed wiring of a run: which nodes, pools, calls and classes exist, under which index.
//!
//! Nothing here appears or vanishes while a run goes on; every number, switch and policy may change.
//! Observations name things by these indices, and reports translate them back to names.

/// Index of a node, in the order of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u16);

/// Index of a thread pool over all nodes. A database has one, its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolIndex(pub u16);

/// Index of a call over all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeIndex(pub u16);

/// Index of a class of users over all client populations. A population without classes has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub u16);

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A client population.
    Clients,
    /// A balancer.
    Balancer,
    /// A service.
    Service,
    /// A database.
    Database,
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredNode {
    /// Its key in the scenario.
    pub key: String,
    /// What it is.
    pub kind: NodeKind,
}

/// A thread pool.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredPool {
    /// The service or database that it belongs to.
    pub node: NodeIndex,
    /// Its key in the service; `sessions` in a database.
    pub key: String,
}

/// A call.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredEdge {
    /// The calling node.
    pub owner: NodeIndex,
    /// Its key in the calling node.
    pub key: String,
    /// The node it names as its callee: a balancer, a service or a database.
    pub callee: NodeIndex,
    /// The service or database that does the work (the callee itself, or what is behind the balancer).
    pub station: NodeIndex,
}

/// A class of users.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredClass {
    /// The population.
    pub node: NodeIndex,
    /// Its key; `all` in a population without classes.
    pub key: String,
}

/// Everything that exists in a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wiring {
    /// By [`NodeIndex`].
    pub nodes: Vec<WiredNode>,
    /// By [`PoolIndex`].
    pub pools: Vec<WiredPool>,
    /// By [`EdgeIndex`].
    pub edges: Vec<WiredEdge>,
    /// By [`ClassIndex`].
    pub classes: Vec<WiredClass>,
}

impl Wiring {
    /// The node of that index.
    pub fn node(&self, index: NodeIndex) -> &WiredNode {
        &self.nodes[usize::from(index.0)]
    }

    /// The pool of that index.
    pub fn pool(&self, index: PoolIndex) -> &WiredPool {
        &self.pools[usize::from(index.0)]
    }

    /// The call of that index.
    pub fn edge(&self, index: EdgeIndex) -> &WiredEdge {
        &self.edges[usize::from(index.0)]
    }

    /// The class of that index.
    pub fn class(&self, index: ClassIndex) -> &WiredClass {
        &self.classes[usize::from(index.0)]
    }

    /// The node of that key.
    pub fn node_named(&self, key: &str) -> Option<NodeIndex> {
        let position = self.nodes.iter().position(|node| node.key == key)?;
        Some(NodeIndex(position as u16))
    }
}
