//! What a cache holds, step by step.

use super::*;

fn limits(max_entries: u64, eviction: Eviction) -> Limits {
    Limits {
        max_entries,
        max_bytes: u64::MAX,
        entry_bytes: 10,
        ttl: None,
        ttl_kind: TtlKind::Fixed,
        eviction,
        admit_after: 1,
        keeps_stale: false,
    }
}

fn ageing(ttl: u64, ttl_kind: TtlKind, keeps_stale: bool) -> Cache {
    let limits = limits(100, Eviction::Lru);
    Cache::new(Limits { ttl: Some(Duration(ttl)), ttl_kind, keeps_stale, ..limits })
}

/// Asks for keys one after the other, fetches what is not there, and tells which were hits.
fn ask(cache: &mut Cache, keys: &[u64]) -> String {
    let one = |(moment, key): (usize, &u64)| {
        let now = Time(moment as u64);
        let sight = cache.look(now, *key);
        if sight != Sight::Hit {
            cache.put(now, *key, |_| 0);
        }
        audit(cache);
        match sight {
            Sight::Hit => 'h',
            Sight::Stale => 's',
            Sight::Miss => '.',
        }
    };
    keys.iter().enumerate().map(one).collect()
}

fn audit(cache: &Cache) {
    let ordered = cache.order.len() + cache.shuffled.len();
    assert_eq!(ordered, cache.entries.len());
    assert!(cache.len() <= cache.limits.room());
    for (key, entry) in &cache.entries {
        if cache.limits.eviction == Eviction::Random {
            assert_eq!(cache.shuffled[entry.place.0 as usize], *key);
        } else {
            assert_eq!(cache.order[&entry.place], *key);
        }
    }
    if !cache.limits.keeps_stale && cache.limits.ttl.is_some() {
        assert_eq!(cache.ageing.len(), cache.entries.len());
    }
}

#[test]
fn lru_keeps_what_was_used_last() {
    let mut cache = Cache::new(limits(2, Eviction::Lru));
    assert_eq!(ask(&mut cache, &[1, 2, 1, 3, 1, 2]), "..h.h.");
    assert_eq!((cache.len(), cache.bytes()), (2, 20));
}

#[test]
fn fifo_does_not_care_about_use() {
    let mut cache = Cache::new(limits(2, Eviction::Fifo));
    assert_eq!(ask(&mut cache, &[1, 2, 1, 3, 1, 3]), "..h..h");
}

#[test]
fn random_lets_the_drawn_one_go() {
    let mut cache = Cache::new(limits(3, Eviction::Random));
    assert_eq!(ask(&mut cache, &[1, 2, 3]), "...");
    assert_eq!(cache.put(Time(9), 4, |count| count - 1), 1);
    audit(&cache);
    let there = |key| cache.peek(Time(9), key) == Sight::Hit;
    assert_eq!([1, 2, 3, 4].map(there), [true, true, false, true]);
}

#[test]
fn lfu_keeps_what_is_asked_for_most_often() {
    let mut cache = Cache::new(limits(2, Eviction::Lfu));
    // 3 comes as a stranger and is not kept until it was asked for as often as 2.
    assert_eq!(ask(&mut cache, &[1, 1, 1, 2, 2, 3, 1, 2, 3, 3, 3]), ".hh.h.hh..h");
    // What had to go is remembered with its three askings.
    assert_eq!(ask(&mut cache, &[2, 2]), ".h");
}

#[test]
fn bytes_are_a_bound_as_well() {
    let mut cache = Cache::new(Limits { max_bytes: 29, ..limits(100, Eviction::Lru) });
    ask(&mut cache, &[1, 2, 3]);
    assert_eq!((cache.len(), cache.bytes()), (2, 20));
    let mut none = Cache::new(Limits { max_bytes: 9, ..limits(100, Eviction::Random) });
    assert_eq!(ask(&mut none, &[1, 1]), "..");
}

#[test]
fn a_fixed_time_to_live_counts_from_the_fetch() {
    let mut cache = ageing(10, TtlKind::Fixed, false);
    cache.put(Time(0), 7, |_| 0);
    assert_eq!(cache.look(Time(6), 7), Sight::Hit);
    assert_eq!(cache.look(Time(9), 7), Sight::Hit);
    assert_eq!(cache.look(Time(10), 7), Sight::Miss);
    assert_eq!(cache.len(), 0);
}

#[test]
fn a_sliding_time_to_live_counts_from_the_last_use() {
    let mut cache = ageing(10, TtlKind::Sliding, false);
    cache.put(Time(0), 7, |_| 0);
    assert_eq!(cache.look(Time(6), 7), Sight::Hit);
    assert_eq!(cache.look(Time(15), 7), Sight::Hit);
    assert_eq!(cache.look(Time(25), 7), Sight::Miss);
}

#[test]
fn expired_entries_may_stay_and_can_be_renewed() {
    let mut cache = ageing(10, TtlKind::Fixed, true);
    cache.put(Time(0), 7, |_| 0);
    assert_eq!(cache.look(Time(10), 7), Sight::Stale);
    assert_eq!(cache.peek(Time(30), 7), Sight::Stale);
    assert_eq!(cache.peek(Time(30), 8), Sight::Miss);
    cache.put(Time(30), 7, |_| 0);
    assert_eq!(cache.look(Time(39), 7), Sight::Hit);
    assert_eq!(cache.look(Time(40), 7), Sight::Stale);
    audit(&cache);
}

#[test]
fn a_key_is_admitted_from_its_third_asking_on() {
    let mut cache = Cache::new(Limits { admit_after: 3, ..limits(2, Eviction::Lru) });
    assert_eq!(ask(&mut cache, &[1, 2, 1, 1, 1, 2, 1]), "....h.h");
    assert_eq!(cache.len(), 1);
}

#[test]
fn strangers_are_forgotten_in_the_end() {
    let mut cache = Cache::new(Limits { admit_after: 2, ..limits(2, Eviction::Lru) });
    cache.look(Time(0), 1);
    for key in 10..70_000 {
        cache.look(Time(1), key);
    }
    assert_eq!(cache.size(), 65_536);
    cache.look(Time(2), 1);
    cache.put(Time(2), 1, |_| 0);
    assert_eq!(cache.peek(Time(2), 1), Sight::Miss);
}

#[test]
fn other_limits_apply_at_once() {
    let mut cache = Cache::new(limits(10, Eviction::Lru));
    ask(&mut cache, &[1, 2, 3, 4, 5, 6]);
    assert_eq!(cache.retune(&limits(10, Eviction::Random), |_| 0), 0);
    audit(&cache);
    assert_eq!(cache.retune(&limits(3, Eviction::Random), |_| 0), 3);
    audit(&cache);
    // It ages from its fetch, although nothing did then.
    let short = Limits { ttl: Some(Duration(5)), ..limits(3, Eviction::Lfu) };
    cache.retune(&short, |_| 0);
    cache.expire(Time(60));
    audit(&cache);
    assert!(cache.is_empty());
    cache.put(Time(61), 1, |_| 0);
    cache.clear();
    assert_eq!((cache.len(), cache.look(Time(62), 1)), (0, Sight::Miss));
}
