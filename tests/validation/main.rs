//! The validation suite: figures that theory, product sources and recorded runs predict, reproduced through the
//! public scenario format and the program as it is used: `brownout run - --format json`.
//!
//! What is predicted stands in `cases.json`: 99 cases with their values and tolerances (five standard deviations
//! of an estimate of the stated size, measured over 200 replications of an independent simulator). A run of
//! another size has its tolerance scaled by the root of the ratio. Every case either has each of its metrics
//! asserted, or stands in [`document::NOT_YET`] with what is missing; there is no third way.
//!
//! `VALIDATION=full` runs the cases at their full size; `UPDATE=1` writes `docs/validation.md`.
#![cfg(not(target_arch = "wasm32"))]

#[macro_use]
mod book;
mod arithmetic;
mod autoscaling;
mod availability;
mod balancing;
mod breaker;
mod caches;
mod discipline;
mod document;
mod ejection;
mod hostile;
mod invariants;
mod metastable;
mod networks;
mod program;
mod queues;
mod rates_and_retries;
mod scenarios;
mod timelines;
mod timeouts;

use book::Test;

/// Every case that is tested, in the order of the book.
fn tests() -> Vec<Test> {
    [
        queues::CASES,
        timeouts::CASES,
        discipline::CASES,
        networks::CASES,
        balancing::CASES,
        rates_and_retries::CASES,
        availability::CASES,
        metastable::CASES,
        breaker::CASES,
        ejection::CASES,
        autoscaling::CASES,
        caches::CASES,
        arithmetic::CASES,
        timelines::CASES,
        invariants::CASES,
        hostile::CASES,
    ]
    .concat()
}
