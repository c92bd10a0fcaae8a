//! Tests of the histograms.

use super::*;
use proptest::prelude::*;

#[test]
fn buckets_are_contiguous() {
    let mut last = 0;
    for value in (0..200_000u64).chain([u64::MAX - 1, u64::MAX]) {
        let bucket = bucket_of(value);
        assert!(bucket == last || bucket == last + 1 || value > 200_000, "{value}");
        last = bucket;
    }
    assert!(bucket_of(u64::MAX) <= usize::from(u16::MAX));
}

#[test]
fn moments_are_exact() {
    let mut times = Distribution::default();
    for ms in [10u64, 20, 30, 40] {
        times.record(ms * 1_000_000);
    }
    assert_eq!(times.mean(), 25e6);
    assert_eq!(times.variance(), 125e12);
    assert_eq!(times.max(), 40_000_000);
    assert_eq!(times.count(), 4);
}

#[test]
fn a_constant_has_no_variance() {
    let mut times = Distribution::default();
    (0..1_000).for_each(|_| times.record(123_456_789_012));
    assert_eq!(times.variance(), 0.0);
    assert_eq!(times.quantile(0.99), Some(123_456_789_012));
}

#[test]
fn nothing_has_no_quantile() {
    assert_eq!(Buckets::default().quantile(0.5), None);
    assert_eq!(Distribution::default().mean(), 0.0);
    let mut cleared = Buckets::default();
    cleared.record(5);
    cleared.clear();
    assert_eq!(cleared.quantile(0.5), None);
    cleared.record(7);
    assert_eq!(cleared.quantile(0.5), Some(7));
}

#[test]
fn shares_above_a_value_part_its_bucket() {
    let mut times = Distribution::default();
    (0..1_000u64).for_each(|n| times.record(1_000_000 + n * 1_000));
    assert_eq!(
        (times.min(), times.share_above(999_999), times.share_above(1_999_000)),
        (1_000_000, 1.0, 0.0)
    );
    let half = times.share_above(1_499_500);
    assert!((half - 0.5).abs() < 0.002, "{half}");
    let mut equal = Distribution::default();
    (0..10).for_each(|_| equal.record(5_000_000_000));
    assert_eq!((equal.share_above(4_999_999_999), equal.share_above(5_000_000_000)), (1.0, 0.0));
}

proptest! {
    #[test]
    fn quantiles_are_within_their_bound(
        mut values in prop::collection::vec(0u64..100_000_000_000_000, 1..300),
        quantile in 0.0f64..=1.0,
    ) {
        let mut times = Distribution::default();
        values.iter().for_each(|value| times.record(*value));
        values.sort_unstable();
        let rank = (quantile * values.len() as f64 - 1e-9).ceil().max(1.0) as usize;
        let exact = values[rank - 1] as f64;
        let found = times.quantile(quantile).unwrap() as f64;
        prop_assert!((found - exact).abs() <= exact / 128.0, "{found} for {exact}");
    }

    #[test]
    fn merging_is_the_same_as_recording_all(
        left in prop::collection::vec(0u64..10_000_000_000, 0..100),
        right in prop::collection::vec(0u64..10_000_000_000, 0..100),
    ) {
        let of = |values: &[u64]| {
            let mut times = Distribution::default();
            values.iter().for_each(|value| times.record(*value));
            times
        };
        let mut merged = of(&left);
        merged.merge(&of(&right));
        let all = of(&[left, right].concat());
        prop_assert_eq!(merged.quantile(0.9), all.quantile(0.9));
        prop_assert_eq!(merged.mean(), all.mean());
        prop_assert!((merged.variance() - all.variance()).abs() <= 1e-9 * all.variance() + 1.0);
    }

    #[test]
    fn windows_add_up(
        windows in prop::collection::vec(prop::collection::vec(0u64..1_000_000, 0..20), 1..20),
        from in 0usize..20,
        to in 0usize..25,
    ) {
        let mut kept = WindowedBuckets::default();
        let mut window = Buckets::default();
        for values in &windows {
            values.iter().for_each(|value| window.record(*value));
            kept.push(&window);
            window.clear();
        }
        let mut expected = Buckets::default();
        for values in windows.iter().take(to).skip(from) {
            values.iter().for_each(|value| expected.record(*value));
        }
        let mut sum = Buckets::default();
        kept.add_to(from, to, &mut sum);
        prop_assert_eq!(sum.count(), expected.count());
        prop_assert_eq!(sum.quantile(0.5), expected.quantile(0.5));
    }
}
