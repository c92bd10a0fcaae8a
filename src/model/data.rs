//! What is stored, and what is on its way to be stored: tables and their rows, the locks on rows, the
//! background work of a database and its move to another one, caches, records and spools.
//! background work of a database, its copies and who serves which, caches, records and spools.

pub mod cache;
mod copies;
pub mod identity;
pub mod locks;
pub mod migration;
pub mod queue;
pub mod records;
pub mod replication;
mod roles;
pub mod spool;
pub mod tables;
mod takeover;
pub mod tasks;
