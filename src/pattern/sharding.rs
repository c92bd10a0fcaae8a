//! Sharding: which of several shards a key lives on.
//!
//! - `hash`: a hash of the key modulo the number of shards, as in most home-made schemes. From n to
//!   n + 1 shards n ÷ (n + 1) of all keys move.
//! - `modulo`: the number of the key modulo the number of shards; as many keys move.
//! - `consistent`: the shard with the highest score for the key (rendezvous hashing, Thaler and
//!   Ravishankar 1998). From n to n + 1 shards 1 ÷ (n + 1) of all keys move, all of them to the new one.
//! - `range`: equal ranges of keys in their order, as MongoDB's ranged shard key does. Neighbours live
//!   together, popular ones too: key 0 is the most popular one.

use super::balance::score;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How keys are spread over shards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharding {
    /// A hash of the key, modulo the number of shards.
    #[default]
    Hash,
    /// The number of the key, modulo the number of shards.
    Modulo,
    /// The shard with the highest score for the key: a new shard takes its share of every other one,
    /// and nothing else moves.
    Consistent,
    /// Equal ranges of keys: popular keys live together.
    Range,
}

impl Sharding {
    /// The shard of a key, of so many keys and shards; there is at least one of each.
    pub fn shard_of(self, key: u64, keys: u64, shards: u32) -> u32 {
        match self {
            Sharding::Hash => (score(key, 0) % u64::from(shards)) as u32,
            Sharding::Modulo => (key % u64::from(shards)) as u32,
            Sharding::Consistent => {
                let best = (0..shards).max_by_key(|shard| score(key, *shard));
                best.expect("there is a shard")
            }
            Sharding::Range => {
                let place = u128::from(key) * u128::from(shards) / u128::from(keys);
                (place as u32).min(shards - 1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS: u64 = 90_000;

    fn moved(sharding: Sharding, before: u32, after: u32) -> f64 {
        let moves = |key: &u64| {
            sharding.shard_of(*key, KEYS, before) != sharding.shard_of(*key, KEYS, after)
        };
        (0..KEYS).filter(moves).count() as f64 / KEYS as f64
    }

    #[test]
    fn every_shard_has_its_share() {
        let all = [Sharding::Hash, Sharding::Modulo, Sharding::Consistent, Sharding::Range];
        for sharding in all {
            let mut counts = [0_u32; 9];
            (0..KEYS).for_each(|key| counts[sharding.shard_of(key, KEYS, 9) as usize] += 1);
            // Five standard deviations of a binomial count.
            assert!(counts.iter().all(|count| count.abs_diff(10_000) < 480), "{counts:?}");
        }
    }

    #[test]
    fn a_ninth_shard_moves_eight_ninths_of_all_keys_or_one() {
        assert!((moved(Sharding::Hash, 8, 9) - 8.0 / 9.0).abs() < 0.005);
        // Of 72 keys in a row 8 stay where they are.
        assert_eq!(moved(Sharding::Modulo, 8, 9), 64.0 / 72.0);
        assert!((moved(Sharding::Consistent, 8, 9) - 1.0 / 9.0).abs() < 0.005);
        // Range borders move by 0, 1/72, … 8/72 of all keys: 1/9 × (1 + … + 8) ÷ 8 = 1/2.
        assert!((moved(Sharding::Range, 8, 9) - 0.5).abs() < 0.005);
    }

    #[test]
    fn with_rendezvous_hashing_keys_move_to_the_new_shard_only() {
        for key in 0..1_000 {
            let (before, after) = (
                Sharding::Consistent.shard_of(key, 1_000, 8),
                Sharding::Consistent.shard_of(key, 1_000, 9),
            );
            assert!(after == before || after == 8);
        }
    }

    #[test]
    fn ranges_keep_neighbours_together() {
        let shards: Vec<u32> = (0..6).map(|key| Sharding::Range.shard_of(key, 6, 3)).collect();
        assert_eq!(shards, [0, 0, 1, 1, 2, 2]);
        // More shards than keys, and a key behind the last one.
        assert_eq!(Sharding::Range.shard_of(1, 2, 5), 2);
        assert_eq!(Sharding::Range.shard_of(9, 2, 5), 4);
    }
}
