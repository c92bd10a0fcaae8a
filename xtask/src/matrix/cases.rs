//! Which runs are repeated, and how they are cut.

use serde_json::{Value, json};
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use xtask::Outcome;
use xtask::project::Project;
use xtask::runs::{ALL_EVENTS, FAR_S, Job, Piece};

/// About so many pieces has a run that is cut at random.
const RANDOM_PIECES: u32 = 60;
/// So many checkpoints are made in a run.
const CHECKPOINTS: u32 = 12;
/// A random piece that is bounded by events has fewer than this.
const MOST_EVENTS: u64 = 20_000;

/// A preset's run.
pub struct Case {
    preset: String,
    seed: u64,
    switches: Switches,
    duration_s: f64,
    toggles: Vec<String>,
}

/// What is switched in a run.
#[derive(Clone, Copy, Debug)]
enum Switches {
    AsItWas,
    AllFromTheStart,
    /// One after the other while the run goes on, and the first one off again.
    AllOnTheWay,
}

/// How a run is cut.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    Whole,
    Seconds,
    Random,
    Checkpoints,
}

impl Cut {
    pub const ALL: [Self; 4] = [Self::Whole, Self::Seconds, Self::Random, Self::Checkpoints];

    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "one chunk",
            Self::Seconds => "1 s chunks",
            Self::Random => "random chunks",
            Self::Checkpoints => "checkpoint/restore",
        }
    }
}

/// Every preset with every seed and every choice of switches.
pub fn all(project: &Project, seeds: RangeInclusive<u64>) -> Outcome<Vec<Case>> {
    let mut files: Vec<_> = fs::read_dir(project.root.join("src/presets"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Outcome<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let scenario: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let preset = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let toggles: Vec<String> = scenario["toggles"]
            .as_object()
            .into_iter()
            .flat_map(|map| map.keys().cloned())
            .collect();
        let duration_s = scenario["duration_s"].as_f64().ok_or("a preset has a duration")?;
        for seed in seeds.clone() {
            for switches in [Switches::AsItWas, Switches::AllFromTheStart, Switches::AllOnTheWay] {
                let (preset, toggles) = (preset.clone(), toggles.clone());
                cases.push(Case { preset, seed, switches, duration_s, toggles });
            }
        }
    }
    Ok(cases)
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let switches = match self.switches {
            Switches::AsItWas => "as it was",
            Switches::AllFromTheStart => "all switches from the start",
            Switches::AllOnTheWay => "all switches on the way",
        };
        write!(out, "{} seed {} {switches}", self.preset, self.seed)
    }
}

impl Case {
    /// The run, cut.
    pub fn job(&self, cut: Cut) -> Job {
        let run = json!({ "preset": self.preset, "seed": self.seed, "actions": self.actions() });
        Job { run, pieces: self.pieces(cut) }
    }

    fn actions(&self) -> Vec<Value> {
        let action =
            |at_s: f64, toggle: &str, on| json!({ "at_s": at_s, "toggle": toggle, "on": on });
        let count = self.toggles.len() as f64 + 2.0;
        match self.switches {
            Switches::AsItWas => Vec::new(),
            Switches::AllFromTheStart => {
                self.toggles.iter().map(|key| action(0.0, key, true)).collect()
            }
            Switches::AllOnTheWay => {
                let moment = |number: usize| self.duration_s * (number + 1) as f64 / count;
                let numbered = self.toggles.iter().enumerate();
                let on = numbered.map(|(number, key)| action(moment(number), key, true));
                let first = self.toggles.first();
                let off = first.map(|key| action(moment(self.toggles.len()), key, false));
                on.chain(off).collect()
            }
        }
    }

    fn pieces(&self, cut: Cut) -> Vec<Piece> {
        let until = |until_s: f64| Piece { until_s, events: ALL_EVENTS, checkpoint: false };
        let mut dice = Dice(self.seed ^ (self.preset.len() as u64) << 32);
        match cut {
            Cut::Whole => Vec::new(),
            Cut::Seconds => {
                (1..self.duration_s.ceil() as u32).map(|s| until(f64::from(s))).collect()
            }
            Cut::Random => (0..RANDOM_PIECES)
                .map(|number| match dice.below(2) {
                    0 => until(self.moment(&mut dice, number, RANDOM_PIECES)),
                    _ => Piece { events: dice.below(MOST_EVENTS), ..until(FAR_S) },
                })
                .collect(),
            Cut::Checkpoints => (0..CHECKPOINTS)
                .flat_map(|number| {
                    let whole = until(self.moment(&mut dice, number, CHECKPOINTS));
                    // The checkpoint may fall between two events of one moment.
                    [whole, Piece { events: dice.below(50), checkpoint: true, ..until(FAR_S) }]
                })
                .collect(),
        }
    }

    /// A random moment in one of so many equal parts of the run.
    fn moment(&self, dice: &mut Dice, part: u32, parts: u32) -> f64 {
        let share = dice.below(1 << 32) as f64 / (1_u64 << 32) as f64;
        self.duration_s * (f64::from(part) + share) / f64::from(parts)
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): the cuts are the same on every machine.
struct Dice(u64);

impl Dice {
    /// A number below a bound; a little uneven, which does not matter here.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (bits ^ bits >> 31) % bound
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_random_and_repeatable() {
        let case = Case {
            preset: "p".to_owned(),
            seed: 3,
            switches: Switches::AllOnTheWay,
            duration_s: 90.0,
            toggles: vec!["one".to_owned(), "two".to_owned()],
        };
        assert_eq!(case.job(Cut::Random), case.job(Cut::Random));
        assert_eq!(case.job(Cut::Whole).pieces, []);
        assert_eq!(case.job(Cut::Seconds).pieces.len(), 89);
        let pieces = case.job(Cut::Checkpoints).pieces;
        assert_eq!(pieces.iter().filter(|piece| piece.checkpoint).count(), CHECKPOINTS as usize);
        assert_eq!(case.actions().len(), 3);
    }
}
