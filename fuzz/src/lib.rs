//! Random scenarios, and what must hold of each: for tests, `cargo xtask swarm` and libFuzzer.
//!
//! A [`case::Case`] is drawn from the generated schema ([`draw`], [`edit`]), with names from
//! [`names`] and rules between fields mended ([`mend`]); [`trial::trial`] runs it. None of this is
//! part of the page or of the command-line program.

pub mod case;
pub mod dice;
pub mod draw;
pub mod edit;
pub mod mend;
pub mod mutate;
pub mod names;
pub mod shape;
pub mod shrink;
pub mod swarm;
pub mod target;
pub mod trial;
