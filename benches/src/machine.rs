//! What this machine is, and how much memory this process has.

use std::fs;
use std::process::Command;

/// Name of the processor.
pub fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let name = name.map(|(_, name)| name.to_owned());
    let asked = || output("sysctl", &["-n", "machdep.cpu.brand_string"]);
    name.or_else(asked).unwrap_or_else(|| std::env::consts::ARCH.to_owned())
}

/// Standard output of a program, if it is there and ends well.
pub fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Bytes of memory that this process holds, where Linux tells.
pub fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").trim().parse().ok()?;
    Some(kilobytes * 1024)
}
