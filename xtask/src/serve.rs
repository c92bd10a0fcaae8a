//! `cargo xtask serve`: builds the page and serves it on this machine.

use crate::arguments::Arguments;
use crate::page::{self, Profile};
use std::process::Command;
use xtask::Outcome;
use xtask::project::Project;
use xtask::static_server::StaticServer;

const DEFAULT_PORT: u16 = 8080;

/// Runs the command.
pub fn serve(project: &Project, mut arguments: Arguments) -> Outcome {
    let wanted = match arguments.value("--port")? {
        None => DEFAULT_PORT,
        Some(text) => text.parse().map_err(|_| format!("--port {text}: not a port number"))?,
    };
    let open = arguments.switch("--open");
    let dev = arguments.switch("--dev");
    let release = arguments.switch("--release");
    arguments.none_left()?;
    if dev && release {
        return Err("--dev and --release exclude each other".into());
    }
    page::build(project, if dev { Profile::Dev } else { Profile::Release })?;
    let server = StaticServer::start(&project.www(), "/", wanted)?;
    if wanted != 0 && server.port() != wanted {
        println!("port {wanted} is taken, using {}", server.port());
    }
    let url = server.url();
    println!("Brownout is at {url} (Ctrl+C ends it)");
    if open && let Err(error) = open_in_browser(&url) {
        println!("{error}; open the address yourself");
    }
    server.wait();
    Ok(())
}

fn open_in_browser(url: &str) -> Outcome {
    let mut command = if cfg!(target_os = "macos") {
        Command::new("open")
    } else if cfg!(windows) {
        // `start` takes its first quoted word for a title.
        let mut command = Command::new("cmd");
        command.args(["/c", "start", ""]);
        command
    } else {
        Command::new("xdg-open")
    };
    command.arg(url).spawn().map_err(|error| format!("could not open a browser: {error}"))?;
    Ok(())
}
