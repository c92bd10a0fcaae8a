//! Who watches over servers and acts by itself: health checks, liveness probes, outlier detection.

pub mod autoscaler;
pub mod health_check;
pub mod liveness;
pub mod outlier;
