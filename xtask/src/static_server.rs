//! A server of files for development and tests: one folder, on this machine only.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How many ports are tried after the wanted one.
const PORTS_TRIED: u16 = 50;
/// Browsers open connections in advance and leave them idle.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest request line and headers taken, in bytes; a browser sends about 1 000.
const REQUEST_LIMIT: u64 = 64 * 1024;

/// A running server; it ends with the process.
#[derive(Debug)]
pub struct StaticServer {
    address: SocketAddr,
    mount: String,
    requests: Arc<Mutex<Vec<String>>>,
    thread: JoinHandle<()>,
}

/// What is served, and under which path.
#[derive(Debug, Clone)]
struct Site {
    root: PathBuf,
    mount: String,
}

impl StaticServer {
    /// Serves the files of `root` below the path `mount` (it begins and ends with `/`), on `port`
    /// or, if that is taken, the next free one; port 0 means any.
    pub fn start(root: &Path, mount: &str, port: u16) -> io::Result<Self> {
        let listener = bind(port)?;
        let address = listener.local_addr()?;
        let site = Site { root: root.canonicalize()?, mount: mount.to_owned() };
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let thread = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (site, log) = (site.clone(), Arc::clone(&log));
                // A browser that goes away in the middle of an answer is none of our business.
                thread::spawn(move || site.answer(&stream, &log).ok());
            }
        });
        Ok(Self { address, mount: mount.to_owned(), requests, thread })
    }

    /// The address of the page.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{}", self.address, self.mount)
    }

    /// The port that was free.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The paths asked for so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().map(|paths| paths.clone()).unwrap_or_default()
    }

    /// Waits for ever.
    pub fn wait(self) {
        self.thread.join().ok();
    }
}

fn bind(port: u16) -> io::Result<TcpListener> {
    let last = if port == 0 { 0 } else { port.saturating_add(PORTS_TRIED) };
    let mut result = TcpListener::bind((Ipv4Addr::LOCALHOST, port));
    for next in port.saturating_add(1)..=last {
        match result {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                result = TcpListener::bind((Ipv4Addr::LOCALHOST, next));
            }
            other => return other,
        }
    }
    result
}

impl Site {
    fn answer(&self, stream: &TcpStream, log: &Mutex<Vec<String>>) -> io::Result<()> {
        stream.set_read_timeout(Some(IDLE_TIMEOUT))?;
        let mut reader = BufReader::new(io::Read::take(stream, REQUEST_LIMIT));
        let mut first = String::new();
        reader.read_line(&mut first)?;
        let mut header = String::new();
        while reader.read_line(&mut header)? > 2 {
            header.clear();
        }
        let mut words = first.split_ascii_whitespace();
        let (Some(method), Some(target)) = (words.next(), words.next()) else { return Ok(()) };
        if let Ok(mut paths) = log.lock() {
            paths.push(target.to_owned());
        }
        if !matches!(method, "GET" | "HEAD") {
            return respond(stream, "405 Method Not Allowed", "text/plain", b"GET only\n", true);
        }
        let with_body = method == "GET";
        match self.file(target).and_then(|path| Some((mime_type(&path), fs::read(path).ok()?))) {
            Some((mime, body)) => respond(stream, "200 OK", mime, &body, with_body),
            None => respond(stream, "404 Not Found", "text/plain", b"not found\n", with_body),
        }
    }

    /// The file that a request target names, if there is one and it lies inside the folder.
    fn file(&self, target: &str) -> Option<PathBuf> {
        let path = target.split(['?', '#']).next()?;
        let inside = percent_decoded(path)?;
        let relative = inside.strip_prefix(&self.mount)?;
        // Resolving first also settles `..` and symbolic links.
        let mut file = self.root.join(relative.trim_start_matches('/')).canonicalize().ok()?;
        if file.is_dir() && (relative.is_empty() || relative.ends_with('/')) {
            file = file.join("index.html").canonicalize().ok()?;
        }
        (file.starts_with(&self.root) && file.is_file()).then_some(file)
    }
}

fn respond(
    mut stream: &TcpStream,
    status: &str,
    mime: &str,
    body: &[u8],
    with_body: bool,
) -> io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: {mime}\r\nContent-Length: {}\r\n\
         Cache-Control: no-cache\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    if with_body { stream.write_all(body) } else { Ok(()) }
}

fn percent_decoded(path: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn mime_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "md" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn get(server: &StaticServer, target: &str) -> String {
        let mut stream = TcpStream::connect(server.address).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn sources() -> StaticServer {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        StaticServer::start(&root, "/below/", 0).unwrap()
    }

    #[test]
    fn serves_a_file_below_the_mount_and_remembers_it() {
        let server = sources();
        let answer = get(&server, "/below/lib.rs?version=1");
        assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
        assert!(answer.contains("Cache-Control: no-cache\r\n"), "{answer}");
        assert_eq!(server.requests(), ["/below/lib.rs?version=1"]);
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        let server = sources();
        for target in [
            "/lib.rs",
            "/below/../Cargo.toml",
            "/below/%2e%2e/Cargo.toml",
            "/below/..%2fCargo.toml",
            "/below//etc/passwd",
            "/below/%2fetc/passwd",
            "/below/bin",
            "/below/%",
        ] {
            let answer = get(&server, target);
            assert!(answer.starts_with("HTTP/1.1 404 "), "{target}: {answer}");
        }
    }

    #[test]
    fn a_taken_port_gives_the_next() {
        let first = sources();
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let second = StaticServer::start(root, "/", first.port()).unwrap();
        assert!(second.port() > first.port());
    }

    #[test]
    fn a_browser_is_told_the_types_it_insists_on() {
        assert_eq!(mime_type(Path::new("pkg/brownout_bg.wasm")), "application/wasm");
        assert!(mime_type(Path::new("main.js")).starts_with("text/javascript"));
    }
}
