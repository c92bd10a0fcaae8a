//! The discrete-event engine: time, the calendar of events, random draws, samplers and the digest.
//!
//! It knows nothing of servers or requests; the model brings its own event type. Everything here
//! gives the same bits natively and in WebAssembly.

pub mod calendar;
pub mod digest;
mod logarithm;
pub mod math;
pub mod random;
pub mod sample;
pub mod time;
pub mod zipf;

pub use calendar::{Calendar, Rank, Timer};
pub use digest::Digest;
pub use random::{Draws, Luck, Site};
pub use sample::Sampler;
pub use time::{Duration, Time};
pub use zipf::Zipf;
