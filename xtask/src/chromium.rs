//! Finding a browser and its driver, and on Debian and Ubuntu installing them.

use crate::Outcome;
use crate::process::{on_path, output, run, shown};
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

/// A browser and the program that drives it.
#[derive(Debug, Clone)]
pub struct Chromium {
    /// The browser.
    pub browser: PathBuf,
    /// Its WebDriver server, which must be of the same major version.
    pub driver: PathBuf,
}

/// What to type on systems where we do not install the browser ourselves.
const BY_HAND: &str = "the browser tests need Chromium (or Chrome) and its chromedriver. Type\n  \
    macOS     brew install --cask google-chrome chromedriver\n  \
    Fedora    sudo dnf install chromium chromedriver\n  \
    Arch      sudo pacman -S chromium\n  \
    Alpine    sudo apk add chromium chromium-chromedriver\n  \
    Windows   choco install googlechrome chromedriver\n\
    or name the two programs in the variables CHROME and CHROMEDRIVER";

impl Chromium {
    /// Looks at the variables `CHROME` and `CHROMEDRIVER`, then along `PATH`.
    #[must_use]
    pub fn find() -> Option<Self> {
        Some(Self { browser: browser()?, driver: driver()? })
    }

    /// Finds the browser, or installs it with the system's package manager.
    pub fn find_or_install() -> Outcome<Self> {
        if let Some(found) = Self::find() {
            if !can_show_korean() {
                install_korean_font();
            }
            return Ok(found);
        }
        let packages = packages().ok_or(BY_HAND)?;
        println!("installing {} with apt-get", packages.join(", "));
        install(packages).map_err(|error| format!("{error}\n{BY_HAND}"))?;
        Self::find().ok_or_else(|| BY_HAND.into())
    }
}

fn browser() -> Option<PathBuf> {
    const NAMES: [&str; 5] =
        ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
    const ELSEWHERE: [&str; 2] = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    ];
    env::var_os("CHROME")
        .map(PathBuf::from)
        .or_else(|| NAMES.iter().find_map(|name| on_path(name)))
        .or_else(|| ELSEWHERE.iter().map(PathBuf::from).find(|path| path.is_file()))
}

fn driver() -> Option<PathBuf> {
    env::var_os("CHROMEDRIVER").map(PathBuf::from).or_else(|| on_path("chromedriver"))
}

/// The names of browser, driver and a Korean font (so that pictures of the page show Hangul).
fn packages() -> Option<&'static [&'static str]> {
    on_path("apt-get")?;
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let ubuntu = system.lines().any(|line| line.trim() == "ID=ubuntu");
    Some(if ubuntu {
        &["chromium-browser", "chromium-chromedriver", "fonts-nanum"]
    } else {
        &["chromium", "chromium-driver", "fonts-nanum"]
    })
}

/// True also where fonts cannot be listed: then there is nothing to install either.
fn can_show_korean() -> bool {
    output("fc-list", &[":lang=ko", "family"]).is_none_or(|fonts| !fonts.is_empty())
}

/// A missing font spoils pictures of the page but no test, so failing to install one is no error.
fn install_korean_font() {
    if on_path("apt-get").is_none() {
        return;
    }
    println!("installing fonts-nanum with apt-get, so that pictures of the page show Hangul");
    if let Err(error) = install(&["fonts-nanum"]) {
        println!("{error}; going on without a Korean font");
    }
}

fn install(packages: &[&str]) -> Outcome {
    run(&mut apt_get(&["update"])?)?;
    let mut arguments = vec!["install", "--yes", "--no-install-recommends"];
    arguments.extend(packages);
    run(&mut apt_get(&arguments)?)
}

fn apt_get(arguments: &[&str]) -> Outcome<Command> {
    let root = output("id", &["-u"]).is_some_and(|user| user == "0");
    let mut command = if root {
        Command::new("apt-get")
    } else {
        let mut command = Command::new("sudo");
        command.args(["--preserve-env=DEBIAN_FRONTEND", "apt-get"]);
        command
    };
    command.args(["--quiet", "--option=DPkg::Lock::Timeout=300"]).args(arguments);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    if !root && on_path("sudo").is_none() {
        return Err(format!("this needs an administrator: {}", shown(&command)).into());
    }
    Ok(command)
}
