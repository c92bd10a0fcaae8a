use super::*;

fn usage(ready: u32, each: f64) -> Usage {
    Usage { ready, used: f64::from(ready) * each, ..Usage::default() }
}

fn at(seconds: f64) -> Time {
    Time::from_seconds(seconds)
}

/// Ready servers share so many cores' worth of load, and every action is followed at once: who scaled when.
fn trace(params: &Params, start: u32, until: u32, load: impl Fn(u32) -> f64) -> Vec<[u32; 3]> {
    let (mut scaler, mut current, mut told) = (Autoscaler::new(), start, Vec::new());
    for second in (0..until).step_by(params.sync_period_s as usize) {
        let now = at(f64::from(second));
        let seen = Usage { ready: current, used: load(second), ..Usage::default() };
        let desired = scaler.sync(params, now, current, &seen);
        if desired != current {
            scaler.scaled(params, now, current, desired);
            told.push([second, current, desired]);
            current = desired;
        }
    }
    told
}

#[test]
fn defaults_survive_json_and_unknown_fields_are_refused() {
    crate::pattern::testing::check_params::<Params>();
}

#[test]
fn the_formula_of_kubernetes() {
    // Validation case E06.
    let wants = |ready, each, target| {
        let params = Params { target_cpu_ratio: target, ..Params::default() };
        recommend(&params, ready, &usage(ready, each)).expect("servers are ready")
    };
    assert_eq!([wants(4, 0.2, 0.1), wants(4, 0.05, 0.1), wants(7, 0.8, 0.5)], [8, 2, 12]);
    assert_eq!([0.54, 0.56, 0.46, 0.44].map(|each| wants(10, each, 0.5)), [10, 12, 10, 9]);
}

#[test]
fn nobody_ready_means_nothing_is_known() {
    let missing = Usage { missing: 3, ..Usage::default() };
    assert_eq!(recommend(&Params::default(), 3, &missing), None);
    assert_eq!(Autoscaler::new().sync(&Params::default(), at(0.0), 3, &missing), 3);
}

#[test]
fn who_boots_counts_as_idle_only_when_it_is_about_more_servers() {
    let params = Params { target_cpu_ratio: 0.5, ..Params::default() };
    let of = |each: f64, unready| Usage { unready, ..usage(4, each) };
    assert_eq!(recommend(&params, 6, &of(1.0, 2)), Some(8));
    // 4 × 0.7 over 6 servers is 0.467, close enough to the target.
    assert_eq!(recommend(&params, 6, &of(0.7, 2)), Some(6));
    // Over 8 servers it would be about fewer: no change.
    assert_eq!(recommend(&params, 8, &of(0.7, 4)), Some(8));
    assert_eq!(recommend(&params, 6, &of(0.25, 2)), Some(2), "of the ready ones alone");
}

#[test]
fn who_is_missing_counts_against_the_change() {
    let params = Params { target_cpu_ratio: 0.5, ..Params::default() };
    let of = |each: f64, missing| Usage { missing, ..usage(4, each) };
    // Down: (4 × 0.1 + 1) ÷ 5 = 0.28 of 0.5, so 3 of 5 stay.
    assert_eq!(recommend(&params, 5, &of(0.1, 1)), Some(3));
    // (4 × 0.25 + 2) ÷ 6 = 0.5: as it should be.
    assert_eq!(recommend(&params, 6, &of(0.25, 2)), Some(6));
    // Up: 4 × 1 over 5.
    assert_eq!(recommend(&params, 5, &of(1.0, 1)), Some(8));
}

#[test]
fn a_step_up_is_followed_at_once_and_a_step_down_after_five_minutes() {
    // Validation case E07.
    let params =
        Params { min_replicas: 2, max_replicas: 20, target_cpu_ratio: 0.5, ..Params::default() };
    let load = |second| if (60..600).contains(&second) { 5.9 } else { 0.95 };
    let expected = [[60, 2, 6], [75, 6, 12], [885, 12, 2]];
    assert_eq!(trace(&params, 2, 1_200, load), expected);
}

#[test]
fn at_most_twice_as_many_or_four_more_in_15_seconds() {
    // Validation case E09.
    let params =
        Params { min_replicas: 4, max_replicas: 100, target_cpu_ratio: 0.7, ..Params::default() };
    let load = |second| if second < 60 { 2.8 } else { 41.5 };
    let expected = [[60, 4, 8], [75, 8, 16], [90, 16, 32], [105, 32, 60]];
    assert_eq!(trace(&params, 4, 300, load), expected);
    let params = Params { max_replicas: 100, ..Params::default() };
    assert_eq!(trace(&params, 1, 15, |_| 50.0), [[0, 1, 5]]);
    assert_eq!(trace(&params, 4, 15, |_| 12.8), [[0, 4, 8]]);
}

#[test]
fn the_number_at_the_start_holds_for_the_window_too() {
    let params = Params { target_cpu_ratio: 0.5, ..Params::default() };
    assert_eq!(trace(&params, 10, 600, |_| 1.0), [[300, 10, 2]]);
}

#[test]
fn policies_count_from_the_start_of_their_period() {
    let mut params = Params { max_replicas: 100, target_cpu_ratio: 0.5, ..Params::default() };
    params.scale_up.policies = vec![
        Policy { kind: PolicyKind::Pods, value: 3, period_s: 60.0 },
        Policy { kind: PolicyKind::Percent, value: 50, period_s: 60.0 },
    ];
    // Max: 10 + 50 % = 15 in the first minute, 15 + 50 % rounded up = 23 in the second.
    assert_eq!(trace(&params, 10, 75, |_| 50.0), [[0, 10, 15], [60, 15, 23]]);
    params.scale_up.select_policy = SelectPolicy::Min;
    assert_eq!(trace(&params, 10, 75, |_| 50.0), [[0, 10, 13], [60, 13, 16]]);
    params.scale_up.select_policy = SelectPolicy::Disabled;
    assert_eq!(trace(&params, 10, 75, |_| 50.0), [[0; 3]; 0]);

    params.scale_down.stabilization_window_s = 0.0;
    params.scale_down.policies = vec![
        Policy { kind: PolicyKind::Pods, value: 2, period_s: 60.0 },
        Policy { kind: PolicyKind::Percent, value: 25, period_s: 60.0 },
    ];
    // 25 % of 10 leave 7.5, cut to 7; of 7, 5.
    assert_eq!(trace(&params, 10, 75, |_| 0.1), [[0, 10, 7], [60, 7, 5]]);
    params.scale_down.select_policy = SelectPolicy::Min;
    assert_eq!(trace(&params, 10, 75, |_| 0.1), [[0, 10, 8], [60, 8, 6]]);
}

#[test]
fn windows_of_the_schedule_move_the_bounds() {
    let mut params = Params { min_replicas: 4, max_replicas: 20, ..Params::default() };
    let window = |from_s, every_s, min_replicas, max_replicas| Window {
        from_s,
        for_s: 100.0,
        every_s,
        min_replicas,
        max_replicas,
    };
    params.schedule.insert("dawn".to_owned(), window(50.0, Some(1_000.0), None, Some(2)));
    params.schedule.insert("sale".to_owned(), window(120.0, None, Some(30), None));
    let bounds = |seconds| params.bounds(at(seconds));
    assert_eq!([49.9, 50.0, 119.9].map(bounds), [(4, 20), (2, 2), (2, 2)]);
    assert_eq!([120.0, 149.9, 150.0, 220.0].map(bounds), [(30, 30), (30, 30), (30, 30), (4, 20)]);
    assert_eq!([1_049.9, 1_050.0, 1_120.0].map(bounds), [(4, 20), (2, 2), (2, 2)]);
    assert_eq!(params.most(), 30);
    // Bounds hold at once, whatever was recommended of late and whatever the policies say.
    let load = |_| 8.0;
    assert_eq!(trace(&params, 10, 180, load), [[60, 10, 2], [120, 2, 30]]);
}
