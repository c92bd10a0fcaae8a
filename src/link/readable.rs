//! Readable links: a preset, a seed and a few edits, as pairs of name and value.
//!
//! ```text
//! p=<preset>&seed=7&on=bulkhead,breaker@120&off=breaker@180
//!     &set.nodes.api.pools.web.threads=50&set.faults.live-1@30=null
//! ```
//!
//! `@` stands before the moment of an edit, in seconds with up to nine decimals; without it the edit
//! is made at the start. Values are JSON. Edits of one moment happen in the order of the link.

use super::LinkError;
use crate::engine::Time;
use crate::preset;
use crate::problem::{quoted, shown};
use crate::run::{Action, Change, MAX_ACTIONS, Run, moment};
use crate::scenario::{MAX_SEED, read};
use std::fmt::Write;

/// The readable link of a run of a preset; other runs have none.
pub(super) fn encode(run: &Run) -> Option<String> {
    let mut link = format!("p={}&seed={}", run.preset()?.id, run.seed);
    let mut group = "";
    for Action { at, change } in &run.actions {
        let when =
            if *at == Time::ZERO { String::new() } else { format!("@{}", moment::format(*at)) };
        match change {
            Change::Toggle { id, on } => {
                let name = if *on { "on" } else { "off" };
                let lead = if group == name { ",".to_owned() } else { format!("&{name}=") };
                link += &format!("{lead}{}{when}", escaped(id));
                group = name;
            }
            Change::Set { path, value } => {
                link += &format!("&set.{}{when}={}", escaped(path), escaped(&value.to_string()));
                group = "set";
            }
        }
    }
    Some(link)
}

/// Reads the pairs.
pub(super) fn decode(fragment: &str) -> Result<Run, LinkError> {
    let mut found = Pairs::default();
    for pair in fragment.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        found.take(&unescaped(name)?, &unescaped(value)?)?;
        if found.actions.len() > MAX_ACTIONS {
            return Err(LinkError::new(
                format!("This link makes too many changes: at most {MAX_ACTIONS}."),
                format!("링크에 담긴 변경이 너무 많습니다: 최대 {MAX_ACTIONS}건."),
            ));
        }
    }
    let id = found.preset.ok_or_else(|| {
        LinkError::new(
            "This is no link of Brownout: it names no preset.",
            "Brownout 링크가 아닙니다: 프리셋 이름이 없습니다.",
        )
    })?;
    let preset = preset::find(&id).map_err(|problem| LinkError::invalid(&[problem]))?;
    let document = preset.document();
    let seed = found.seed.or_else(|| document["seed"].as_u64()).unwrap_or(1);
    Run::new(document, seed, found.actions).map_err(|problems| LinkError::invalid(&problems))
}

/// What has been read so far.
#[derive(Default)]
struct Pairs {
    preset: Option<String>,
    seed: Option<u64>,
    actions: Vec<Action>,
}

impl Pairs {
    fn take(&mut self, name: &str, value: &str) -> Result<(), LinkError> {
        match name {
            "p" if self.preset.is_none() => self.preset = Some(value.to_owned()),
            "seed" if self.seed.is_none() => self.seed = Some(seed(value)?),
            "on" | "off" => {
                for entry in value.split(',') {
                    let (id, at) = timed(entry)?;
                    let change = Change::Toggle { id: id.to_owned(), on: name == "on" };
                    self.actions.push(Action { at, change });
                }
            }
            _ => {
                let (path, at) = timed(name.strip_prefix("set.").ok_or_else(|| unknown(name))?)?;
                let value = read(value).map_err(|problems| {
                    let place = format!("set.{}", shown(path));
                    LinkError::invalid(&[problems[0].clone().within(&place)])
                })?;
                let change = Change::Set { path: path.to_owned(), value };
                self.actions.push(Action { at, change });
            }
        }
        Ok(())
    }
}

fn seed(text: &str) -> Result<u64, LinkError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let seed = text.parse().ok().filter(|seed| digits && *seed <= MAX_SEED);
    seed.ok_or_else(|| {
        let text = quoted(text);
        LinkError::new(
            format!("The seed {text} in this link is not a whole number from 0 to {MAX_SEED}."),
            format!("링크의 시드 {text}는 0부터 {MAX_SEED}까지의 정수가 아닙니다."),
        )
    })
}

/// `name@moment`, or `name` for the start. Names hold no `@`.
fn timed(text: &str) -> Result<(&str, Time), LinkError> {
    let Some((name, at)) = text.split_once('@') else { return Ok((text, Time::ZERO)) };
    let at = moment::parse(at).ok_or_else(|| {
        let (at, most) = (quoted(at), moment::MAX_SECONDS);
        LinkError::new(
            format!("The moment {at} in this link is not a number of seconds from 0 to {most}."),
            format!("링크의 시각 {at}은 0부터 {most}까지의 초가 아닙니다."),
        )
    })?;
    Ok((name, at))
}

fn unknown(name: &str) -> LinkError {
    let name = quoted(name);
    LinkError::new(
        format!("This link says {name}, which means nothing here or stands there twice."),
        format!("링크에 알 수 없거나 두 번 나온 항목 {name}이(가) 있습니다."),
    )
}

/// Keeps what every address and every chat program leaves alone, and writes the rest as `%XX`.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~:".contains(&byte) {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").expect("writing to a string");
        }
    }
    out
}

fn unescaped(text: &str) -> Result<String, LinkError> {
    let broken = || {
        LinkError::new(
            "This link is damaged: it has a broken % sign.",
            "링크가 손상되었습니다: 잘못된 % 기호가 있습니다.",
        )
    };
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit = || char::from(rest.next().unwrap_or(b'?')).to_digit(16);
        bytes.push(match byte {
            b'%' => {
                let (high, low) = (digit(), digit());
                (high.ok_or_else(broken)? * 16 + low.ok_or_else(broken)?) as u8
            }
            other => other,
        });
    }
    String::from_utf8(bytes).map_err(|_| broken())
}
