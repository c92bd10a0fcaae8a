//! What is stored, and what is on its way to be stored.
//!
//! Of a database: its `tables` and row `locks`, its background work (`tasks`) and its `migration` to another
//! one; its servers' `copies` of the data, their `replication` by the `write_log`, the `roles` of the servers
//! and the `takeover` of the primary's. Of what must not get lost: `records`, and the `spool`s and `queue`s
//! that they wait in. And the `cache`s of servers, and the tokens of users (`identity`).

pub mod cache;
mod copies;
pub mod identity;
pub mod locks;
pub mod message;
pub mod migration;
pub mod queue;
pub mod records;
pub mod replication;
mod roles;
pub mod spool;
pub mod tables;
mod takeover;
pub mod tasks;
pub mod write_log;
