//! A real browser, driven from here: for the tests of the page and for runs inside WebAssembly.

pub mod driver;
pub mod replay;
pub mod webdriver;

use crate::Outcome;
use crate::chromium::Chromium;
use driver::Driver;
use webdriver::Session;

/// How often a browser that does not start is started again.
const STARTS: u32 = 3;

/// A browser with an empty profile, and the driver that belongs to it; both end with this value and
/// leave nothing behind.
#[derive(Debug)]
pub struct Browser {
    /// What commands go to. Before the driver, because fields are dropped in this order.
    pub session: Session,
    _driver: Driver,
}

impl Browser {
    /// Starts one that sends what is for other hosts to `proxy`, a host and a port. A machine under
    /// load sometimes fails to start a browser in time, which says nothing about what is tested;
    /// so this tries again.
    pub fn start(chromium: &Chromium, proxy: &str) -> Outcome<Self> {
        let mut tries = 1;
        loop {
            match Self::start_once(chromium, proxy) {
                Err(error) if tries < STARTS => println!("  the browser did not start: {error}"),
                result => return result,
            }
            tries += 1;
        }
    }

    fn start_once(chromium: &Chromium, proxy: &str) -> Outcome<Self> {
        let driver = Driver::start(chromium)?;
        let session = Session::start(&driver, proxy)?;
        Ok(Self { session, _driver: driver })
    }
}
