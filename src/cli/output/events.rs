//! Everything that happens in a run, in its order: one JSON object per line, written while it happens.
//!
//! `at_s` is exact to the nanosecond, `event` says what happened, the other fields to whom and how.
//! `docs/events.md` lists them.

use crate::cli::problems::{Failure, note};
use brownout::engine::Time;
use brownout::model::Observer;
use brownout::observation::{BreakerState, DownCause, LabelIndex, Login, Observation, Outcome};
use brownout::run::Run;
use brownout::simulation::Simulation;
use brownout::wiring::{PoolIndex, Wiring};
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::io::{BufWriter, ErrorKind, Write};
use std::path::Path;
use std::rc::Rc;

/// Events of the model between two times that lines are written.
const EVENTS_AT_ONCE: u64 = 20_000;

/// Keeps what happens until it is written.
#[derive(Clone, Debug)]
struct Recorder(Rc<RefCell<Vec<(Time, Observation)>>>);

impl Observer for Recorder {
    const DETAILED: bool = true;

    fn observe(&mut self, now: Time, observation: Observation) {
        self.0.borrow_mut().push((now, observation));
    }
}

/// Runs, and writes what happens to a file or to standard output.
pub fn write(run: Run, file: Option<&Path>) -> Result<(), Failure> {
    let cannot = |name: &str, error: std::io::Error| {
        Failure::Outside(format!("cannot write {name}: {error}"))
    };
    let name = file.map_or("standard output".to_owned(), |path| path.display().to_string());
    let out: Box<dyn Write> = match file {
        Some(path) => Box::new(std::fs::File::create(path).map_err(|error| cannot(&name, error))?),
        None => Box::new(std::io::stdout().lock()),
    };
    match write_to(run, BufWriter::new(out)) {
        // A reader that has had enough, such as `head`, is no error.
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(cannot(&name, error)),
        _ => Ok(()),
    }
}

fn write_to(run: Run, mut out: impl Write) -> std::io::Result<()> {
    let seed = run.seed;
    let seen = Rc::new(RefCell::new(Vec::new()));
    let recorder = Recorder(Rc::clone(&seen));
    let mut simulation = Simulation::observed(run, |_| recorder);
    loop {
        simulation.run_until(Time::NEVER, EVENTS_AT_ONCE);
        let (plan, labels) = (simulation.world().plan(), simulation.world().labels());
        for (at, observation) in seen.borrow_mut().drain(..) {
            if let Some(line) = line(at, observation, &plan.wiring, labels) {
                writeln!(out, "{line}")?;
            }
        }
        if simulation.is_done() {
            break;
        }
    }
    if let Some(why) = simulation.stopped_early() {
        note(&format!("seed {seed}: stopped early: {why}"));
    }
    out.flush()
}

/// Names for the indices of observations.
struct Names<'a> {
    wiring: &'a Wiring,
    labels: &'a [String],
}

impl Names<'_> {
    fn pool(&self, pool: PoolIndex) -> Value {
        json!({"pool": self.wiring.pool_name(pool)})
    }

    fn label(&self, label: LabelIndex) -> &str {
        &self.labels[label.0 as usize]
    }
}

/// The line of an observation. None for what follows from others: queue lengths, threads, cores.
fn line(at: Time, observation: Observation, wiring: &Wiring, labels: &[String]) -> Option<Value> {
    let names = Names { wiring, labels };
    let found = of_calls(observation, &names).or_else(|| of_work(observation, &names));
    let found = found.or_else(|| of_caches(observation, &names));
    let found = found.or_else(|| of_servers(observation, &names));
    let (event, fields) = found.or_else(|| of_monitors(observation, &names))?;
    let mut line = Map::new();
    line.insert("at_s".to_owned(), json!(at.seconds()));
    line.insert("event".to_owned(), json!(event));
    let Value::Object(fields) = fields else { unreachable!("fields are objects") };
    line.extend(fields);
    Some(Value::Object(line))
}

type Told = Option<(&'static str, Value)>;

fn of_calls(observation: Observation, names: &Names) -> Told {
    use Observation as O;
    let class = |class| names.wiring.class_name(class);
    let call = |edge| names.wiring.edge_name(edge);
    Some(match observation {
        O::RequestStarted { class: of, refresh, .. } => {
            ("request_started", json!({"class": class(of), "refresh": refresh}))
        }
        O::RequestEnded { class: of, outcome, response } => (
            "request_ended",
            json!({"class": class(of), "outcome": word(outcome), "cause": cause(outcome),
                "took_ms": response.ms()}),
        ),
        O::TryRejected { edge, cause } => {
            ("try_rejected", json!({"call": call(edge), "cause": cause.key()}))
        }
        O::AttemptSent { edge, retry, hedge } => {
            ("attempt_sent", json!({"call": call(edge), "retry": retry, "hedge": hedge}))
        }
        O::AttemptEnded { edge, outcome, took } => (
            "attempt_ended",
            json!({"call": call(edge), "outcome": word(outcome), "cause": cause(outcome),
                "took_ms": took.ms()}),
        ),
        O::AttemptOutrun { edge, .. } => ("attempt_outrun", json!({"call": call(edge)})),
        O::HedgeDenied { edge } => ("hedge_denied", json!({"call": call(edge)})),
        O::RetryDenied { edge } => ("retry_denied", json!({"call": call(edge)})),
        O::CallSkipped { edge } => ("call_skipped", json!({"call": call(edge)})),
        O::FallbackUsed { edge } => ("fallback_used", json!({"call": call(edge)})),
        O::CallEnded { edge, outcome, took } => (
            "call_ended",
            json!({"call": call(edge), "outcome": word(outcome), "cause": cause(outcome),
                "took_ms": took.ms()}),
        ),
        O::BreakerChanged { edge, server, state } => {
            ("breaker", json!({"call": call(edge), "server": server, "state": state_word(state)}))
        }
        O::BreakerRecorded { edge, server, calls, failed, failure_rate, slow_call_rate } => (
            "breaker_recorded",
            json!({"call": call(edge), "server": server, "calls": calls, "failed": failed,
                "failure_rate": failure_rate, "slow_call_rate": slow_call_rate}),
        ),
        O::BudgetChanged { edge, server, tokens } => {
            ("retry_budget", json!({"call": call(edge), "server": server, "tokens": tokens}))
        }
        _ => return None,
    })
}

fn of_work(observation: Observation, names: &Names) -> Told {
    use Observation as O;
    let with = |pool, more: Value| {
        let mut fields = names.pool(pool);
        if let (Value::Object(fields), Value::Object(more)) = (&mut fields, more) {
            fields.extend(more);
        }
        fields
    };
    Some(match observation {
        O::WorkArrived { pool, server } => ("work_arrived", with(pool, json!({"server": server}))),
        O::WorkRefused { pool, cause, waited } => {
            let fields = json!({"cause": cause.key(), "waited_ms": waited.ms()});
            ("work_refused", with(pool, fields))
        }
        O::WorkStarted { pool, waited } => {
            ("work_started", with(pool, json!({"waited_ms": waited.ms()})))
        }
        O::WorkEnded { pool, outcome, took, wasted } => {
            let fields = json!({"outcome": word(outcome), "cause": cause(outcome),
                "took_ms": took.ms(), "wasted": wasted});
            ("work_ended", with(pool, fields))
        }
        _ => return None,
    })
}

fn of_caches(observation: Observation, names: &Names) -> Told {
    use Observation as O;
    let of = |cache| names.wiring.cache_name(cache);
    Some(match observation {
        O::CacheHit { cache } => ("cache_hit", json!({"cache": of(cache)})),
        O::CacheMissed { cache, shared } => {
            ("cache_missed", json!({"cache": of(cache), "shared": shared}))
        }
        O::StaleAnswer { cache } => ("stale_answer", json!({"cache": of(cache)})),
        O::CacheHolds { cache, server, entries, bytes, evicted } => (
            "cache_holds",
            json!({"cache": of(cache), "server": server, "entries": entries, "bytes": bytes,
                "evicted": evicted}),
        ),
        _ => return None,
    })
}

fn of_servers(observation: Observation, names: &Names) -> Told {
    use Observation as O;
    let key = |node| &names.wiring.node(node).key;
    let server = |node, server: u32| json!({"node": key(node), "server": server});
    Some(match observation {
        O::ServerDown { node, server, cause } => {
            let cause = match cause {
                DownCause::Fault => "fault",
                DownCause::OutOfMemory => "out_of_memory",
                DownCause::Stopped => "stopped",
                DownCause::Unwell => "unwell",
                DownCause::Reclaimed => "reclaimed",
            };
            ("server_down", json!({"node": key(node), "server": server, "cause": cause}))
        }
        O::ServerBooting { node, server: number } => ("server_booting", server(node, number)),
        O::ServerUp { node, server: number } => ("server_up", server(node, number)),
        O::HealthChecked { balancer, server, passed, health, up } => (
            "health_checked",
            json!({"node": key(balancer), "server": server, "passed": passed, "health": health,
                "up": up}),
        ),
        O::OutOfRotation { balancer, server: number } => {
            ("out_of_rotation", server(balancer, number))
        }
        O::BackInRotation { balancer, server: number } => {
            ("back_in_rotation", server(balancer, number))
        }
        O::TakesOver { balancer, server: number } => ("takes_over", server(balancer, number)),
        O::Ejected { balancer, server: number } => ("ejected", server(balancer, number)),
        O::EjectionRefused { balancer, server: number } => {
            ("ejection_refused", server(balancer, number))
        }
        O::EjectionsChanged { balancer, ejected } => {
            ("ejections", json!({"node": key(balancer), "ejected": ejected}))
        }
        O::WriteCommitted { node } => ("write_committed", json!({"node": key(node)})),
        O::WriteApplied { node, server, lag } => {
            ("write_applied", json!({"node": key(node), "server": server, "lag_ms": lag.ms()}))
        }
        O::DataRead { node, server, stale } => {
            ("data_read", json!({"node": key(node), "server": server, "stale": stale}))
        }
        O::WritesLost { node, server, count } => {
            ("writes_lost", json!({"node": key(node), "server": server, "count": count}))
        }
        O::PrimaryChanged { node, primary } => {
            ("primary", json!({"node": key(node), "server": primary}))
        }
        O::PromotionStarted { node, server: number } => ("promotion_started", server(node, number)),
        O::Promoted { node, server: number } => ("promoted", server(node, number)),
        O::SwapStarted { node, server: number } => ("swap_started", server(node, number)),
        O::RolesSwapped { node, server: number } => ("roles_swapped", server(node, number)),
        O::Shed { balancer } => ("shed", json!({"node": key(balancer)})),
        O::CollectionStarted { node, server, pause } => {
            ("gc_started", json!({"node": key(node), "server": server, "pause_ms": pause.ms()}))
        }
        O::CollectionEnded { node, server: number } => ("gc_ended", server(node, number)),
        O::GcOverhead { node, server: number } => ("gc_overhead", server(node, number)),
        O::LoggedIn { node, login } => {
            let how = match login {
                Login::Token => "token",
                Login::Renewed => "renewed",
                Login::RenewedAlone => "renewed_alone",
                Login::Created => "created",
            };
            ("logged_in", json!({"node": key(node), "how": how}))
        }
        O::LoginFailed { node, new_user } => {
            ("login_failed", json!({"node": key(node), "new_user": new_user}))
        }
        O::AuthModeChanged { node, server, alone } => {
            ("auth_mode", json!({"node": key(node), "server": server, "alone": alone}))
        }
        O::Scaled { node, from, to } => {
            ("scaled", json!({"node": key(node), "from": from, "to": to}))
        }
        O::ReleaseChanged { node, release } => {
            ("release_changed", json!({"node": key(node), "release": names.label(release)}))
        }
        O::RolledBack { node, release } => {
            ("rolled_back", json!({"node": key(node), "release": names.label(release)}))
        }
        O::GovernorAlarm { node, wanted, allowed } => {
            ("governor_alarm", json!({"node": key(node), "wanted": wanted, "allowed": allowed}))
        }
        O::DiskFull { node, server: number } => ("disk_full", server(node, number)),
        O::LogRotated { node, server, freed_bytes } => (
            "log_rotated",
            json!({"node": key(node), "server": server, "freed_bytes": freed_bytes}),
        ),
        O::FaultStarted { fault } => ("fault_started", json!({"fault": names.label(fault)})),
        O::FaultEnded { fault } => ("fault_ended", json!({"fault": names.label(fault)})),
        O::Switched { toggle, on } => {
            ("switched", json!({"switch": names.label(toggle), "on": on}))
        }
        O::Intervened { label } => ("intervened", json!({"intervention": names.label(label)})),
        _ => return None,
    })
}

fn of_monitors(observation: Observation, names: &Names) -> Told {
    use Observation as O;
    let alarm =
        |alarm, server: u32| json!({"alarm": names.wiring.alarm_name(alarm), "server": server});
    Some(match observation {
        O::InterfacesListed { monitor, interfaces } => (
            "interfaces_listed",
            json!({"node": names.wiring.node(monitor).key, "interfaces": interfaces}),
        ),
        O::InterfaceTested { edge, server, passed } => (
            "interface_tested",
            json!({"call": names.wiring.edge_name(edge), "server": server, "passed": passed}),
        ),
        O::AlarmRaised { alarm: of, server } => ("alarm_raised", alarm(of, server)),
        O::AlarmSent { alarm: of, server, .. } => ("alarm_sent", alarm(of, server)),
        _ => return None,
    })
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Degraded => "degraded",
        Outcome::Failed => "failed",
        Outcome::Rejected(_) => "rejected",
        Outcome::TimedOut => "timed_out",
    }
}

fn cause(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Rejected(cause) => Some(cause.key()),
        _ => None,
    }
}

fn state_word(state: BreakerState) -> &'static str {
    match state {
        BreakerState::Closed => "closed",
        BreakerState::HalfOpen => "half_open",
        BreakerState::Open => "open",
    }
}
