//! What is stored: which of many like things a request is about.

pub mod cache;
