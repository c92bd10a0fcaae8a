//! What the programs of this package share: where things are, running other programs, the static
//! server, finding a browser and, behind the feature `browser`, driving it. Otherwise the standard
//! library only.

#[cfg(feature = "browser")]
pub mod browser;
pub mod chromium;
pub mod process;
pub mod project;
#[cfg(any(feature = "browser", feature = "core"))]
pub mod runs;
pub mod scratch;
pub mod static_server;

/// The result of a step; the error is a sentence for the person at the terminal.
pub type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;
