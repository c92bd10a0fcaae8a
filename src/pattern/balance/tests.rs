//! The balancer's picks, one algorithm after another.

use super::*;

fn picks(algorithm: Algorithm, weights: &[u32], loads: &[Option<u32>], n: usize) -> Vec<u32> {
    let mut balancer = Balancer::new(algorithm, weights);
    let load = |server: u32| loads[server as usize];
    (0..n).filter_map(|_| balancer.pick(load, 0, || (0.0, 0.0))).collect()
}

#[test]
fn round_robin_goes_in_turn_and_skips_the_unusable() {
    let loads = [Some(9), None, Some(0)];
    assert_eq!(picks(Algorithm::RoundRobin, &[1; 3], &loads, 5), [0, 2, 0, 2, 0]);
    assert_eq!(picks(Algorithm::RoundRobin, &[1; 3], &[None; 3], 5), [0; 0]);
    assert_eq!(picks(Algorithm::RoundRobin, &[], &[], 5), [0; 0]);
    assert_eq!(picks(Algorithm::Random, &[], &[], 5), [0; 0]);
}

#[test]
fn least_connections_breaks_ties_in_turn() {
    let loads = [Some(1), Some(2), Some(1), None];
    assert_eq!(picks(Algorithm::LeastConnections, &[1; 4], &loads, 4), [0, 2, 0, 2]);
}

#[test]
fn smooth_weighted_round_robin_spreads_the_heavy_server() {
    let all = [Some(0); 3];
    let expected = [0, 0, 1, 0, 2, 0, 0, 0, 0, 1, 0, 2, 0, 0];
    assert_eq!(picks(Algorithm::WeightedRoundRobin, &[5, 1, 1], &all, 14), expected);
    assert_eq!(picks(Algorithm::WeightedRoundRobin, &[0, 1, 0], &all, 2), [1, 1]);
    assert_eq!(picks(Algorithm::WeightedRoundRobin, &[0; 3], &all, 2), [0; 0]);
}

#[test]
fn random_ties_give_the_tied_the_same_chance() {
    let mut balancer = Balancer::new(Algorithm::LeastConnections, &[1; 4]);
    balancer.set_algorithm(Algorithm::LeastConnections, Ties::Random);
    let loads = [Some(1), Some(2), Some(1), None];
    let mut pick = |unit| balancer.pick(|server| loads[server as usize], 0, || (unit, 0.0));
    assert_eq!([0.0, 0.49, 0.5, 0.99].map(&mut pick), [Some(0), Some(0), Some(2), Some(2)]);
}

#[test]
fn a_failure_takes_weight_that_comes_back_pick_by_pick() {
    let mut balancer = Balancer::new(Algorithm::WeightedRoundRobin, &[5, 1, 1]);
    let picks = |n: u32, balancer: &mut Balancer| -> Vec<u32> {
        (0..n).filter_map(|_| balancer.pick(|_| Some(0), 0, || (0.0, 0.0))).collect()
    };
    balancer.on_failure(0, 1);
    // Its credit grows by 0, 1, 2, 3, 4 and from then on by 5.
    assert_eq!(picks(6, &mut balancer), [1, 2, 0, 0, 1, 0]);
    let mut balancer = Balancer::new(Algorithm::WeightedRoundRobin, &[5, 1, 1]);
    balancer.on_failure(0, 2);
    assert_eq!(balancer.effective, [3, 1, 1], "half of the weight in whole numbers");
    (0..9).for_each(|_| balancer.on_failure(0, 2));
    assert_eq!(balancer.effective, [0, 1, 1], "never below zero");
    balancer.on_failure(1, 0);
    assert_eq!(balancer.effective, [0, 1, 1], "no limit, no loss");
}

#[test]
fn weighted_least_connections_compares_calls_per_weight() {
    let loads = [Some(4), Some(1), Some(2)];
    assert_eq!(picks(Algorithm::WeightedLeastConnections, &[5, 1, 1], &loads, 1), [0]);
    let close = [Some(2), Some(5), Some(6)];
    assert_eq!(picks(Algorithm::WeightedLeastConnections, &[2, 4, 4], &close, 2), [0, 0]);
    let close = [Some(3), Some(5), Some(6)];
    assert_eq!(picks(Algorithm::WeightedLeastConnections, &[2, 4, 4], &close, 2), [1, 1]);
    let tied = [Some(2), Some(1), None];
    let expected = [0, 1, 0, 0, 1, 0];
    assert_eq!(picks(Algorithm::WeightedLeastConnections, &[2, 1, 1], &tied, 6), expected);
}

#[test]
fn power_of_two_takes_the_emptier_of_two_different_servers() {
    let mut balancer = Balancer::new(Algorithm::PowerOfTwoChoices, &[1; 4]);
    let loads = [Some(3), Some(1), None, Some(1)];
    let mut pick = |unit1, unit2| balancer.pick(|s| loads[s as usize], 0, || (unit1, unit2));
    assert_eq!(pick(0.0, 0.0), Some(1));
    assert_eq!(pick(0.99, 0.99), Some(3), "the first drawn wins a tie");
    assert_eq!(pick(0.34, 0.99), Some(1));
    let mut alone = Balancer::new(Algorithm::PowerOfTwoChoices, &[1; 2]);
    assert_eq!(alone.pick(|s| (s == 1).then_some(7), 0, || (0.0, 0.9)), Some(1));
}

#[test]
fn random_gives_every_usable_server_the_same_chance() {
    let mut balancer = Balancer::new(Algorithm::Random, &[1; 4]);
    let mut hits = [0; 4];
    for i in 0..100 {
        for j in 0..99 {
            let units = (f64::from(i) / 100.0, f64::from(j) / 99.0);
            let picked = balancer.pick(|s| (s != 2).then_some(0), 0, || units);
            hits[picked.expect("three are usable") as usize] += 1;
        }
    }
    assert_eq!(hits, [3300, 3300, 0, 3300]);
    let first = balancer.pick(|_| Some(0), 0, || (0.6, 0.0));
    assert_eq!(first, Some(2), "a usable server that was drawn is not drawn again");
}

#[test]
fn hashing_moves_only_the_keys_of_the_lost_server() {
    let mut balancer = Balancer::new(Algorithm::Hash, &[1; 8]);
    let mut moved = 0;
    for key in 0..8_000 {
        let before = balancer.pick(|_| Some(0), key, || (0.0, 0.0));
        let after = balancer.pick(|s| (s != 3).then_some(0), key, || (0.0, 0.0));
        moved += u32::from(before == Some(3));
        assert!(before == after || before == Some(3));
    }
    assert!((840..1160).contains(&moved), "a fair share is 1000, not {moved}");
}

#[test]
fn a_key_finds_the_same_server_in_every_version() {
    // The first outputs of SplitMix64 from zero, as published.
    let golden = 0x9e37_79b9_7f4a_7c15_u64;
    assert_eq!(mix(golden), 0xe220_a839_7b1d_cdaf);
    assert_eq!(mix(golden.wrapping_mul(2)), 0x6e78_9e6a_a1b9_65f4);
    let mut balancer = Balancer::new(Algorithm::Hash, &[1; 8]);
    let mut pick = |key| balancer.pick(|_| Some(0), key, || (0.0, 0.0)).expect("all are usable");
    assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(&mut pick), [3, 2, 4, 6, 0, 4, 7, 7, 1, 3]);
}

#[test]
fn resizing_keeps_the_turn_within_the_servers() {
    let mut balancer = Balancer::new(Algorithm::RoundRobin, &[1; 4]);
    let pick = |b: &mut Balancer| b.pick(|_| Some(0), 0, || (0.0, 0.0));
    (0..3).for_each(|_| _ = pick(&mut balancer));
    balancer.resize(&[1; 2]);
    assert_eq!([(); 3].map(|()| pick(&mut balancer)), [Some(0), Some(1), Some(0)]);
    // It is the second's turn, whoever joins.
    balancer.resize(&[1; 4]);
    assert_eq!([(); 2].map(|()| pick(&mut balancer)), [Some(1), Some(2)]);
}

#[test]
fn after_the_last_server_it_is_the_first_ones_turn_even_if_others_join() {
    let pick = |b: &mut Balancer| b.pick(|_| Some(0), 0, || (0.0, 0.0));
    let mut grown = Balancer::new(Algorithm::RoundRobin, &[1; 2]);
    (0..2).for_each(|_| _ = pick(&mut grown));
    grown.resize(&[1; 3]);
    assert_eq!(pick(&mut grown), Some(0));
    let mut shrunk = Balancer::new(Algorithm::RoundRobin, &[1; 4]);
    (0..2).for_each(|_| _ = pick(&mut shrunk));
    shrunk.resize(&[1; 2]);
    shrunk.resize(&[1; 4]);
    assert_eq!(pick(&mut shrunk), Some(0), "the third had left");
}

#[test]
fn the_fastest_is_the_one_with_the_lowest_time_and_the_fewest_calls() {
    let mut balancer = Balancer::new(Algorithm::FastestResponse, &[1; 3]);
    let mut loads = [Some(0), Some(0), Some(0)];
    let pick = |balancer: &mut Balancer, loads: &[Option<u32>; 3]| {
        balancer.pick(|server| loads[server as usize], 0, || (0.0, 0.0))
    };
    assert_eq!(pick(&mut balancer, &loads), Some(0), "nothing is known of anybody");
    balancer.on_answer(0, Duration::from_ms(100.0));
    balancer.on_answer(1, Duration::from_ms(40.0));
    balancer.on_answer(2, Duration::from_ms(60.0));
    assert_eq!(pick(&mut balancer, &loads), Some(1));
    loads[1] = Some(1);
    assert_eq!(pick(&mut balancer, &loads), Some(2), "60 × 1 is less than 40 × 2");
    loads[2] = None;
    assert_eq!(pick(&mut balancer, &loads), Some(1), "40 × 2 is less than 100 × 1");
}

#[test]
fn adaptive_goes_by_what_servers_report() {
    let reports = [Some(3), Some(2), None, Some(2)];
    assert_eq!(picks(Algorithm::Adaptive, &[1; 4], &reports, 3), [1, 3, 1]);
}
