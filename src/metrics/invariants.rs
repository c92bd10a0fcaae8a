//! The invariants: what must hold of every run, whatever happens in it.
//!
//! They are judged at the end of each window and in every report, from counters that the meters keep
//! anyway and a [`Census`] of the model. All but the last three compare whole numbers:
//!
//! - conservation: what came is what has left and what is there (flow balance);
//! - Little's law over a finite horizon, as an identity: the integral of the number present is the sum
//!   of the times that each has stayed so far (Little 1961; Stidham 1974);
//! - the utilisation law: nothing is busy for longer than it was there;
//! - what is counted is there; nothing falls below zero; time never goes back; every figure is a number.

use super::Metrics;
use super::meter::Owner;
use super::series::owner_name;
use crate::census::Census;
use crate::engine::Time;
use crate::wiring::{AlarmIndex, ClassIndex, EdgeIndex, PoolIndex};

/// Most broken invariants that are kept; more say nothing new.
const MAX_BROKEN: usize = 50;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Law {
    /// Requests offered = ended, by outcome + in flight.
    Requests,
    /// Work arrived = refused + ended + present.
    Work,
    /// Attempts sent = ended, by outcome + on the wire.
    Attempts,
    /// Attempts = first tries + retries, and no more first tries than calls.
    Tries,
    /// Records born = stored + lost + under way.
    Records,
    /// Integral of the number present = sum of the times stayed.
    Little,
    /// What is counted = what the model finds when it counts anew.
    Census,
    /// Work that waits and work that holds threads are parts of the work present.
    Threads,
    /// Nothing was busy for longer than it was there.
    Utilisation,
    /// Nothing falls below zero.
    Levels,
    /// No alarm is told that has not occurred.
    Alarms,
    /// Time never goes back.
    Clock,
    /// Every figure is a number.
    Numbers,
}

impl Law {
    /// What is wrong where it is broken, in English.
    pub fn en(self) -> &'static str {
        match self {
            Law::Requests => "requests offered are not those ended and those in flight",
            Law::Work => "work arrived is not that refused, ended and present",
            Law::Attempts => "attempts sent are not those ended and those in flight",
            Law::Tries => "attempts are not first tries and retries",
            Law::Records => "records born are not those stored, lost and under way",
            Law::Little => "the times stayed do not add up to the number present over time",
            Law::Census => "what is counted is not what is there",
            Law::Threads => "more work waits and holds threads than is present",
            Law::Utilisation => "something was busy for longer than it was there",
            Law::Levels => "more left than had entered",
            Law::Alarms => "more alarms were told than occurred",
            Law::Clock => "time went back",
            Law::Numbers => "a figure is not a number",
        }
    }

    /// The same in Korean.
    pub fn ko(self) -> &'static str {
        match self {
            Law::Requests => "들어온 요청 수가 끝난 요청과 진행 중인 요청의 합과 다릅니다",
            Law::Work => "도착한 작업 수가 거절·종료·진행 중인 작업의 합과 다릅니다",
            Law::Attempts => "보낸 시도 수가 끝난 시도와 진행 중인 시도의 합과 다릅니다",
            Law::Tries => "시도 수가 첫 시도와 재시도의 합과 다릅니다",
            Law::Records => "생긴 레코드 수가 저장·유실·진행 중인 레코드의 합과 다릅니다",
            Law::Little => "머문 시간의 합이 시간에 따른 체류 수와 맞지 않습니다",
            Law::Census => "센 값이 실제와 다릅니다",
            Law::Threads => "대기 중이거나 스레드를 쥔 작업이 전체 작업보다 많습니다",
            Law::Utilisation => "있던 시간보다 더 오래 사용되었습니다",
            Law::Levels => "들어온 것보다 많이 나갔습니다",
            Law::Alarms => "발생한 것보다 많은 알람이 발송되었습니다",
            Law::Clock => "시간이 거꾸로 흘렀습니다",
            Law::Numbers => "숫자가 아닌 값이 있습니다",
        }
    }
}

/// An invariant that did not hold: there is a bug in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// When it was noticed.
    pub at: Time,
    /// Whose it is; none for the run as a whole.
    pub owner: Option<Owner>,
    /// Which one.
    pub law: Law,
}

/// Judges invariants, and keeps those that were broken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Judge {
    checks: u64,
    broken: Vec<Broken>,
    now: Time,
    owner: Option<Owner>,
}

impl Judge {
    /// Judges one invariant.
    pub fn demand(&mut self, law: Law, holds: bool) {
        self.checks += 1;
        let Judge { now: at, owner, .. } = *self;
        let known = |broken: &Broken| broken.owner == owner && broken.law == law;
        if !holds && self.broken.len() < MAX_BROKEN && !self.broken.iter().any(known) {
            self.broken.push(Broken { at, owner, law });
        }
    }

    /// How many were judged.
    pub fn checks(&self) -> u64 {
        self.checks
    }

    /// Those that did not hold, each once, at the first moment when it was noticed.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }
}

impl Metrics {
    /// The invariants judged so far.
    pub fn invariants(&self) -> &Judge {
        &self.judge
    }

    /// Judges all invariants at a moment between two events, and remembers what is broken.
    pub fn judge_invariants(&mut self, census: &Census) {
        let mut judge = std::mem::take(&mut self.judge);
        self.judge_all(&mut judge, Some(census));
        self.judge = judge;
    }

    /// What contradicts the invariants now, as far as it can be told without a census; empty
    /// unless model or metrics have a bug. Meant for a moment at which no event is half done.
    pub fn check_invariants(&self) -> Vec<String> {
        let mut judge = self.judge.clone();
        self.judge_all(&mut judge, None);
        judge.broken.iter().map(|broken| self.describe(broken)).collect()
    }

    /// Name of what a column or an invariant belongs to.
    pub fn owner_name(&self, owner: Owner) -> String {
        owner_name(self.wiring(), owner).0
    }

    /// A broken invariant in English.
    fn describe(&self, broken: &Broken) -> String {
        let place = broken.owner.map_or("run".to_owned(), |owner| self.owner_name(owner));
        format!("{place}: {}", broken.law.en())
    }

    fn judge_all(&self, judge: &mut Judge, census: Option<&Census>) {
        judge.now = Time(self.now);
        for (index, meter) in (0u16..).zip(&self.classes) {
            judge.owner = Some(Owner::Class(ClassIndex(index)));
            meter.judge(self.now, census.map(|census| census.classes[usize::from(index)]), judge);
        }
        for (index, meter) in (0u16..).zip(&self.pools) {
            judge.owner = Some(Owner::Pool(PoolIndex(index)));
            meter.judge(self.now, census.map(|census| census.pools[usize::from(index)]), judge);
        }
        for (index, meter) in (0u16..).zip(&self.edges) {
            judge.owner = Some(Owner::Edge(EdgeIndex(index)));
            meter.judge(self.now, census.map(|census| census.edges[usize::from(index)]), judge);
        }
        for index in self.wiring().stations() {
            judge.owner = Some(Owner::Node(index));
            let counted = census.map(|census| census.stations[usize::from(index.0)]);
            self.station(index).judge(self.now, counted, judge);
        }
        for (index, meter) in (0u16..).zip(&self.alarms) {
            judge.owner = Some(Owner::Alarm(AlarmIndex(index)));
            meter.judge(judge);
        }
        judge.owner = self.table.nonsense().map(Owner::Node);
        judge.demand(Law::Numbers, judge.owner.is_none());
        judge.owner = None;
        judge.demand(Law::Clock, !self.went_back);
    }
}
