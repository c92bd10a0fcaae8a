//! The WebDriver protocol, as much of it as we need: <https://www.w3.org/TR/webdriver2/>.

use super::driver::Driver;
use crate::Outcome;
use serde_json::{Value, json};
use std::error::Error;
use std::fmt;
use std::time::Duration;
use ureq::Agent;

/// No command takes longer, starting the browser included, on a machine that has much else to do.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(300);
/// How long a script of a test may take, which may measure something for a while.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(240);
/// The options of the browser, shared with wasm-pack's tests.
const OPTIONS: &str = include_str!("../../../webdriver.json");

/// The driver's answer that it has not done a command.
#[derive(Debug)]
pub struct Refusal {
    /// The protocol's name for the reason, such as `javascript error`.
    pub reason: String,
    /// The first line of the explanation; the rest is the driver's own stack.
    pub message: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.reason, self.message)
    }
}

impl Error for Refusal {}

/// Whether an error says that the browser or its driver broke down, and so nothing about the page.
#[must_use]
pub fn is_breakdown(error: &(dyn Error + Send + Sync + 'static)) -> bool {
    const REASONS: [&str; 3] = ["session not created", "invalid session id", "no such window"];
    const MESSAGES: [&str; 4] =
        ["crash", "disconnected", "not reachable", "timed out receiving message from renderer"];
    let Some(refusal) = error.downcast_ref::<Refusal>() else { return error.is::<ureq::Error>() };
    REASONS.contains(&refusal.reason.as_str())
        || refusal.reason != "javascript error"
            && MESSAGES.iter().any(|words| refusal.message.contains(words))
}

/// One browser with an empty profile; ends with this value.
#[derive(Debug)]
pub struct Session {
    agent: Agent,
    url: String,
}

impl Session {
    /// Starts a browser that sends what is for other hosts to `proxy`, a host and a port.
    pub fn start(driver: &Driver, proxy: &str) -> Outcome<Self> {
        let config = Agent::config_builder()
            .timeout_global(Some(COMMAND_TIMEOUT))
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let agent = config.new_agent();
        let mut capabilities: Value = serde_json::from_str(OPTIONS)?;
        capabilities["browserName"] = json!("chrome");
        capabilities["goog:chromeOptions"]["binary"] = json!(driver.chromium.browser);
        capabilities["proxy"] =
            json!({ "proxyType": "manual", "httpProxy": proxy, "sslProxy": proxy });
        capabilities["timeouts"] = json!({ "script": SCRIPT_TIMEOUT.as_millis() as u64 });
        capabilities["goog:loggingPrefs"] = json!({ "browser": "ALL", "performance": "ALL" });
        let body = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let answer = post(&agent, &format!("{}/session", driver.url), &body)?;
        let id = answer["sessionId"].as_str().ok_or("chromedriver gave no session")?;
        let url = format!("{}/session/{id}", driver.url);
        Ok(Self { agent, url })
    }

    /// Sends a command and returns its `value`.
    pub fn command(&self, path: &str, body: &Value) -> Outcome<Value> {
        post(&self.agent, &format!("{}/{path}", self.url), body)
    }

    /// Opens an address and waits until it has loaded.
    pub fn open(&self, url: &str) -> Outcome {
        self.command("url", &json!({ "url": url })).map(drop)
    }

    /// Runs the body of a JavaScript function with some arguments and returns what it returns,
    /// awaited.
    pub fn script(&self, body: &str, arguments: &[Value]) -> Outcome<Value> {
        self.command("execute/sync", &json!({ "script": body, "args": arguments }))
    }

    /// Sends a command of the Chrome DevTools Protocol.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Outcome<Value> {
        self.command("goog/cdp/execute", &json!({ "cmd": command, "params": parameters }))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The driver's end would close the browser too.
        let _ = self.agent.delete(&self.url).call();
    }
}

fn post(agent: &Agent, url: &str, body: &Value) -> Outcome<Value> {
    let mut response = agent.post(url).send_json(body)?;
    let succeeded = response.status().is_success();
    let limit = response.body_mut().with_config().limit(256 * 1024 * 1024);
    let mut answer: Value = limit.read_json()?;
    let value = answer["value"].take();
    if succeeded {
        return Ok(value);
    }
    let reason = value["error"].as_str().unwrap_or("the driver failed").to_owned();
    let message = value["message"].as_str().unwrap_or("no message");
    let message = message.lines().next().unwrap_or_default().to_owned();
    Err(Refusal { reason, message }.into())
}

#[cfg(test)]
mod tests {
    use super::{Refusal, is_breakdown};

    #[test]
    fn a_breakdown_of_the_browser_is_told_from_a_failure_of_the_page() {
        let refusal = |reason: &str, message: &str| Refusal {
            reason: reason.to_owned(),
            message: message.to_owned(),
        };
        assert!(is_breakdown(&refusal("session not created", "no room")));
        assert!(is_breakdown(&refusal("unknown error", "session deleted as of page crash")));
        assert!(!is_breakdown(&refusal("javascript error", "Cannot read crash of null")));
        assert!(!is_breakdown(&refusal("element click intercepted", "by another")));
    }
}
