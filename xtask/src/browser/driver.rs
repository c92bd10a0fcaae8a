//! The process of `chromedriver`.

use crate::Outcome;
use crate::chromium::Chromium;
use crate::scratch::Scratch;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

/// A running `chromedriver`; ends with this value.
#[derive(Debug)]
pub struct Driver {
    process: Child,
    /// Where it listens, without a trailing slash.
    pub url: String,
    /// The browser it is to start.
    pub chromium: Chromium,
    /// Goes last: the process still writes there.
    _scratch: Scratch,
}

impl Driver {
    /// Starts it on a free port of its own choice.
    pub fn start(chromium: &Chromium) -> Outcome<Self> {
        let scratch = Scratch::new()?;
        let mut process = Command::new(&chromium.driver)
            .arg("--port=0")
            .env("TMPDIR", scratch.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("could not start {}: {error}", chromium.driver.display()))?;
        let output = process.stdout.take().expect("standard output was piped");
        let mut lines = BufReader::new(output).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_in(&line));
        // It must be able to go on writing.
        thread::spawn(move || lines.for_each(drop));
        let Some(port) = port else {
            let _ = process.kill();
            let _ = process.wait();
            return Err("chromedriver ended without saying where it listens".into());
        };
        let url = format!("http://127.0.0.1:{port}");
        Ok(Self { process, url, chromium: chromium.clone(), _scratch: scratch })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Nothing is to be done if it has gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// `ChromeDriver was started successfully on port 12345.`
fn port_in(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("started successfully on port ")?;
    port.trim().trim_end_matches('.').parse().ok()
}
