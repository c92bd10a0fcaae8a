//! Resilience patterns as plain state machines.
//!
//! A pattern is *told* the time and the outcome and answers. It never schedules, samples behind the
//! caller's back or counts for the page, so it can be tested in three lines without an engine.
