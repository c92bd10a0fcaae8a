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
    Golden { preset: "slow-dependency", switches: &[], digest: "" },
    Golden { preset: "slow-dependency", switches: &[("breaker", 60.0)], digest: "" },
    Golden { preset: "eight-minus-one", switches: &[], digest: "" },
    Golden { preset: "eight-minus-one", switches: &[("headroom", 20.0)], digest: "" },
    Golden { preset: "full-disk", switches: &[], digest: "" },
    Golden { preset: "full-disk", switches: &[("logrotate", 320.0)], digest: "" },
    Golden { preset: "retry-storm", switches: &[], digest: "" },
    Golden {
        preset: "retry-storm",
        switches: &[("budget", 0.0), ("bounded-queue", 70.5)],
        digest: "",
    },
    Golden { preset: "shared-database", switches: &[], digest: "" },
    Golden { preset: "shared-database", switches: &[("stop-c", 100.0)], digest: "" },
    Golden { preset: "async-calls", switches: &[], digest: "" },
    Golden { preset: "async-calls", switches: &[("async", 60.0)], digest: "" },
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
