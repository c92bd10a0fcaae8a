//! Databases with several servers: replicas that follow, stale reads, promotion and planned swaps.

use crate::story::{Story, clockwork, run, run_switched, with};
use brownout::observation::{Observation, Outcome};
use serde_json::{Value, json};

/// A database with a read and a write of 1 ms each.
fn database(more: Value) -> Value {
    let cost = json!({"dist": "constant", "ms": 1.0});
    let db = json!({
        "kind": "database", "boot_s": 5.0,
        "queries": {"read": {"cost": cost}, "write": {"cost": cost, "writes": true}},
    });
    with(db, more)
}

fn lag(ms: f64) -> Value {
    json!({"dist": "constant", "ms": ms})
}

/// A writer and a reader, each once every 100 ms; the reader is 50 ms behind.
fn nodes(seconds: f64, db: Value) -> Value {
    let count = (seconds * 10.0) as u32;
    let reader = json!({"to": "db.read", "latency_ms": 50.0});
    json!({
        "writer": clockwork(10.0, count, json!({"to": "db.write", "timeout_ms": 5_000.0})),
        "reader": clockwork(10.0, count, reader),
        "db": db,
    })
}

fn crash(at_s: f64, for_s: f64, target: &str) -> Value {
    json!({"crash": {"at_s": at_s, "for_s": for_s, "target": target, "effect": {"kind": "crash"}}})
}

fn writes(story: &Story) -> usize {
    story.count(|o| matches!(o, Observation::WriteCommitted { .. }))
}

fn lost(story: &Story) -> u64 {
    let told = story.told(|o| match o {
        Observation::WritesLost { count, .. } => Some(*count),
        _ => None,
    });
    told.iter().sum()
}

fn stale(story: &Story) -> usize {
    story.count(|o| matches!(o, Observation::DataRead { stale: true, .. }))
}

/// When writes were taken by whom, in milliseconds.
fn primaries(story: &Story) -> Vec<(f64, Option<u32>)> {
    let moments = story.moments(|o| matches!(o, Observation::PrimaryChanged { .. }));
    let servers = story.told(|o| match o {
        Observation::PrimaryChanged { primary, .. } => Some(*primary),
        _ => None,
    });
    moments.into_iter().zip(servers).collect()
}

fn failed(story: &Story) -> usize {
    story.outcomes().iter().filter(|outcome| **outcome == Outcome::Failed).count()
}

#[test]
fn a_replica_does_every_write_after_its_lag_and_reads_meanwhile_are_stale() {
    // A read ends 51 ms after the write before it began, and 50 ms after that one ended.
    for (lag_ms, stale_reads) in [(40.0, 0), (60.0, 100)] {
        let db = json!({"replicas": 2, "reads": "replicas", "replication_lag": lag(lag_ms)});
        let story = run(10.0, nodes(10.0, database(db)), json!({}));
        assert_eq!((writes(&story), stale(&story), failed(&story)), (100, stale_reads, 0));
        let lags = story.told(|o| match o {
            Observation::WriteApplied { server, lag, .. } => Some((*server, lag.ms())),
            _ => None,
        });
        assert_eq!(lags.len(), 200);
        assert!(lags.iter().all(|(server, ms)| *server > 0 && *ms == lag_ms + 1.0), "{lags:?}");
    }
}

#[test]
fn only_a_write_of_the_same_row_makes_a_read_stale() {
    let count = |rows: u64| {
        let keys = json!({"set": "rows", "count": rows});
        let mut db = database(json!({
            "replicas": 1, "reads": "replicas", "replication_lag": lag(60.0),
        }));
        db["queries"]["read"]["keys"] = keys.clone();
        db["queries"]["write"]["keys"] = keys;
        stale(&run(10.0, nodes(10.0, db), json!({})))
    };
    assert_eq!((count(1), count(1_000_000)), (100, 0));
    assert!((30..=70).contains(&count(2)), "{}", count(2));
}

#[test]
fn reads_go_where_they_are_sent() {
    let shares = |reads: &str| {
        let db = database(json!({"replicas": 2, "reads": reads, "standby": {"kind": "hot"}}));
        let story = run(30.0, nodes(30.0, db), json!({}));
        let of = |wanted: u32| {
            story.count(|o| matches!(o, Observation::DataRead { server, .. } if *server == wanted))
        };
        [of(0), of(1), of(2), of(3)]
    };
    assert_eq!(shares("primary"), [300, 0, 0, 0]);
    let [primary, one, two, standby] = shares("replicas");
    assert!(primary + standby == 0 && one.abs_diff(two) < 60, "{one} and {two}");
    let [primary, one, two, standby] = shares("any");
    assert!(primary.min(one).min(two) > 70 && standby == 0);
}

#[test]
fn a_busy_replica_falls_behind() {
    // 10 writes a second of 1 ms and, at the replica alone, reads that leave no room for them.
    let mut db = database(json!({"replicas": 1, "reads": "replicas", "connections": 1}));
    db["queries"]["read"]["cost"] = lag(110.0);
    let story = run(20.0, nodes(20.0, db), json!({}));
    let lags = story.told(|o| match o {
        Observation::WriteApplied { lag, .. } => Some(lag.ms()),
        _ => None,
    });
    let last = *lags.last().expect("some are applied");
    assert!(last > 1_500.0 && lags.windows(2).filter(|pair| pair[0] < pair[1]).count() > 60);
    assert!(stale(&story) > 150, "{}", stale(&story));
}

#[test]
fn without_a_failover_there_is_no_primary_until_it_is_back() {
    let db = database(json!({"replicas": 1, "reads": "replicas", "replication_lag": lag(10.0)}));
    let story = run(20.0, nodes(20.0, db), crash(4.95, 5.0, "db#0"));
    // Down from 4.95 to 9.95 s, and booting until 14.95 s.
    assert_eq!(primaries(&story), [(0.0, Some(0)), (4_950.0, None), (14_950.0, Some(0))]);
    assert_eq!((failed(&story), lost(&story)), (100, 0), "reads go on");
    assert_eq!(writes(&story), 100);
}

/// A primary that crashes at 4.97 s, watched every second; the replica has a lag of 430 ms.
fn promoted(more: Value) -> Story {
    let failover = json!({"check_every_ms": 1_000.0, "failures": 3, "promotion_ms": 2_000.0});
    let base = json!({
        "replicas": 1, "reads": "any", "replication_lag": lag(430.0), "failover": failover,
    });
    run(30.0, nodes(30.0, database(with(base, more))), crash(4.97, 10.0, "db#0"))
}

#[test]
fn a_replica_is_promoted_and_what_it_had_not_got_is_lost() {
    let story = promoted(json!({}));
    // Checks at 5, 6 and 7 s fail; 2 s later the replica is the primary.
    assert_eq!(primaries(&story), [(0.0, Some(0)), (4_970.0, None), (9_000.0, Some(1))]);
    // Of the writes that ended at 1, 101, 201 … ms those from 4 601 ms on had not arrived by 4 970.
    assert_eq!(lost(&story), 4);
    // Writes from 5.0 to 9.0 s; reads find the replica.
    assert_eq!(failed(&story), 41);
    let started = |o: &Observation| matches!(o, Observation::PromotionStarted { server: 1, .. });
    assert_eq!(story.moments(started), [7_000.0]);
    // The old primary is back at 19.97 s, follows and gets what it has missed.
    let applied = |o: &Observation| matches!(o, Observation::WriteApplied { server: 0, .. });
    assert_eq!(story.count(applied), 205, "from 9.0 to 29.4 s");
}

#[test]
fn synchronous_writes_are_slower_and_none_is_lost() {
    let story = promoted(json!({"replication": "sync"}));
    assert_eq!(lost(&story), 0);
    let times = story.requests();
    // Up to the crash, and when the old primary is back as a replica.
    assert_eq!(times.iter().filter(|(_, ms)| *ms == 431.0).count(), 46 + 96);
    // While no other server is up nobody is waited for.
    assert!(times.iter().filter(|(_, ms)| *ms == 1.0).count() > 60);
    assert_eq!(stale(&story), 0);
}

#[test]
fn the_most_advanced_server_is_promoted_and_among_equals_the_standby() {
    let who = |more: Value| {
        let story = promoted(more);
        story.told(|o| match o {
            Observation::Promoted { server, .. } => Some(*server),
            _ => None,
        })
    };
    assert_eq!(who(json!({"replicas": 2, "standby": {"kind": "hot"}})), [3]);
    let uniform = json!({"dist": "uniform", "min_ms": 0.0, "max_ms": 2_000.0});
    let found = who(json!({"replicas": 3, "replication_lag": uniform}));
    assert_eq!(found.len(), 1);
}

#[test]
fn a_standby_takes_as_long_as_it_is_unready() {
    let with_standby = |kind: &str, more: Value| {
        let standby = with(json!({"kind": kind}), more);
        let story = promoted(json!({"replicas": 0, "standby": standby}));
        (primaries(&story)[2], lost(&story))
    };
    assert_eq!(with_standby("hot", json!({})), ((9_000.0, Some(1)), 4));
    assert_eq!(with_standby("warm", json!({"ready_s": 4.0})), ((13_000.0, Some(1)), 4));
    // 50 writes, of which the backup at 4 s has 40.
    let cold = with_standby("cold", json!({"ready_s": 6.0, "backup_every_s": 2.0}));
    assert_eq!(cold, ((15_000.0, Some(1)), 10));
}

#[test]
fn a_cold_standby_is_no_server_until_it_is_woken() {
    let standby = json!({"kind": "cold", "ready_s": 6.0});
    let story = promoted(json!({"replicas": 0, "standby": standby}));
    let servers = story.told(|o| match o {
        Observation::ServersChanged { servers, up, .. } => Some((*servers, *up)),
        _ => None,
    });
    assert_eq!(servers, [(1, 1), (1, 0), (2, 0), (2, 1), (2, 2)]);
    let applied = |o: &Observation| matches!(o, Observation::WriteApplied { .. });
    assert!(story.moments(applied)[0] > 19_970.0, "only the old primary ever follows");
}

#[test]
fn a_frozen_primary_counts_as_dead_and_what_it_ends_later_is_lost() {
    let failover = json!({"check_every_ms": 1_000.0, "failures": 2, "promotion_ms": 1_000.0});
    let db = database(json!({"replicas": 1, "failover": failover}));
    let freeze =
        json!({"at_s": 4.9005, "for_s": 5.0, "target": "db#0", "effect": {"kind": "freeze"}});
    let story = run(20.0, nodes(20.0, db), json!({"freeze": freeze}));
    assert_eq!(primaries(&story)[1..], [(4_900.5, None), (7_000.0, Some(1))]);
    // The write of 4.9 s had half a millisecond to go; those of 5.0 to 6.0 s came to the frozen server
    // before the promotion began, and it does them all when it moves again.
    assert_eq!(lost(&story), 12);
}

#[test]
fn a_primary_that_comes_back_in_time_stays_the_primary() {
    let failover = json!({"check_every_ms": 1_000.0, "failures": 3});
    let db = database(json!({"replicas": 1, "failover": failover, "boot_s": 0.1}));
    let story = run(20.0, nodes(20.0, db), crash(4.5, 1.0, "db#0"));
    assert_eq!(story.count(|o| matches!(o, Observation::PromotionStarted { .. })), 0);
    assert_eq!((primaries(&story)[2], lost(&story)), ((5_600.0, Some(0)), 0));
}

#[test]
fn the_server_that_was_to_take_over_may_die_as_well() {
    let failover = json!({"check_every_ms": 1_000.0, "failures": 2, "promotion_ms": 3_000.0});
    let db = database(json!({"replicas": 2, "failover": failover}));
    let mut faults = crash(4.5, 20.0, "db#0");
    faults["second"] = crash(7.5, 20.0, "db#1")["crash"].clone();
    let story = run(20.0, nodes(20.0, db), faults);
    let started = |o: &Observation| matches!(o, Observation::PromotionStarted { .. });
    assert_eq!(story.moments(started), [6_000.0, 8_000.0]);
    assert_eq!(primaries(&story).last(), Some(&(11_000.0, Some(2))));
}

#[test]
fn a_planned_swap_loses_nothing_and_lets_writes_wait() {
    let base = json!({"replicas": 1, "reads": "any", "replication_lag": lag(450.0)});
    let document = json!({"nodes": nodes(20.0, database(base))});
    let patch = json!({"nodes": {"db": {"primary": 1, "swap_ms": 200.0}}});
    let story = run_switched(20.0, document, &[(5.05, patch)]);
    // The last write before it ended at 5.001 s and arrives at 5.451 s.
    assert_eq!(primaries(&story)[1..], [(5_050.0, None), (5_452.0, Some(1))]);
    assert_eq!((lost(&story), failed(&story), writes(&story)), (0, 0, 200));
    let mut times: Vec<f64> = story.requests().iter().map(|(_, ms)| *ms).collect();
    times.retain(|ms| *ms != 1.0 && *ms != 101.0);
    assert_eq!(times, [353.0, 253.0, 153.0, 53.0], "the writes of 5.1 to 5.4 s");
    let applied = |o: &Observation| matches!(o, Observation::WriteApplied { server: 0, .. });
    assert_eq!(story.count(applied), 145, "those from 5.452 s on that arrived by the end");
}

#[test]
fn a_swap_takes_at_least_its_time_and_ends_with_its_partner() {
    let document = json!({"nodes": nodes(20.0, database(json!({"replicas": 1})))});
    let patch = json!({"nodes": {"db": {"primary": 1}}});
    let story = run_switched(20.0, document.clone(), &[(5.05, patch.clone())]);
    assert_eq!(primaries(&story)[1..], [(5_050.0, None), (6_050.0, Some(1))]);
    let mut broken = document;
    broken["faults"] = crash(5.5, 1.0, "db#1");
    let story = run_switched(20.0, broken, &[(5.05, patch)]);
    assert_eq!(primaries(&story)[1..], [(5_050.0, None), (5_500.0, Some(0))]);
    assert_eq!((lost(&story), failed(&story), writes(&story)), (0, 0, 200));
}

#[test]
fn faults_slow_replication_and_a_replica_that_was_down_catches_up() {
    let db = database(json!({"replicas": 1, "reads": "replicas", "replication_lag": lag(10.0)}));
    let effect = json!({"kind": "replication_lag", "added_ms": 2_000.0});
    let slow = json!({"slow": {"at_s": 5.05, "for_s": 5.0, "target": "db", "effect": effect}});
    let story = run(20.0, nodes(20.0, db.clone()), slow);
    // From the write of 5.1 s on; that of 10.0 s arrives at 12.011 s, and the later ones behind it.
    assert_eq!(stale(&story), 69);
    let story = run(20.0, nodes(20.0, db), crash(5.05, 2.0, "db#1"));
    let applied = story.moments(|o| matches!(o, Observation::WriteApplied { .. }));
    // Up again at 12.05 s, and 70 writes by four at a time, a millisecond each.
    let first = applied.iter().position(|at| *at > 6_000.0).expect("it catches up");
    assert_eq!((first, applied[first], applied[first + 69]), (51, 12_051.0, 12_068.0));
}

#[test]
fn servers_come_and_go_while_it_runs() {
    let failover = json!({"check_every_ms": 1_000.0, "failures": 2, "promotion_ms": 1_000.0});
    let db = database(json!({"reads": "any", "boot_s": 1.0}));
    let document = json!({"nodes": nodes(30.0, db), "faults": crash(14.5, 100.0, "db#0")});
    let more = json!({"nodes": {"db": {"replicas": 2, "failover": failover}}});
    let fewer = json!({"nodes": {"db": {"replicas": 0, "failover": null}}});
    let story = run_switched(30.0, document, &[(5.05, more), (25.05, fewer)]);
    // Two replicas are up from 6.05 s on. The first is promoted, and is taken away later: the data are
    // those of the first server then, as they were at its crash.
    let expected = [(0.0, Some(0)), (14_500.0, None), (17_050.0, Some(1)), (25_050.0, None)];
    assert_eq!(primaries(&story), expected);
    assert_eq!(lost(&story), 80, "what the second primary wrote, from 17.0 to 25.0 s");
}

#[test]
fn whatever_changes_data_is_a_write() {
    let cost = json!({"dist": "constant", "ms": 1.0});
    for (name, kind) in [
        ("adds", json!({"table": "t", "adds_rows": 1})),
        ("locks", json!({"locks": true, "keys": {"set": "rows", "count": 10}})),
        ("stores", json!({"stores": "event"})),
    ] {
        let mut db = database(json!({"replicas": 2, "reads": "replicas"}));
        db["tables"] = json!({"t": {"rows": 10}});
        db["queries"]["change"] = with(json!({"cost": cost}), kind);
        let nodes = json!({"users": clockwork(10.0, 20, json!({"to": "db.change"})), "db": db});
        let story = run(3.0, nodes, json!({}));
        assert_eq!(writes(&story), 20, "{name}");
        let reads = story.count(|o| matches!(o, Observation::DataRead { .. }));
        assert_eq!(reads, 0, "{name}");
    }
}

#[test]
fn a_new_pace_of_checks_counts_from_now_on() {
    let slow = json!({"check_every_ms": 86_400_000.0, "failures": 1, "promotion_ms": 0.0});
    let db = database(json!({"replicas": 1, "failover": slow}));
    let document = json!({"nodes": nodes(10.0, db), "faults": crash(1.0, 100.0, "db#0")});
    let quick = json!({"nodes": {"db": {"failover": {"check_every_ms": 500.0}}}});
    let story = run_switched(10.0, document, &[(2.0, quick)]);
    assert_eq!(primaries(&story)[1..], [(1_000.0, None), (2_500.0, Some(1))]);
}
