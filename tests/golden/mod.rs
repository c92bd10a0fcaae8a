//! Golden digests of the presets, and the runs that they belong to.

use brownout::engine::Time;
use brownout::preset;
use brownout::run::{Action, Change, Run};

/// The digest of a preset's run.
#[derive(Clone, Debug, PartialEq)]
pub struct Golden {
    /// The preset, run with its own seed.
    pub preset: String,
    /// Switches turned on, and when, in seconds.
    pub switches: Vec<(String, f64)>,
    /// The digest over all events.
    pub digest: String,
}

/// Each preset as it was, and with switches flipped on the way.
pub fn digests() -> Vec<Golden> {
    let lines = include_str!("digests.txt").lines().filter(|line| !line.starts_with('#'));
    lines.map(Golden::read).collect()
}

impl Golden {
    fn read(line: &str) -> Golden {
        let [preset, switches, digest] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("a line has three parts: {line}")
        };
        let switch = |text: &str| {
            let (id, at) = text.split_once('@').expect("a switch has a time");
            (id.to_owned(), at.parse().expect("a number of seconds"))
        };
        let switches = switches.split(',').filter(|text| *text != "-").map(switch).collect();
        Golden { preset: preset.to_owned(), switches, digest: digest.to_owned() }
    }

    /// The run that it belongs to.
    pub fn run(&self) -> Run {
        preset_run(&self.preset, &self.switches)
    }

    /// The arguments of `brownout run PRESET` that repeat the run.
    #[allow(dead_code, reason = "only the native test prints a command")]
    pub fn arguments(&self) -> String {
        self.switches.iter().map(|(id, at)| format!("--on {id}@{at} ")).collect()
    }
}

/// A preset's run with its own seed and some switches.
pub fn preset_run(id: &str, switches: &[(String, f64)]) -> Run {
    let base = Run::of_preset(preset::find(id).expect("a preset"));
    let action = |(id, at): &(String, f64)| Action {
        at: Time::from_seconds(*at),
        change: Change::Toggle { id: id.clone(), on: true },
    };
    let actions = switches.iter().map(action).collect();
    Run::new(base.document, base.seed, actions).expect("switches of the preset")
}
