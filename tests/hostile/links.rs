//! Links and runs that were damaged or forged.

use super::Given::{self, Edit, Link};
use super::Wanted::Refused;
use super::{Cases, text};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use miniz_oxide::deflate::compress_to_vec_zlib;

fn packed(json: &str) -> String {
    format!("v1.{}", URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(json.as_bytes(), 9)))
}

fn bomb(inflated: usize) -> String {
    format!("v1.{}", URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(&vec![b' '; inflated], 9)))
}

/// Links and runs.
pub fn links() -> Cases {
    let whole = packed(r#"{"preset":"slow-dependency","seed":7}"#);
    let cut = whole[..whole.len() - 3].to_owned();
    let last = if whole.ends_with('A') { "B" } else { "A" };
    let changed = format!("{}{last}", &whole[..whole.len() - 1]);
    let run = |seed: &str| Given::Run(format!(r#"{{"preset":"slow-dependency","seed":{seed}}}"#));
    let seeds = ["\"7\"", "18446744073709551616", "-1", "9007199254740992", "1.5"];
    let refused = || Refused("seed", "from 0 to 9007199254740991");
    let damaged = || Refused("", "damaged or was cut off");
    vec![
        (
            "URL fragment 8 MB",
            vec![(
                Link("x".repeat(8_000_000)),
                Refused("", "too long: 8000000 bytes, at most 32768"),
            )],
        ),
        (
            "deflate bomb 1032:1 (64 KiB -> 64 MiB)",
            vec![
                (Link(bomb(64 << 20)), Refused("", "at most 32768")),
                (Link(bomb(20 << 20)), Refused("", "holds too much: at most 262144 bytes")),
            ],
        ),
        (
            "truncated base64url / wrong checksum",
            vec![
                (Link(cut), damaged()),
                (Link(changed), damaged()),
                (Link(text("v1.")), damaged()),
            ],
        ),
        (
            "seed as string / 2^64 / negative",
            seeds
                .map(|seed| (run(seed), refused()))
                .into_iter()
                .chain([
                    (Edit("seed", text("\"7\"")), refused()),
                    (Edit("seed", text("18446744073709551616")), refused()),
                    (Edit("seed", text("-1")), refused()),
                    (Link(text("p=slow-dependency&seed=-1")), Refused("", "seed \"-1\"")),
                    (
                        Link(text("p=slow-dependency&seed=18446744073709551616")),
                        Refused("", "seed"),
                    ),
                ])
                .collect(),
        ),
    ]
}
