//! What is stored: tables and their rows, the locks on rows, and the background work of a database.

pub mod locks;
pub mod tables;
pub mod tasks;
