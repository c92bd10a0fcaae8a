//! The 34 inputs of validation case H01, and what must come of each.

#[path = "links.rs"]
mod links;

use brownout::scenario::patch::set_path;
use serde_json::{Value, json};

/// Inputs under their names in the list, each with the attempts that it stands for.
pub type Cases = Vec<(&'static str, Vec<(Given, Wanted)>)>;

/// What is handed in.
pub enum Given {
    /// A good scenario with one value replaced: its path and the raw text put there.
    Edit(&'static str, String),
    /// A whole scenario as text.
    Text(String),
    /// A link.
    Link(String),
    /// A run as text.
    Run(String),
}

/// What must come of it.
pub enum Wanted {
    /// A problem at this path (its beginning), with these words.
    Refused(&'static str, &'static str),
    /// A run of few events.
    Runs,
}

use Given::{Edit, Text};
use Wanted::{Refused, Runs};

/// A good scenario.
pub fn document() -> Value {
    json!({
        "v": 1,
        "name": {"en": "test"},
        "duration_s": 10,
        "nodes": {
            "users": {
                "kind": "clients",
                "arrivals": {"kind": "open", "rate_rps": 10},
                "calls": {"main": {"to": "api.page", "timeout_ms": 100, "retry": {"max_attempts": 3}}},
                "classes": {
                    "new": {"share": 0.25, "call": "main"},
                    "old": {"share": 0.75, "call": "main"},
                },
            },
            "api": {
                "kind": "service",
                "servers": 2,
                "pools": {"web": {"threads": 4, "queue_limit": 10}},
                "endpoints": {"page": {"steps": [
                    {"do": "cpu", "time": {"dist": "exponential", "mean_ms": 5}},
                    {"do": "call", "call": "db"},
                ]}},
                "calls": {"db": {"to": "db"}},
            },
            "db": {"kind": "database", "queries": {"q": {"cost": {"dist": "constant", "ms": 1}}}},
        },
        "faults": {
            "slow": {"at_s": 2, "for_s": 3, "target": "db", "effect": {"kind": "slow", "factor": 5}},
        },
    })
}

/// The good scenario with a raw text at a path.
pub fn edited(path: &str, raw: &str) -> String {
    let mut document = document();
    set_path(&mut document, path, json!("@@")).expect("the path exists");
    document.to_string().replace("\"@@\"", raw)
}

fn service(callee: &str) -> Value {
    json!({
        "kind": "service",
        "pools": {"p": {}},
        "endpoints": {"e": {"steps": [{"do": "call", "call": "c"}]}},
        "calls": {"c": {"to": callee}},
    })
}

/// Services that call one another in a row.
fn chain(length: usize) -> String {
    let mut document = document();
    for number in 0..length {
        let callee = if number + 1 < length { format!("s{}", number + 1) } else { "db".to_owned() };
        document["nodes"][format!("s{number}")] = service(&callee);
    }
    document.to_string()
}

fn many_calls(count: usize) -> String {
    let calls: Vec<String> = (0..count).map(|n| format!("\"c{n}\":{{\"to\":\"db\"}}")).collect();
    edited("nodes.api.calls", &format!("{{{}}}", calls.join(",")))
}

fn text(raw: &str) -> String {
    raw.to_owned()
}

/// The numbers among the cases.
fn numbers() -> Cases {
    let rate = "nodes.users.arrivals.rate_rps";
    let servers = "nodes.api.servers";
    let time = "nodes.api.endpoints.page.steps.0.time";
    let mean = "nodes.api.endpoints.page.steps.0.time.mean_ms";
    let zero = text(r#"{"dist": "constant", "ms": 0}"#);
    let tiny = text(r#"{"dist": "constant", "ms": 5e-324}"#);
    vec![
        ("servers=1e9", vec![(Edit(servers, text("1e9")), Refused(servers, "from 1 to 1000"))]),
        (
            "servers=0",
            vec![(Edit(servers, text("0")), Refused(servers, "0 is out of range: from 1 to 1000"))],
        ),
        (
            "servers=-1",
            vec![(Edit(servers, text("-1")), Refused(servers, "-1 is out of range: from 1"))],
        ),
        ("lambda=0", vec![(Edit(rate, text("0")), Runs)]),
        ("lambda=-5", vec![(Edit(rate, text("-5")), Refused(rate, "from 0 to 1000000 rps"))]),
        ("lambda=NaN", vec![(Edit(rate, text("NaN")), Refused(rate, "must be finite"))]),
        (
            "lambda=Infinity",
            vec![
                (Edit(rate, text("Infinity")), Refused(rate, "must be finite")),
                (Edit(rate, text("-Infinity")), Refused(rate, "must be finite")),
            ],
        ),
        ("lambda=1e308", vec![(Edit(rate, text("1e308")), Refused(rate, "from 0 to 1000000 rps"))]),
        (
            "service mean=0",
            vec![
                (Edit(mean, text("0")), Refused(mean, "0 is out of range: from 1e-6")),
                (Edit(time, zero), Runs),
            ],
        ),
        (
            "service mean=5e-324",
            vec![
                (Edit(mean, text("5e-324")), Refused(mean, "from 1e-6")),
                (Edit(time, tiny), Runs),
            ],
        ),
        (
            "duration=1e18 s",
            vec![(
                Edit("duration_s", text("1e18")),
                Refused("duration_s", "from 0.001 to 31536000 s"),
            )],
        ),
    ]
}

/// Timeouts, tries and shares.
fn policies() -> Cases {
    let timeout = "nodes.users.calls.main.timeout_ms";
    let tries = "nodes.users.calls.main.retry.max_attempts";
    let share = "nodes.users.classes.new.share";
    let fault = "faults.slow.at_s";
    vec![
        (
            "timeout=0",
            vec![(Edit(timeout, text("0")), Refused(timeout, "from 0.001 to 86400000 ms"))],
        ),
        ("timeout > duration", vec![(Edit(timeout, text("20000")), Runs)]),
        (
            "retries=2^32-1",
            vec![(Edit(tries, text("4294967295")), Refused(tries, "from 1 to 1000 tries"))],
        ),
        (
            "probabilities 1.0000001 / -0.1 / sum!=1",
            vec![
                (Edit(share, text("1.0000001")), Refused(share, "from 0 to 1")),
                (Edit(share, text("-0.1")), Refused(share, "from 0 to 1")),
                (
                    Edit(share, text("0.3")),
                    Refused("nodes.users.classes", "the shares make 1.05, not 1"),
                ),
            ],
        ),
        ("trigger at negative time", vec![(Edit(fault, text("-1")), Refused(fault, "from 0 to"))]),
    ]
}

/// Parts that do not exist, and sizes of those that do.
fn parts() -> Cases {
    let zipf = r#"{"dist": "zipf", "n": 1e9}"#;
    let cache = r#"{"kind": "cache", "size": 9223372036854775808}"#;
    let disk = r#"{"capacity_bytes": 9223372036854775808}"#;
    let time = "nodes.api.endpoints.page.steps.0.time";
    let limit = "nodes.api.pools.web.queue_limit";
    vec![
        (
            "zipf n=1e9",
            vec![(Edit(time, text(zipf)), Refused("nodes.api", "\"zipf\" is unknown: one of"))],
        ),
        (
            "cache size=2^63",
            vec![
                (
                    Edit("nodes.cache", text(cache)),
                    Refused("nodes.cache.kind", "\"cache\" is unknown: one of"),
                ),
                (
                    Edit("nodes.api.disk", text(disk)),
                    Refused("nodes.api.disk.capacity_bytes", "from 1 to 1000000000000000 bytes"),
                ),
            ],
        ),
        ("queue capacity=-1", vec![(Edit(limit, text("-1")), Refused(limit, "from 0 to 1000000"))]),
    ]
}

/// Structures that cannot be run.
fn structures() -> Cases {
    let second = r#"{"slow": {"at_s": 2, "target": "db", "effect": {"kind": "slow", "factor": 2}},
        "again": {"at_s": 2.0, "target": "db", "effect": {"kind": "slow", "factor": 3}}}"#;
    let mut circle = document();
    circle["nodes"]["a"] = service("b");
    circle["nodes"]["b"] = service("a.e");
    vec![
        (
            "cycle A->B->A with zero latency",
            vec![(
                Text(circle.to_string()),
                Refused("nodes.a.endpoints.e", "calls go in a circle: a.e → b.e → a.e"),
            )],
        ),
        (
            "self loop",
            vec![(
                Edit("nodes.api.calls.db.to", text("\"api\"")),
                Refused("nodes.api.endpoints.page", "calls go in a circle: api.page → api.page"),
            )],
        ),
        (
            "10 000-node chain",
            vec![
                (Text(chain(10_000)), Refused("", "bytes are too many: at most 262144")),
                (Text(chain(1_000)), Refused("nodes", "entries are too many: at most 200")),
                (
                    Text(chain(190)),
                    Refused("nodes.s0.endpoints.e", "a chain of 191 programs: at most 64"),
                ),
            ],
        ),
        (
            "1e6 edges",
            vec![
                (Text(many_calls(1_000_000)), Refused("", "bytes are too many: at most 262144")),
                (
                    Text(many_calls(10_000)),
                    Refused("nodes.api.calls", "10000 entries are too many: at most 50"),
                ),
            ],
        ),
        (
            "two triggers on one target at one instant",
            vec![(
                Edit("faults", text(second)),
                Refused("faults.again.target", "faults.slow has the same effect"),
            )],
        ),
    ]
}

/// The good scenario with its service under another key.
fn key(key: &str) -> Given {
    let nodes = document()["nodes"].to_string();
    let other = nodes.replace("\"api\"", &format!("\"{key}\""));
    Text(document().to_string().replace(&nodes, &other))
}

/// Names.
fn texts() -> Cases {
    let name = "name.en";
    vec![(
        "name of 10 MB / lone surrogates / RTL / <script>/ NUL",
        vec![
            (Edit(name, format!("\"{}\"", "x".repeat(10_000_000))), Refused("", "at most 262144")),
            (Edit(name, format!("\"{}\"", "x".repeat(2_001))), Refused(name, "at most 2000")),
            (Edit(name, text(r#""\ud800""#)), Refused(name, "line 1, column")),
            (Edit(name, text("\"a\u{202E}b\"")), Refused(name, "contains U+202E")),
            (Edit(name, text(r#""a\u0000b""#)), Refused(name, "contains U+0000")),
            (Edit(name, text("\"a\0b\"")), Refused(name, "control character")),
            (Edit(name, text("\"<script>alert(1)</script>\"")), Runs),
            (key("<script>"), Refused("nodes.<script>", "is not a name")),
            (key("\u{202E}a"), Refused("nodes.\\u{202e}a", "is not a name")),
            (key("a.b"), Refused("nodes.a.b", "is not a name: a letter, then up to 63")),
            (key(&"x".repeat(65)), Refused("nodes.xxx", "is not a name")),
        ],
    )]
}

/// Keys, words and syntax.
fn syntax() -> Cases {
    let other = |path, raw: &str, words| (Edit(path, text(raw)), Refused(path, words));
    vec![
        ("duplicate ids", vec![(key("db"), Refused("nodes.db", "\"db\" stands here twice"))]),
        (
            "unknown kind / unknown field / wrong version",
            vec![
                (
                    Edit("nodes.api.kind", text("\"servce\"")),
                    Refused("nodes.api.kind", "did you mean \"service\"?"),
                ),
                (
                    Edit("nodes.api.pools.web", text(r#"{"thread": 3}"#)),
                    Refused("nodes.api.pools.web.thread", "did you mean \"threads\"?"),
                ),
                (Edit("v", text("2")), Refused("v", "2 is out of range: from 1 to 1")),
            ],
        ),
        (
            "JSON depth 100 000",
            vec![
                (Text("[".repeat(100_000)), Refused("", "nested too deeply: at most 32 levels")),
                (
                    Edit("nodes.api", r#"{"a":"#.repeat(40_000)),
                    Refused("nodes.api.a", "at most 32"),
                ),
            ],
        ),
        ("JSON number 1e400", vec![other("duration_s", "1e400", "number out of range")]),
        (
            "percentile 0 / 100 / 101",
            [
                ("p(0, users) < 5s", Refused("expect.both.0", "above 0 and at most 100, not 0")),
                // The largest value is a percentile, too.
                ("p(100, users) < 5s", Runs),
                (
                    "p(101, users) < 5s",
                    Refused("expect.both.0", "above 0 and at most 100, not 101"),
                ),
            ]
            .map(|(clause, wanted)| (Edit("expect", json!({"both": [clause]}).to_string()), wanted))
            .into(),
        ),
    ]
}

/// All 34.
pub fn all() -> Cases {
    [numbers(), policies(), parts(), structures(), texts(), syntax(), links::links()]
        .into_iter()
        .flatten()
        .collect()
}
