//! The fixed wiring of a run: which nodes, pools, calls and classes exist, under which index.
//!
//! Nothing here appears or vanishes while a run goes on; every number, switch and policy may
//! change. Observations name things by these indices, and reports translate them back to names.

/// Index of a node, in the order of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeIndex(pub u16);

/// Index of a thread pool over all nodes. A database has one, its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PoolIndex(pub u16);

/// Index of a call over all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeIndex(pub u16);

/// Index of a cache over all services.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CacheIndex(pub u16);

/// Index of a class of users over all client populations. A population without classes has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClassIndex(pub u16);

/// Index of an alarm over all monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmIndex(pub u16);

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
    /// A message broker.
    Queue,
    /// A monitor.
    Monitor,
}

impl NodeKind {
    /// Whether it does work for others: a service, a database or a broker.
    pub fn is_station(self) -> bool {
        matches!(self, NodeKind::Service | NodeKind::Database | NodeKind::Queue)
    }
}

/// What a service or a database has to do with data.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DataKinds {
    /// Records come from its programs.
    pub records: bool,
    /// Its programs may keep records in a spool.
    pub spool: bool,
    /// It stores records.
    pub stores: bool,
    /// It keeps messages.
    pub queue: bool,
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
    /// The service or database that does the work (the callee itself, or what is behind the
    /// balancer).
    pub station: NodeIndex,
}

/// A cache of a service.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredCache {
    /// The service.
    pub node: NodeIndex,
    /// Its key in the service.
    pub key: String,
}

/// A class of users.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredClass {
    /// The population.
    pub node: NodeIndex,
    /// Its key; `all` in a population without classes.
    pub key: String,
}

/// An alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct WiredAlarm {
    /// The monitor.
    pub node: NodeIndex,
    /// Its key.
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
    /// By [`CacheIndex`].
    pub caches: Vec<WiredCache>,
    /// By [`AlarmIndex`].
    pub alarms: Vec<WiredAlarm>,
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

    /// `node.pool`.
    pub fn pool_name(&self, index: PoolIndex) -> String {
        let pool = self.pool(index);
        format!("{}.{}", self.node(pool.node).key, pool.key)
    }

    /// `node.call`.
    pub fn edge_name(&self, index: EdgeIndex) -> String {
        let edge = self.edge(index);
        format!("{}.{}", self.node(edge.owner).key, edge.key)
    }

    /// `node.class`.
    pub fn class_name(&self, index: ClassIndex) -> String {
        let class = self.class(index);
        format!("{}.{}", self.node(class.node).key, class.key)
    }

    /// `node.cache`.
    pub fn cache_name(&self, index: CacheIndex) -> String {
        let cache = &self.caches[usize::from(index.0)];
        format!("{}.{}", self.node(cache.node).key, cache.key)
    }

    /// `monitor.alarm`.
    pub fn alarm_name(&self, index: AlarmIndex) -> String {
        let alarm = &self.alarms[usize::from(index.0)];
        format!("{}.{}", self.node(alarm.node).key, alarm.key)
    }

    /// The alarms of a monitor.
    pub fn alarms_of(&self, node: NodeIndex) -> impl Iterator<Item = AlarmIndex> + '_ {
        let alarms = self.alarms.iter().enumerate().filter(move |(_, alarm)| alarm.node == node);
        alarms.map(|(index, _)| AlarmIndex(index as u16))
    }

    /// The nodes with their indices.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeIndex, &WiredNode)> {
        self.nodes.iter().enumerate().map(|(index, node)| (NodeIndex(index as u16), node))
    }

    /// The services and databases.
    pub fn stations(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.nodes().filter(|(_, node)| node.kind.is_station()).map(|(index, _)| index)
    }

    /// The pools of a node.
    pub fn pools_of(&self, node: NodeIndex) -> impl Iterator<Item = PoolIndex> + '_ {
        let pools = self.pools.iter().enumerate().filter(move |(_, pool)| pool.node == node);
        pools.map(|(index, _)| PoolIndex(index as u16))
    }

    /// The caches of a service.
    pub fn caches_of(&self, node: NodeIndex) -> impl Iterator<Item = CacheIndex> + '_ {
        let caches = self.caches.iter().enumerate().filter(move |(_, cache)| cache.node == node);
        caches.map(|(index, _)| CacheIndex(index as u16))
    }

    /// The calls that a node makes.
    pub fn edges_of(&self, node: NodeIndex) -> impl Iterator<Item = EdgeIndex> + '_ {
        let edges = self.edges.iter().enumerate().filter(move |(_, edge)| edge.owner == node);
        edges.map(|(index, _)| EdgeIndex(index as u16))
    }

    /// The classes of a population.
    pub fn classes_of(&self, node: NodeIndex) -> impl Iterator<Item = ClassIndex> + '_ {
        let classes = self.classes.iter().enumerate().filter(move |(_, class)| class.node == node);
        classes.map(|(index, _)| ClassIndex(index as u16))
    }

    /// All pools.
    pub fn pools(&self) -> impl Iterator<Item = PoolIndex> + use<> {
        (0..self.pools.len() as u16).map(PoolIndex)
    }

    /// All caches.
    pub fn caches(&self) -> impl Iterator<Item = CacheIndex> + use<> {
        (0..self.caches.len() as u16).map(CacheIndex)
    }

    /// All calls.
    pub fn edges(&self) -> impl Iterator<Item = EdgeIndex> + use<> {
        (0..self.edges.len() as u16).map(EdgeIndex)
    }

    /// All classes of users.
    pub fn classes(&self) -> impl Iterator<Item = ClassIndex> + use<> {
        (0..self.classes.len() as u16).map(ClassIndex)
    }

    /// All alarms.
    pub fn alarms(&self) -> impl Iterator<Item = AlarmIndex> + use<> {
        (0..self.alarms.len() as u16).map(AlarmIndex)
    }
}
