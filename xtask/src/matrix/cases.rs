//! Which runs are repeated, and how they are cut.

use serde_json::{Value, json};
use std::fmt;
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;
use std::process::Command;
use xtask::Outcome;
use xtask::project::Project;
use xtask::runs::{ALL_EVENTS, FAR_S, Job, Piece};

/// About so many pieces has a run that is cut at random.
const RANDOM_PIECES: u32 = 60;
/// So many checkpoints are made in a run.
const CHECKPOINTS: u32 = 12;
/// A random piece that is bounded by events has fewer than this.
const MOST_EVENTS: u64 = 20_000;

/// A run that is repeated.
pub struct Case {
    /// What it is called where it differs.
    name: String,
    run: Value,
    duration_s: f64,
    /// Source of the random cuts.
    dice: u64,
}

/// What is switched in the run of a preset.
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
pub fn of_presets(project: &Project, seeds: RangeInclusive<u64>) -> Outcome<Vec<Case>> {
    let mut files: Vec<_> = fs::read_dir(project.root.join("src/presets"))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Outcome<_>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let scenario: Value = serde_json::from_str(&fs::read_to_string(&file)?)?;
        let preset = file.file_stem().unwrap_or_default().to_string_lossy();
        for seed in seeds.clone() {
            for switches in [Switches::AsItWas, Switches::AllFromTheStart, Switches::AllOnTheWay] {
                cases.push(Case::of_preset(&preset, &scenario, seed, switches)?);
            }
        }
    }
    Ok(cases)
}

/// Random runs, drawn by a native program: `COUNT` or `COUNT,FIRST_SEED,STEP`.
pub fn random(program: &Path, which: &str) -> Outcome<Vec<Case>> {
    let output = Command::new(program).arg("--random").args(which.split(',')).output()?;
    let lines = String::from_utf8(output.stdout)?;
    let case = |line: &str| {
        let mut value: Value = serde_json::from_str(line)?;
        let dice = value["seed"].as_u64().ok_or("a random run has a seed")?;
        let mut run = value["run"].take();
        // Only to know which one it was.
        run.as_object_mut().ok_or("a run is an object")?.remove("preset");
        let duration_s = run["scenario"]["duration_s"].as_f64().ok_or("a run has a duration")?;
        Ok(Case { name: format!("random {dice}"), run, duration_s, dice })
    };
    lines.lines().map(case).collect()
}

impl Switches {
    fn name(self) -> &'static str {
        match self {
            Self::AsItWas => "as it was",
            Self::AllFromTheStart => "all switches from the start",
            Self::AllOnTheWay => "all switches on the way",
        }
    }

    fn actions(self, toggles: &[&str], duration_s: f64) -> Vec<Value> {
        let action =
            |at_s: f64, toggle: &str, on| json!({ "at_s": at_s, "toggle": toggle, "on": on });
        let count = toggles.len() as f64 + 2.0;
        match self {
            Self::AsItWas => Vec::new(),
            Self::AllFromTheStart => toggles.iter().map(|key| action(0.0, key, true)).collect(),
            Self::AllOnTheWay => {
                let moment = |number: usize| duration_s * (number + 1) as f64 / count;
                let numbered = toggles.iter().enumerate();
                let on = numbered.map(|(number, key)| action(moment(number), key, true));
                let off = toggles.first().map(|key| action(moment(toggles.len()), key, false));
                on.chain(off).collect()
            }
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.name)
    }
}

impl Case {
    fn of_preset(preset: &str, scenario: &Value, seed: u64, switches: Switches) -> Outcome<Self> {
        let toggles = scenario["toggles"].as_object().into_iter().flatten();
        let toggles: Vec<&str> = toggles.map(|(key, _)| key.as_str()).collect();
        let duration_s = scenario["duration_s"].as_f64().ok_or("a preset has a duration")?;
        let actions = switches.actions(&toggles, duration_s);
        Ok(Self {
            name: format!("{preset} seed {seed} {}", switches.name()),
            run: json!({ "preset": preset, "seed": seed, "actions": actions }),
            duration_s,
            dice: seed ^ (preset.len() as u64) << 32,
        })
    }

    /// The run, cut.
    pub fn job(&self, cut: Cut) -> Job {
        Job { run: self.run.clone(), pieces: self.pieces(cut) }
    }

    fn pieces(&self, cut: Cut) -> Vec<Piece> {
        let until = |until_s: f64| Piece { until_s, events: ALL_EVENTS, checkpoint: false };
        let mut dice = Dice(self.dice);
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
        let scenario = json!({ "duration_s": 90.0, "toggles": { "one": {}, "two": {} } });
        let case = Case::of_preset("p", &scenario, 3, Switches::AllOnTheWay).unwrap();
        assert_eq!(case.job(Cut::Random), case.job(Cut::Random));
        assert_eq!(case.job(Cut::Whole).pieces, []);
        assert_eq!(case.job(Cut::Seconds).pieces.len(), 89);
        let pieces = case.job(Cut::Checkpoints).pieces;
        assert_eq!(pieces.iter().filter(|piece| piece.checkpoint).count(), CHECKPOINTS as usize);
        assert_eq!(case.run["actions"].as_array().map(Vec::len), Some(3));
    }
}
