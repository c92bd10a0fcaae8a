//! How the requests of a station spread over its servers: 12.5 % each on eight, 14.3 % on seven.

/// Servers whose requests are kept per window; those beyond only count in the spells.
pub const SERVERS_PER_WINDOW: usize = 64;
/// Spells kept; a fleet that flaps without end must not take memory without end.
const MAX_SPELLS: usize = 100;
/// A spell counts once it holds so many requests per server: with random balancing, one server of
/// eight then goes without any in fewer than one spell in a million.
const REQUESTS_PER_SERVER: u64 = 20;

/// A spell in which the same servers received requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// Start in nanoseconds.
    pub from: u64,
    /// End in nanoseconds.
    pub to: u64,
    /// Servers that received requests.
    pub servers: u32,
}

/// Requests per server: per spell and per window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Spread {
    arrivals: Vec<u64>,
    at_spell: Vec<u64>,
    at_window: Vec<u64>,
    spell_from: u64,
    spells: Vec<Spell>,
    /// One past the last count of each closed window.
    ends: Vec<u32>,
    counts: Vec<u32>,
}

impl Spread {
    /// A request reached a server.
    #[inline]
    pub fn arrived(&mut self, server: u32) {
        let server = server as usize;
        if server >= self.arrivals.len() {
            self.arrivals.resize(server + 1, 0);
        }
        self.arrivals[server] += 1;
    }

    /// From now on the servers that receive requests may be others; until now `up` were up.
    pub fn start_spell(&mut self, now: u64, up: u32) {
        if let Some(spell) = self.open_spell(now, up) {
            merge_into(&mut self.spells, spell);
        }
        self.spell_from = now;
        self.at_spell.clone_from(&self.arrivals);
    }

    fn open_spell(&self, now: u64, up: u32) -> Option<Spell> {
        let before = self.at_spell.iter().copied().chain(std::iter::repeat(0));
        let received = self.arrivals.iter().zip(before).map(|(now, before)| now - before);
        let (mut servers, mut total) = (0u32, 0u64);
        for count in received {
            servers += u32::from(count > 0);
            total += count;
        }
        let counts = servers > 0 && total >= REQUESTS_PER_SERVER * u64::from(up.max(1));
        counts.then_some(Spell { from: self.spell_from, to: now, servers })
    }

    /// All spells up to `now`; adjacent ones with as many servers are one.
    pub fn spells(&self, now: u64, up: u32) -> Vec<Spell> {
        let mut spells = self.spells.clone();
        if let Some(spell) = self.open_spell(now, up) {
            merge_into(&mut spells, spell);
        }
        spells
    }

    /// Requests per server in the closed windows from `first` up to and without `end`.
    pub fn in_windows(&self, first: usize, end: usize) -> Vec<u64> {
        let mut sums = vec![0; SERVERS_PER_WINDOW];
        for window in first..end.min(self.ends.len()) {
            let start = if window == 0 { 0 } else { self.ends[window - 1] as usize };
            let counts = &self.counts[start..self.ends[window] as usize];
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        sums
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        let kept = self.arrivals.len().min(SERVERS_PER_WINDOW);
        self.at_window.resize(kept, 0);
        for (server, before) in self.at_window.iter_mut().enumerate() {
            self.counts.push((self.arrivals[server] - *before) as u32);
            *before = self.arrivals[server];
        }
        self.ends.push(self.counts.len() as u32);
    }

    /// The warm-up is over: its spells do not count.
    pub fn end_warmup(&mut self, now: u64) {
        self.spells.clear();
        self.spell_from = now;
        self.at_spell.clone_from(&self.arrivals);
    }
}

fn merge_into(spells: &mut Vec<Spell>, spell: Spell) {
    let full = spells.len() >= MAX_SPELLS;
    match spells.last_mut() {
        Some(last) if last.servers == spell.servers => last.to = spell.to,
        _ if full => {}
        _ => spells.push(spell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_servers_then_seven() {
        let mut spread = Spread::default();
        (0..800).for_each(|request| spread.arrived(request % 8));
        spread.start_spell(100, 8);
        // Between the crash and the health check: too few requests to tell anything.
        spread.arrived(0);
        spread.start_spell(101, 7);
        (0..700).for_each(|request| spread.arrived(request % 7));
        let spells = spread.spells(200, 7);
        assert_eq!(
            spells,
            [Spell { from: 0, to: 100, servers: 8 }, Spell { from: 101, to: 200, servers: 7 }]
        );
    }

    #[test]
    fn counts_per_window() {
        let mut spread = Spread::default();
        (0..4).for_each(|request| spread.arrived(request % 2));
        spread.start_window();
        spread.arrived(2);
        spread.start_window();
        assert_eq!(spread.in_windows(0, 1)[..3], [2, 2, 0]);
        assert_eq!(spread.in_windows(1, 9)[..3], [0, 0, 1]);
    }
}
