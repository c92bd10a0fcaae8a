//! Runs repeated in WebAssembly, in a browser, many at a time.

use super::Browser;
use super::webdriver::is_breakdown;
use crate::Outcome;
use crate::chromium::Chromium;
use crate::project::Project;
use crate::runs::{ALL_EVENTS, ASTRAY_EVENTS, Answer, FAR_S, Job, answer_from_json};
use crate::static_server::StaticServer;
use serde_json::{Value, json};
use std::thread;
use std::time::{Duration, Instant};

const SCRIPT: &str = include_str!("replay.js");
/// About so many bytes of jobs are handed over at once.
const BATCH_BYTES: usize = 1024 * 1024;
/// So many answers are taken at once.
const ANSWERS: usize = 100;
const POLL: Duration = Duration::from_millis(20);
/// When for so long no job is finished, something is wrong.
const PATIENCE: Duration = Duration::from_secs(900);

/// A browser that repeats runs with the page's module; ends with this value.
#[derive(Debug)]
pub struct WasmReplay {
    chromium: Chromium,
    server: StaticServer,
    browser: Browser,
}

impl WasmReplay {
    /// Starts the browser. The page must have been built.
    pub fn start(project: &Project, chromium: &Chromium) -> Outcome<Self> {
        let server = StaticServer::start(&project.generated(), "/", 0)
            .map_err(|error| format!("{}: {error}", project.generated().display()))?;
        let browser = open(chromium, &server)?;
        Ok(Self { chromium: chromium.clone(), server, browser })
    }

    /// Repeats runs; the answers are in the order of the jobs. A browser that breaks down is started
    /// again, once.
    pub fn answers(&mut self, jobs: &[Job]) -> Outcome<Vec<Answer>> {
        let mut answers = vec![None; jobs.len()];
        if let Err(error) = self.answer(jobs, &mut answers) {
            if !is_breakdown(&*error) {
                return Err(error);
            }
            println!("  the browser broke down, once more: {error}");
            self.browser = open(&self.chromium, &self.server)?;
            self.answer(jobs, &mut answers)?;
        }
        let missing = || Err("no answer".to_owned());
        Ok(answers.into_iter().map(|answer| answer.unwrap_or_else(missing)).collect())
    }

    /// Repeats the runs that have no answer yet.
    fn answer(&self, jobs: &[Job], answers: &mut [Option<Answer>]) -> Outcome {
        let mut open = 0;
        let (mut batch, mut size) = (Vec::new(), 0);
        for (number, job) in
            jobs.iter().enumerate().filter(|(number, _)| answers[*number].is_none())
        {
            let job = job.to_json();
            size += job.to_string().len();
            batch.push(json!([number, job]));
            open += 1;
            if size > BATCH_BYTES {
                self.add(batch)?;
                (batch, size) = (Vec::new(), 0);
            }
        }
        self.add(batch)?;
        let take = format!("return window.replay.answers.splice(0, {ANSWERS})");
        let mut last = Instant::now();
        while open > 0 {
            for entry in self.script(&take, &[])?.as_array().into_iter().flatten() {
                let number = entry[0].as_u64().ok_or("an answer has a number")? as usize;
                answers[number] = Some(answer_from_json(&entry[1]));
                open -= 1;
                last = Instant::now();
            }
            if last.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(format!("{open} runs in the browser go on after {seconds} s").into());
            }
            thread::sleep(POLL);
        }
        Ok(())
    }

    /// Hands jobs over as a text: as a value the driver would sort its names.
    fn add(&self, batch: Vec<Value>) -> Outcome<()> {
        let text = Value::from(batch).to_string();
        self.script("window.replay.add(JSON.parse(arguments[0]))", &[text.into()])?;
        Ok(())
    }

    fn script(&self, body: &str, arguments: &[Value]) -> Outcome<Value> {
        self.browser.session.script(body, arguments)
    }
}

/// Opens the module itself, as text: a page that is from the right place and has no policy.
fn open(chromium: &Chromium, server: &StaticServer) -> Outcome<Browser> {
    let browser = Browser::start(chromium, &format!("127.0.0.1:{}", server.port()))?;
    let module = format!("{}brownout.js", server.url());
    browser.session.open(&module)?;
    let settings =
        json!({ "far_s": FAR_S, "all_events": ALL_EVENTS, "astray_events": ASTRAY_EVENTS });
    browser.session.script(SCRIPT, &[module.into(), settings])?;
    Ok(browser)
}
