//! Golden digests of the presets, and the runs that they belong to.

use brownout::engine::Time;
use brownout::preset;
use brownout::run::{Action, Change, Run};

/// The digest of a preset's run.
pub struct Golden {
    /// The preset, run with its own seed.
    pub preset: &'static str,
    /// Switches turned on, and when, in seconds.
    pub switches: &'static [(&'static str, f64)],
    /// The digest over all events.
    pub digest: &'static str,
}

impl Golden {
    /// The arguments of `brownout run PRESET` that repeat the run.
    #[allow(dead_code, reason = "only the native test prints a command")]
    pub fn arguments(&self) -> String {
        self.switches.iter().map(|(id, at)| format!("--on {id}@{at} ")).collect()
    }
}

/// Each preset as it was, and with a switch flipped on the way.
pub const DIGESTS: &[Golden] = &[
    Golden { preset: "slow-dependency", switches: &[], digest: "94da7f8d329cfd06" },
    Golden {
        preset: "slow-dependency",
        switches: &[("breaker", 60.0)],
        digest: "e2c175f551668441",
    },
    Golden { preset: "eight-minus-one", switches: &[], digest: "cbbfe062325ad302" },
    Golden {
        preset: "eight-minus-one",
        switches: &[("headroom", 20.0)],
        digest: "5685e586ab360cae",
    },
    Golden { preset: "full-disk", switches: &[], digest: "6446aa2b1a582d0d" },
    Golden { preset: "full-disk", switches: &[("logrotate", 320.0)], digest: "346c1448d09a11cb" },
    Golden { preset: "retry-storm", switches: &[], digest: "bb89ea905245600c" },
    Golden {
        preset: "retry-storm",
        switches: &[("budget", 0.0), ("bounded-queue", 70.5)],
        digest: "b9d1e48c86db515f",
    },
    Golden { preset: "shared-database", switches: &[], digest: "7f329aaf65f1d006" },
    Golden {
        preset: "shared-database",
        switches: &[("stop-c", 100.0)],
        digest: "409dd9145d9730f9",
    },
    Golden { preset: "async-calls", switches: &[], digest: "b71138b44b4dc517" },
    Golden { preset: "async-calls", switches: &[("async", 60.0)], digest: "3543db933cb64aca" },
];

/// A preset's run with its own seed and some switches.
pub fn preset_run(id: &str, switches: &[(&str, f64)]) -> Run {
    let base = Run::of_preset(preset::find(id).expect("a preset"));
    let action = |(id, at): &(&str, f64)| Action {
        at: Time::from_seconds(*at),
        change: Change::Toggle { id: (*id).to_owned(), on: true },
    };
    let actions = switches.iter().map(action).collect();
    Run::new(base.document, base.seed, actions).expect("switches of the preset")
}
