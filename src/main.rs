//! The command line of Brownout.

fn main() {}
