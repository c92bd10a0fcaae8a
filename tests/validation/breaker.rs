//! Soon.
cases! {}
