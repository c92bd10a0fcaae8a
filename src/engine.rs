//! The discrete-event engine: time, the calendar of events, random streams and the digest.
//!
//! It knows nothing of servers or requests; the model brings its own event type.

pub mod time;

pub use time::{Duration, Time};
