//! What happens in the model, told in small exact stories.
//!
//! Each test writes a scenario as a user would, runs it, and looks at the observations.
#![cfg(not(target_arch = "wasm32"))]

mod arrivals;
mod autoscaling;
mod balancing;
mod breakdowns;
mod caches;
mod calls;
mod chaos;
mod closed_forms;
mod disciplines;
mod faults;
mod groups;
mod hedging;
mod identity;
mod limits;
mod locks;
mod luck;
mod memory;
mod migration;
mod monitoring;
mod operator;
mod policies;
mod queue;
mod queues;
mod records;
mod releases;
mod replication;
mod restarts;
mod shards;
mod spool;
mod steps;
mod story;
mod switches;
mod tables;
