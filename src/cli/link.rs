//! `brownout link`: the link that replays a run.

use super::args::LinkArguments;
use super::problems::Failure;
use super::source::Source;
use super::{Done, Outcome, output};
use brownout::link;
use brownout::problem::Problem;

/// Prints the fragment, or with a base the whole address.
pub fn link(arguments: &LinkArguments) -> Done {
    let source = Source::read(&arguments.source)?;
    let run = arguments.switches.run(&source)?;
    let encoded = if arguments.packed { link::encode_packed(&run) } else { link::encode(&run) };
    let fragment =
        encoded.map_err(|error| Failure::one(source.name, Problem::new("", error.en)))?;
    let base = arguments.base.as_deref().unwrap_or_default();
    let base = base.split('#').next().unwrap_or_default();
    output::write(None, &format!("{base}#{fragment}\n"))?;
    Ok(Outcome::Fine)
}
