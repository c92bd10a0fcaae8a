//! Who watches over servers and acts by itself: health checks, liveness probes, outlier detection, monitors
//! and their alarms.

pub mod alarm;
pub mod autoscaler;
pub mod deployer;
pub mod health_check;
pub mod liveness;
pub mod monitor;
pub mod outlier;
