//! What a test can do with the page and find out about it.

use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};
use xtask::Outcome;
use xtask::browser::Browser;
use xtask::browser::webdriver::{Refusal, Session, is_breakdown};
use xtask::chromium::Chromium;
use xtask::static_server::StaticServer;

/// How long a condition may take to come true. Far longer than it ever does: a busy machine must not
/// fail a test, and one that fails anyway may take its time.
const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(20);

/// Runs before the page's own scripts and is not subject to its policy.
const WITNESS: &str = "
    window.__violations = [];
    document.addEventListener('securitypolicyviolation', event => window.__violations.push(
        `content security policy: ${event.violatedDirective} refused ${event.blockedURI} `
        + `(${event.sourceFile}:${event.lineNumber})`));";

/// Waits until what has changed is drawn, apart from what is drawn only a few times a second.
const NEXT_FRAME: &str = "
    return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())));";

/// Waits until everything that has changed is drawn: the laziest part of the page draws once a second.
const SETTLED: &str = "
    const start = performance.now();
    return new Promise(done => {
      const look = () => performance.now() - start > 1050
        ? requestAnimationFrame(() => requestAnimationFrame(() => done()))
        : requestAnimationFrame(look);
      look();
    });";

/// Waits until an element is where it was a frame ago, and notes whether a click reaches it.
const STANDS_STILL: &str = "
    const selector = arguments[0];
    window.__clicked = false;
    const place = element => {
      const { x, y, width, height } = element.getBoundingClientRect();
      return [x, y, width, height].join();
    };
    return new Promise(done => {
      let element = null, before = '', frames = 0;
      const look = () => {
        const found = document.querySelector(selector);
        if (!found) return done(false);
        const now = place(found);
        frames += 1;
        if ((found !== element || now !== before) && frames < 60) {
          [element, before] = [found, now];
          return requestAnimationFrame(look);
        }
        found.addEventListener('click', () => { window.__clicked = true; },
          { once: true, capture: true });
        done(true);
      };
      document.querySelector(selector)?.scrollIntoView({ block: 'nearest', behavior: 'instant' });
      requestAnimationFrame(look);
    });";

/// Keys that have no character of their own, for [`Page::press`].
pub mod key {
    pub const TAB: char = '\u{e004}';
    pub const ENTER: char = '\u{e007}';
    pub const SHIFT: char = '\u{e008}';
    pub const ESCAPE: char = '\u{e00c}';
    pub const RIGHT: char = '\u{e014}';
}

/// What the page is looked at with.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// CSS pixels.
    pub width: u32,
    /// CSS pixels.
    pub height: u32,
    /// Device pixels per CSS pixel.
    pub pixel_ratio: f64,
    /// `prefers-color-scheme: dark`.
    pub dark: bool,
    /// The browser's language, such as `en-US` or `ko-KR`.
    pub language: &'static str,
}

impl View {
    /// A desktop window: light, English.
    pub const DESKTOP: Self =
        Self { width: 1440, height: 900, pixel_ratio: 1.0, dark: false, language: "en-US" };
    /// A telephone held upright: light, English.
    pub const PHONE: Self =
        Self { width: 390, height: 844, pixel_ratio: 3.0, dark: false, language: "en-US" };
}

/// A browser that shows the page.
#[derive(Debug)]
pub struct Page<'a> {
    browser: Browser,
    server: &'a StaticServer,
    /// The server's requests before this page's.
    first_request: usize,
    /// Complaints that the browser has told us already; it tells each only once.
    told: RefCell<Vec<String>>,
    told_requests: RefCell<BTreeSet<String>>,
    complaints_expected: Cell<bool>,
}

impl<'a> Page<'a> {
    /// Starts a browser, with nothing opened yet.
    pub fn new(chromium: &Chromium, server: &'a StaticServer) -> Outcome<Self> {
        let first_request = server.requests().len();
        let browser = Browser::start(chromium, &format!("127.0.0.1:{}", server.port()))?;
        let witness = json!({ "source": WITNESS });
        browser.session.devtools("Page.addScriptToEvaluateOnNewDocument", &witness)?;
        let page = Self {
            browser,
            server,
            first_request,
            told: RefCell::default(),
            told_requests: RefCell::default(),
            complaints_expected: Cell::new(false),
        };
        page.view(View::DESKTOP)?;
        Ok(page)
    }

    fn session(&self) -> &Session {
        &self.browser.session
    }

    /// Opens the page and waits until it is ready and drawn; `rest` follows its address, such as
    /// `#p=retry-storm&seed=7`. If only the fragment differs from the current address, this loads
    /// nothing.
    pub fn open(&self, rest: &str) -> Outcome {
        self.session().open(&format!("{}{rest}", self.server.url()))?;
        self.wait_until_ready()
    }

    /// Loads the current address again and waits until the page is ready and drawn.
    pub fn reload(&self) -> Outcome {
        self.session().command("refresh", &json!({}))?;
        self.wait_until_ready()
    }

    /// Waits until a run is open and drawn, but for the parts that are drawn a few times a second.
    pub fn wait_until_ready(&self) -> Outcome {
        self.wait_until("document.documentElement.dataset.state === 'ready'")?;
        self.script(NEXT_FRAME).map(drop)
    }

    /// Waits until whatever has changed by now has been drawn.
    pub fn settle(&self) -> Outcome {
        self.script(SETTLED).map(drop)
    }

    /// Sets size, theme and language. The language holds from the next loading on.
    pub fn view(&self, view: View) -> Outcome {
        let metrics = json!({ "width": view.width, "height": view.height, "mobile": false,
            "deviceScaleFactor": view.pixel_ratio });
        self.session().devtools("Emulation.setDeviceMetricsOverride", &metrics)?;
        // A telephone lays its scroll bars over the page.
        self.hide_scrollbars(view.width < 800)?;
        let scheme = if view.dark { "dark" } else { "light" };
        self.media("prefers-color-scheme", scheme)?;
        let agent = self.session().devtools("Browser.getVersion", &json!({}))?["userAgent"].take();
        let language = json!({ "userAgent": agent, "acceptLanguage": view.language });
        self.session().devtools("Emulation.setUserAgentOverride", &language)?;
        // Refused when one is set already, hence first taken back.
        self.session().devtools("Emulation.setLocaleOverride", &json!({}))?;
        let locale = json!({ "locale": view.language });
        self.session().devtools("Emulation.setLocaleOverride", &locale).map(drop)
    }

    /// Whether scroll bars take no room.
    pub fn hide_scrollbars(&self, hidden: bool) -> Outcome {
        let hidden = json!({ "hidden": hidden });
        self.session().devtools("Emulation.setScrollbarsHidden", &hidden).map(drop)
    }

    /// Sets a media feature, such as `prefers-reduced-motion` to `reduce`. One at a time.
    pub fn media(&self, feature: &str, value: &str) -> Outcome {
        let features = json!({ "features": [{ "name": feature, "value": value }] });
        self.session().devtools("Emulation.setEmulatedMedia", &features).map(drop)
    }

    /// Runs the body of a JavaScript function and returns what it returns, awaited.
    pub fn script(&self, body: &str) -> Outcome<Value> {
        self.session().script(body, &[])
    }

    /// The value of a JavaScript expression.
    pub fn value(&self, expression: &str) -> Outcome<Value> {
        self.script(&format!("return ({expression})"))
    }

    /// Waits for a JavaScript expression to become true. An error in it means not yet: what it looks
    /// for may not be there yet, or just be drawn anew.
    pub fn wait_until(&self, condition: &str) -> Outcome {
        self.wait_for(&format!("Boolean({condition})"), true)
    }

    /// Waits for a JavaScript expression to have a value.
    pub fn wait_for(&self, expression: &str, expected: impl Into<Value>) -> Outcome {
        let (start, expected) = (Instant::now(), expected.into());
        loop {
            let seen = match self.value(expression) {
                Ok(value) if value == expected => return Ok(()),
                Ok(value) => value.to_string(),
                Err(error) if !error.is::<Refusal>() || is_breakdown(&*error) => return Err(error),
                Err(error) => error.to_string(),
            };
            if start.elapsed() > PATIENCE {
                let seconds = PATIENCE.as_secs();
                return Err(format!("after {seconds} s still {seen}: {expression}").into());
            }
            thread::sleep(POLL);
        }
    }

    /// Clicks the middle of the first element that a CSS selector finds, as a user would: fails if
    /// it cannot be scrolled into view or something goes on covering it. What is above may still
    /// grow and push it away, so this waits until it stands still and tries again if it was missed.
    pub fn click(&self, selector: &str) -> Outcome {
        let start = Instant::now();
        loop {
            let why = match self.click_once(selector) {
                Ok(true) => return Ok(()),
                Ok(false) => "missed".to_owned(),
                Err(error) if !error.is::<Refusal>() || is_breakdown(&*error) => return Err(error),
                Err(error) => error.to_string(),
            };
            if start.elapsed() > PATIENCE {
                return Err(format!("could not click {selector}: {why}").into());
            }
            thread::sleep(POLL);
        }
    }

    /// Whether the click has reached the element.
    fn click_once(&self, selector: &str) -> Outcome<bool> {
        self.session().script(STANDS_STILL, &[selector.into()])?;
        let element = self.element(selector)?;
        self.session().command(&format!("element/{element}/click"), &json!({}))?;
        Ok(self.value("window.__clicked === true")? == true)
    }

    /// The text in the first element that a CSS selector finds, whether or not it is in sight.
    pub fn text(&self, selector: &str) -> Outcome<String> {
        let selector = Value::from(selector);
        let text = self.value(&format!("document.querySelector({selector})?.textContent"))?;
        text.as_str().map(str::to_owned).ok_or_else(|| format!("no element {selector}").into())
    }

    /// Presses keys one after the other, wherever the focus is.
    pub fn press(&self, keys: impl IntoIterator<Item = char>) -> Outcome {
        let strokes = keys.into_iter().flat_map(|key| {
            let key = key.to_string();
            [json!({ "type": "keyDown", "value": key }), json!({ "type": "keyUp", "value": key })]
        });
        self.strike(strokes.collect())
    }

    /// Presses keys all together, such as Shift and Tab.
    pub fn press_together(&self, keys: &[char]) -> Outcome {
        let stroke = |kind| move |key: &char| json!({ "type": kind, "value": key.to_string() });
        let down = keys.iter().map(stroke("keyDown"));
        let up = keys.iter().rev().map(stroke("keyUp"));
        self.strike(down.chain(up).collect())
    }

    fn strike(&self, strokes: Vec<Value>) -> Outcome {
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.session().command("actions", &json!({ "actions": [keyboard] })).map(drop)
    }

    /// Writes a picture of what is in the window.
    pub fn screenshot(&self, file: &Path) -> Outcome {
        self.capture(file, &json!({ "format": "png" }))
    }

    /// Writes a picture of the page from top to bottom.
    pub fn screenshot_of_all(&self, file: &Path) -> Outcome {
        self.capture(file, &json!({ "format": "png", "captureBeyondViewport": true }))
    }

    fn capture(&self, file: &Path, parameters: &Value) -> Outcome {
        let picture = self.session().devtools("Page.captureScreenshot", parameters)?;
        let encoded = picture["data"].as_str().ok_or("the browser gave no picture")?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        Ok(fs::write(file, from_base64(encoded)?)?)
    }

    /// The paths asked for so far, by the page or its workers, from our server.
    pub fn requests(&self) -> Vec<String> {
        self.received().filter(|target| target.starts_with('/')).collect()
    }

    /// What the page or its workers have asked for so far from other hosts: addresses, or only
    /// `host:port` where the connection would have been encrypted.
    pub fn foreign_requests(&self) -> Outcome<Vec<String>> {
        let log = self.session().command("se/log", &json!({ "type": "performance" }))?;
        let own = self.server.url();
        let new = log.as_array().into_iter().flatten().filter_map(|entry| {
            let message: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
            let message = &message["message"];
            let asked = message["method"] == "Network.requestWillBeSent";
            let url = message["params"]["request"]["url"].as_str().filter(|_| asked)?;
            (url.starts_with("http") && !url.starts_with(&own)).then(|| url.to_owned())
        });
        let mut told = self.told_requests.borrow_mut();
        told.extend(new);
        // The log knows nothing of workers; but the browser takes our server for its proxy.
        let proxied = self.received().filter(|target| !target.starts_with('/'));
        told.extend(proxied.filter(|target| !is_the_browsers_own(target)));
        Ok(told.iter().cloned().collect())
    }

    fn received(&self) -> impl Iterator<Item = String> {
        self.server.requests().into_iter().skip(self.first_request)
    }

    /// Whatever was wrong so far: errors on the console, violations of the content security policy,
    /// requests to other hosts.
    pub fn complaints(&self) -> Outcome<Vec<String>> {
        let log = self.session().command("se/log", &json!({ "type": "browser" }))?;
        let errors = log.as_array().into_iter().flatten().filter(|one| one["level"] == "SEVERE");
        let mut told = self.told.borrow_mut();
        told.extend(errors.map(|one| one["message"].as_str().unwrap_or("?").to_owned()));
        let violations = self.script("return window.__violations?.splice(0) ?? []")?;
        let violations = violations.as_array().into_iter().flatten();
        told.extend(violations.map(|one| one.as_str().unwrap_or("?").to_owned()));
        let foreign = self.foreign_requests()?;
        let foreign = foreign.iter().map(|url| format!("a request to another host: {url}"));
        Ok(told.iter().cloned().chain(foreign).collect())
    }

    /// For a test that provokes errors on purpose.
    pub fn expect_complaints(&self) {
        self.complaints_expected.set(true);
    }

    /// Fails if there are complaints; every test ends with this.
    pub fn expect_no_complaints(&self) -> Outcome {
        if self.complaints_expected.get() || self.complaints()?.is_empty() {
            return Ok(());
        }
        Err("there were complaints:".into())
    }

    fn element(&self, selector: &str) -> Outcome<String> {
        let body = json!({ "using": "css selector", "value": selector });
        let answer = self.session().command("element", &body)?;
        // The protocol's name for a reference to an element.
        let id = answer["element-6066-11e4-a52e-4f735466cecf"].as_str();
        id.map(str::to_owned).ok_or_else(|| format!("no element {selector}").into())
    }
}

/// Chromium asks its maker for this and that, whatever it is told: `host:443` or `http://host/…`.
fn is_the_browsers_own(target: &str) -> bool {
    let rest = target.strip_prefix("http://").unwrap_or(target);
    let host = rest.split([':', '/']).next().unwrap_or_default();
    ["google.com", "googleapis.com", "gstatic.com", "gvt1.com"]
        .iter()
        .any(|maker| host == *maker || host.ends_with(&format!(".{maker}")))
}

fn from_base64(text: &str) -> Outcome<Vec<u8>> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0);
    for letter in text.bytes().filter(|&letter| letter != b'=') {
        let digit = ALPHABET.iter().position(|&known| known == letter).ok_or("not base64")?;
        bits = bits << 6 | u32::try_from(digit)?;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    Ok(bytes)
}
