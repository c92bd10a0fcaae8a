//! Tests of metrics on observations made by hand.
