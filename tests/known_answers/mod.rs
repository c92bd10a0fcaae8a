//! Values computed once and written down, so that the bits of a run cannot change unnoticed.
//!
//! The same list is checked natively and in WebAssembly.

use brownout::engine::{Calendar, Digest, Luck, Rank, Sampler, Site, Time, math, random};
use rand::Rng;

/// Panics with all that differs.
pub fn check() {
    let answers: Vec<_> = draws().into_iter().chain(samples()).chain([run()]).collect();
    let actual: Vec<_> = answers.iter().map(|(name, word)| format!("{name} {word:016x}")).collect();
    let expected: Vec<_> = EXPECTED.lines().map(str::to_owned).collect();
    assert!(actual == expected, "the bits have changed:\n{}", actual.join("\n"));
}

fn draws() -> Vec<(&'static str, u64)> {
    let mut stream = random::stream(42, "shoppers", "arrivals");
    let mut draws = Luck(7).draws(Site::named("checkout"), 1);
    vec![
        ("stream first", stream.next_u64()),
        ("stream second", stream.next_u64()),
        ("mix", random::mix(1, 2, 3)),
        ("site named", Site::named("checkout").0),
        ("site then", Site::named("checkout").then("database").0),
        ("site index", Site::named("checkout").index(3).0),
        ("luck derive", Luck(7).derive(Site::named("checkout"), 2).0),
        ("draws word", draws.next_u64()),
        ("draws unit", draws.next_unit().to_bits()),
        ("draws open unit", draws.next_open_unit().to_bits()),
        ("draws inner unit", draws.next_inner_unit().to_bits()),
        ("draws below", draws.below(1_000)),
        ("draws below large", draws.below(1 << 40)),
    ]
}

/// A digest over the bits of many values: a single wrong bit shows.
fn digest_of(mut next: impl FnMut(u64) -> f64) -> u64 {
    let mut digest = Digest::new();
    (0..20_000).for_each(|number| digest.absorb(next(number).to_bits()));
    digest.value()
}

fn samples() -> Vec<(&'static str, u64)> {
    let of = |sampler: Sampler| {
        digest_of(|number| sampler.sample(&mut Luck(number).draws(Site::named("samples"), 0)))
    };
    let wave = |number: u64| number as f64 / 100.0;
    vec![
        ("uniform", of(Sampler::Uniform { low: 1.0, high: 4.0 })),
        ("exponential", of(Sampler::exponential(2e7))),
        ("erlang", of(Sampler::Erlang { shape: 20, mean: 2e7 })),
        ("lognormal", of(Sampler::lognormal_mean_scv(2e7, 2.0))),
        ("pareto", of(Sampler::pareto_mean_shape(2e7, 2.5))),
        ("hyperexponential", of(Sampler::hyperexponential_mean_scv(2e7, 4.0))),
        ("gamma", of(Sampler::gamma_mean_scv(2e7, 0.7))),
        ("gamma below one", of(Sampler::gamma_mean_scv(2e7, 3.0))),
        ("sine", digest_of(|number| math::sin(wave(number)))),
        ("cosine", digest_of(|number| math::cos(wave(number)))),
    ]
}

/// A small run with ties, cancellations and every rank, digested event by event.
fn run() -> (&'static str, u64) {
    const RANKS: [Rank; 5] =
        [Rank::Completion, Rank::Arrival, Rank::Timer, Rank::Fault, Rank::Switch];
    let mut calendar = Calendar::new();
    let mut digest = Digest::new();
    calendar.schedule(Time::ZERO, Rank::Arrival, 0_u32);
    let mut handled = 0;
    while let Some((at, number)) = calendar.pop_until(Time::NEVER) {
        digest.absorb(at.0);
        digest.absorb(number.into());
        handled += 1;
        if handled > 10_000 {
            break;
        }
        let mut draws = Luck(number.into()).draws(Site::named("run"), handled);
        for _ in 0..2 {
            let rank = RANKS[draws.below(5) as usize];
            let delay = draws.next_u64() >> (20 + draws.below(44));
            let timer = calendar.schedule(Time(at.0 + delay), rank, draws.below(100) as u32);
            if draws.chance(0.4) && calendar.len() > 1 {
                calendar.cancel(timer);
            }
        }
    }
    assert!(handled > 10_000, "the run has died out");
    ("run", digest.value())
}

const EXPECTED: &str = "\
stream first ee153bb168b9a0cf
stream second ecd82b82e1110e19
mix 6e436a01a641ade1
site named 0728c506b4e6f024
site then 1442dac4394825d9
site index c0a42945533081f9
luck derive 7604152d85db7ab0
draws word de0c8536f60ab749
draws unit 3fe26a294d98a14e
draws open unit 3fcb11e057472618
draws inner unit 3fa09dfac246e730
draws below 000000000000007f
draws below large 000000f6acdf3633
uniform e18baff514a6a26f
exponential 50e0dc78cac8fac4
erlang 6bd228ba526f49cb
lognormal 770510e612681457
pareto 423f5fc2bd8255d3
hyperexponential a90dac4adba223e0
gamma 55c6b350c439ad75
gamma below one da8838435dac8452
sine 82ff12ec26154568
cosine e3c10740599a92cd
run 2313e4d5a092cfbd";
