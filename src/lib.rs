//! Brownout: a deterministic simulator of failure cascades and the patterns that contain them.

pub mod census;
pub mod chart;
pub mod engine;
pub mod lane;
pub mod link;
pub mod metrics;
pub mod model;
pub mod nearest;
pub mod observation;
pub mod pattern;
pub mod plan;
pub mod preset;
pub mod problem;
pub mod report;
pub mod run;
pub mod scenario;
pub mod simulation;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
pub mod wiring;
