//! Meter of a service or a database: its servers, cores, disks and how its requests spread over
//! them.

use super::NodeSetup;
use super::data::DataMeter;
use super::histogram::{Buckets, Distribution, WindowedBuckets};
use super::identity::IdentityMeter;
use super::invariants::{Judge, Law};
use super::level::{Heights, Level, SmoothLevel, Tally};
use super::memory::MemoryMeter;
use super::meter::{Owner, Sink, Span, quantile_ms, share};
use super::pool::{PoolMeter, Work};
use super::replication::ReplicationMeter;
use super::spread::Spread;
use super::stored::StoredMeter;
use crate::census::AtStation;
use crate::engine::Time;
use crate::observation::DownCause;

/// What is counted.
const SCALED_OUT: usize = 0;
const SCALED_IN: usize = 1;
const ALARMED: usize = 2;
const ROLLED_BACK: usize = 3;
const COUNTS: usize = 4;

/// The first time that a server of a node went down by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstDown {
    /// When.
    pub at: Time,
    /// Which server.
    pub server: u32,
    /// Why.
    pub cause: DownCause,
}

/// Meter of a service or a database.
#[derive(Clone, Debug, Default)]
pub struct StationMeter {
    servers: Level,
    up: Level,
    /// How long how many servers were up.
    up_times: Heights,
    /// How often the number of servers that were up fell below each number, since the warm-up.
    falls: Vec<u32>,
    cores_per_server: Option<u32>,
    /// Cores of all servers that are up.
    cores: Level,
    cores_busy: SmoothLevel,
    response: Distribution,
    window: Buckets,
    spells: WindowedBuckets,
    spread: Spread,
    /// Bytes in use per server.
    disks: Vec<u64>,
    disk_full_at: Option<Time>,
    memory: MemoryMeter,
    automation: Tally<COUNTS>,
    first_down: Option<FirstDown>,
    data: DataMeter,
    stored: StoredMeter,
    identity: IdentityMeter,
    /// Of a database.
    copies: ReplicationMeter,
}

impl StationMeter {
    /// A station as it begins.
    pub fn new(setup: NodeSetup) -> StationMeter {
        let NodeSetup { servers, up, cores: cores_per_server, data, logins } = setup;
        StationMeter {
            data: DataMeter::new(data),
            servers: Level::new(servers),
            up: Level::new(up),
            cores_per_server,
            cores: Level::new(cores_per_server.unwrap_or(0).saturating_mul(up)),
            identity: IdentityMeter::new(logins),
            ..StationMeter::default()
        }
    }

    /// Work arrived at a server.
    #[inline]
    pub fn arrived(&mut self, server: u32) {
        self.spread.arrived(server);
    }

    /// Work that had started ended.
    #[inline]
    pub fn ended(&mut self, took: u64, measuring: bool) {
        self.window.record(took);
        if measuring {
            self.response.record(took);
        }
    }

    /// Cores in use over all servers, from now on.
    #[inline]
    pub fn cores_busy(&mut self, now: u64, cores: f64) {
        self.cores_busy.set(now, cores);
    }

    /// Servers that exist and that are up, from now on.
    pub fn servers_changed(&mut self, now: u64, servers: u32, up: u32) {
        self.rotation_changed(now);
        self.up_times.stood(now, self.up.value());
        let (least, most) = (up as usize, self.up.value() as usize);
        if most > self.falls.len() {
            self.falls.resize(most, 0);
        }
        self.falls.iter_mut().take(most).skip(least).for_each(|falls| *falls += 1);
        self.servers.set(now, servers);
        self.up.set(now, up);
        self.resize_cores(now, self.cores_per_server);
    }

    /// The servers that receive requests may be others from now on.
    pub fn rotation_changed(&mut self, now: u64) {
        self.spread.start_spell(now, self.up.value());
    }

    /// The number of cores per server changed.
    pub fn resize_cores(&mut self, now: u64, cores_per_server: Option<u32>) {
        self.cores_per_server = cores_per_server;
        self.cores.set(now, cores_per_server.unwrap_or(0).saturating_mul(self.up.value()));
    }

    /// A server went down.
    pub fn down(&mut self, at: Time, server: u32, cause: DownCause) {
        if cause == DownCause::OutOfMemory {
            self.memory.ran_out(at);
        }
        // What an operator stops has not failed.
        if cause != DownCause::Stopped && self.first_down.is_none() {
            self.first_down = Some(FirstDown { at, server, cause });
        }
    }

    /// Bytes in use on the disk of a server.
    pub fn disk_used(&mut self, server: u32, bytes: u64) {
        let server = server as usize;
        if server >= self.disks.len() {
            self.disks.resize(server + 1, 0);
        }
        self.disks[server] = bytes;
    }

    /// A log write found no room.
    pub fn disk_full(&mut self, now: Time) {
        self.disk_full_at.get_or_insert(now);
    }

    /// An autoscaler added servers, or took some away.
    pub fn scaled(&mut self, out: bool) {
        self.automation.count(if out { SCALED_OUT } else { SCALED_IN });
    }

    /// A governor raised its alarm.
    pub fn governor_alarmed(&mut self) {
        self.automation.count(ALARMED);
    }

    /// A release was taken back.
    pub fn rolled_back(&mut self) {
        self.automation.count(ROLLED_BACK);
    }

    /// How often a release was taken back, since the warm-up.
    pub fn rollbacks(&self) -> u64 {
        self.automation.measured(ROLLED_BACK)
    }

    /// How often an autoscaler added servers, since the warm-up.
    pub fn scale_outs(&self) -> u64 {
        self.automation.measured(SCALED_OUT)
    }

    /// How often an autoscaler took servers away, since the warm-up.
    pub fn scale_ins(&self) -> u64 {
        self.automation.measured(SCALED_IN)
    }

    /// Alarms of governors since the warm-up.
    pub fn governor_alarms(&self) -> u64 {
        self.automation.measured(ALARMED)
    }

    /// The copies of a database.
    pub fn copies(&self) -> &ReplicationMeter {
        &self.copies
    }

    /// The copies of a database, to tell them what happened.
    pub fn copies_mut(&mut self) -> &mut ReplicationMeter {
        &mut self.copies
    }

    /// Servers that exist.
    pub fn servers(&self) -> &Level {
        &self.servers
    }

    /// Servers that are up.
    pub fn up(&self) -> &Level {
        &self.up
    }

    /// Share of the time since the warm-up in which at least so many servers were up.
    pub fn up_share(&self, now: u64, servers: u32) -> Option<f64> {
        match servers.checked_sub(1) {
            Some(bound) => self.up_times.share_above(now, self.up.value(), bound),
            None => Some(1.0),
        }
    }

    /// How often the number of servers that were up fell below `servers`, since the warm-up.
    pub fn falls_below(&self, servers: u32) -> u32 {
        let index = servers.checked_sub(1).map(|index| index as usize);
        index.and_then(|index| self.falls.get(index)).copied().unwrap_or(0)
    }

    /// Cores of a server, if they are limited.
    pub fn cores_per_server(&self) -> Option<u32> {
        self.cores_per_server
    }

    /// Cores in use now.
    pub fn cores_in_use(&self) -> f64 {
        self.cores_busy.value()
    }

    /// Mean share of cores in use since the warm-up; none without a limit of cores.
    pub fn cpu_utilisation(&self, now: u64) -> Option<f64> {
        let capacity = self.cores.measured(now);
        (capacity > 0.0).then(|| share(self.cores_busy.measured(now), capacity))
    }

    /// Times from arrival to the end of the work, since the warm-up.
    pub fn response(&self) -> &Distribution {
        &self.response
    }

    /// The same in closed windows.
    pub fn spells(&self) -> &WindowedBuckets {
        &self.spells
    }

    /// How requests spread over the servers.
    pub fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Bytes in use on the fullest disk.
    pub fn disk(&self) -> u64 {
        self.disks.iter().copied().max().unwrap_or(0)
    }

    /// The memory of its servers.
    pub fn memory(&self) -> &MemoryMeter {
        &self.memory
    }

    /// The memory of its servers, to tell it what happened.
    pub fn memory_mut(&mut self) -> &mut MemoryMeter {
        &mut self.memory
    }

    /// Records.
    pub fn data(&self) -> &DataMeter {
        &self.data
    }

    /// Records, to count one.
    pub fn data_mut(&mut self) -> &mut DataMeter {
        &mut self.data
    }

    /// When the first disk was full.
    pub fn disk_full_at(&self) -> Option<Time> {
        self.disk_full_at
    }

    /// When the first server went down by itself.
    pub fn first_down(&self) -> Option<FirstDown> {
        self.first_down
    }

    /// What it stores.
    pub fn stored(&self) -> &StoredMeter {
        &self.stored
    }

    /// What it stores, to tell it something.
    pub fn stored_mut(&mut self) -> &mut StoredMeter {
        &mut self.stored
    }

    /// How users logged in.
    pub fn identity(&self) -> &IdentityMeter {
        &self.identity
    }

    /// How users logged in, to count more.
    pub fn identity_mut(&mut self) -> &mut IdentityMeter {
        &mut self.identity
    }

    fn levels(&mut self) -> [&mut Level; 3] {
        [&mut self.servers, &mut self.up, &mut self.cores]
    }

    /// Integrates levels up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.levels().into_iter().for_each(|level| level.settle(now));
        self.cores_busy.settle(now);
        self.memory.settle(now);
        self.data.settle(now);
        self.stored.settle(now);
        self.identity.settle(now);
        self.copies.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.levels().into_iter().for_each(Level::start_window);
        self.cores_busy.start_window();
        self.stored.start_window();
        self.memory.start_window();
        self.identity.start_window();
        self.automation.start_window();
        self.spells.push(&self.window);
        self.window.clear();
        self.spread.start_window();
        self.data.start_window();
        self.copies.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self, now: u64) {
        self.levels().into_iter().for_each(Level::end_warmup);
        self.cores_busy.end_warmup();
        self.data.end_warmup();
        self.stored.end_warmup();
        self.memory.end_warmup();
        self.identity.end_warmup();
        self.automation.end_warmup();
        self.up_times.end_warmup(now);
        self.falls.fill(0);
        self.spread.end_warmup(now);
        self.copies.end_warmup();
    }

    /// Judges the invariants.
    pub fn judge(&self, now: u64, counted: Option<AtStation>, judge: &mut Judge) {
        self.stored.judge(now, counted.map(|counted| counted.lock_waits), judge);
        judge.demand(Law::Levels, !self.memory.collecting().broken());
        let alone = self.identity.alone();
        judge.demand(Law::Levels, self.up.value() <= self.servers.value() && !alone.broken());
        let Some(counted) = counted else { return };
        let AtStation { cores_busy, up, .. } = counted;
        self.data.judge(counted, judge);
        judge.demand(Law::Census, up == u64::from(self.up.value()));
        if let Some(busy) = cores_busy {
            let used = self.cores_in_use();
            judge.demand(Law::Census, used == busy as f64);
            judge.demand(Law::Utilisation, used <= f64::from(self.cores.value()));
        }
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, pools: &[&PoolMeter], span: Span, sink: &mut Sink) {
        let work = pools.iter().fold(Work::default(), |sum, pool| sum.plus(pool.in_window()));
        let present: f64 = pools.iter().map(|pool| pool.present().in_window()).sum();
        let cpu = share(self.cores_busy.in_window(), self.cores.in_window());
        let collecting = share(self.memory.collecting().in_window(), self.up.in_window());
        let mut put = |name, unit, value| sink(owner, name, unit, value);
        put("offered", "per_s", span.rate(work.arrived));
        put("ok", "per_s", span.rate(work.ok));
        put("failed", "per_s", span.rate(work.failed));
        put("rejected", "per_s", span.rate(work.refused));
        put("wasted", "per_s", span.rate(work.wasted));
        let [p50, p95] = self.window.quantiles([0.50, 0.95]).map(quantile_ms);
        put("p50_ms", "ms", p50);
        put("p95_ms", "ms", p95);
        put("in_system", "count", span.mean(present));
        put("cpu", "ratio", cpu);
        put("servers_up", "count", f64::from(self.up.low()));
        put("servers", "count", span.mean(self.servers.in_window()));
        put("disk_used", "bytes", self.disk() as f64);
        put("heap_used", "bytes", self.memory.heap() as f64);
        put("gc", "ratio", collecting);
        self.data.columns(owner, span, sink);
        self.identity.columns(owner, span, sink);
    }
}
