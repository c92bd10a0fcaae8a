//! The WebDriver protocol, as much of it as we need: <https://www.w3.org/TR/webdriver2/>.

use crate::driver::Driver;
use serde_json::{Value, json};
use std::time::Duration;
use ureq::Agent;
use xtask::Outcome;

/// No command takes longer, starting the browser included.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(120);
/// How long a script of a test may take, which may measure something for a while.
const SCRIPT_TIMEOUT: Duration = Duration::from_secs(100);
/// The options of the browser, shared with wasm-pack's tests.
const OPTIONS: &str = include_str!("../../../webdriver.json");

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
    let message = value["message"].as_str().unwrap_or("no message");
    // The rest of the message is the driver's own stack.
    let first = message.lines().next().unwrap_or_default();
    Err(format!("{}: {first}", value["error"].as_str().unwrap_or("the driver failed")).into())
}
