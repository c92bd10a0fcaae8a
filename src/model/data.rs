//! What is stored, and what is on its way to be stored.

pub mod cache;
pub mod records;
pub mod spool;
