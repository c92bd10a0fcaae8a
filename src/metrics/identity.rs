//! Meter of a service's logins: how users were let in, who was not, and which servers do without their
//! identity provider.

use super::level::{Level, Tally};
use super::meter::{Owner, Sink, Span};
use crate::observation::Login;

const TOKEN: usize = 0;
const RENEWED: usize = 1;
const ALONE: usize = 2;
const CREATED: usize = 3;
const EXISTING_REFUSED: usize = 4;
const NEW_REFUSED: usize = 5;
const SWITCHES: usize = 6;

/// Logins since the warm-up, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logins {
    /// The service's own token was still valid.
    pub by_token: u64,
    /// The token was renewed after the identity provider had confirmed the user.
    pub renewed: u64,
    /// The token was renewed without the provider.
    pub renewed_alone: u64,
    /// New users that the provider confirmed.
    pub created: u64,
    /// Users with an account that were not let in.
    pub existing_refused: u64,
    /// New users that were not let in.
    pub new_refused: u64,
    /// How often a server began to renew tokens without the provider.
    pub switches: u64,
}

impl Logins {
    /// Those that succeeded.
    pub fn succeeded(&self) -> u64 {
        self.by_token + self.renewed + self.renewed_alone + self.created
    }

    /// Those that failed.
    pub fn failed(&self) -> u64 {
        self.existing_refused + self.new_refused
    }
}

/// Meter of a service's logins.
#[derive(Clone, Debug, Default)]
pub struct IdentityMeter {
    tally: Tally<7>,
    /// Servers that renew tokens without the provider.
    alone: Level,
    /// Whether the service has users who log in, so that there are columns about them.
    present: bool,
}

impl IdentityMeter {
    /// A meter; `present`: of a service whose users log in.
    pub fn new(present: bool) -> IdentityMeter {
        IdentityMeter { present, ..IdentityMeter::default() }
    }

    /// A user was let in.
    pub fn logged_in(&mut self, login: Login) {
        self.tally.count(match login {
            Login::Token => TOKEN,
            Login::Renewed => RENEWED,
            Login::RenewedAlone => ALONE,
            Login::Created => CREATED,
        });
    }

    /// A user was not let in.
    pub fn failed(&mut self, new_user: bool) {
        self.tally.count(if new_user { NEW_REFUSED } else { EXISTING_REFUSED });
    }

    /// A server begins to do without the provider, or ends it.
    pub fn mode_changed(&mut self, now: u64, alone: bool) {
        if alone {
            self.tally.count(SWITCHES);
            self.alone.rise(now);
        } else {
            self.alone.fall(now);
        }
    }

    /// Logins since the warm-up.
    pub fn measured(&self) -> Logins {
        let count = |index| self.tally.measured(index);
        Logins {
            by_token: count(TOKEN),
            renewed: count(RENEWED),
            renewed_alone: count(ALONE),
            created: count(CREATED),
            existing_refused: count(EXISTING_REFUSED),
            new_refused: count(NEW_REFUSED),
            switches: count(SWITCHES),
        }
    }

    /// Whether the service has, or has had, users who log in.
    pub fn is_present(&self) -> bool {
        self.present || (TOKEN..=SWITCHES).any(|index| self.tally.all(index) > 0)
    }

    /// Servers that renew tokens without the provider.
    pub fn alone(&self) -> &Level {
        &self.alone
    }

    /// Integrates the level up to `now`.
    pub fn settle(&mut self, now: u64) {
        self.alone.settle(now);
    }

    /// A new window begins.
    pub fn start_window(&mut self) {
        self.tally.start_window();
        self.alone.start_window();
    }

    /// The warm-up is over.
    pub fn end_warmup(&mut self) {
        self.tally.end_warmup();
        self.alone.end_warmup();
    }

    /// Fills the columns of a window.
    pub fn columns(&self, owner: Owner, span: Span, sink: &mut Sink) {
        if !self.present {
            return;
        }
        let rate = |indices: &[usize]| {
            span.rate(indices.iter().map(|index| self.tally.in_window(*index)).sum())
        };
        let mut put = |name, unit, value| sink(owner, name, unit, value);
        put("logins", "per_s", rate(&[TOKEN, RENEWED, ALONE, CREATED]));
        put("logins_failed", "per_s", rate(&[EXISTING_REFUSED, NEW_REFUSED]));
        put("new_users_refused", "per_s", rate(&[NEW_REFUSED]));
        put("renewed_alone", "per_s", rate(&[ALONE]));
        put("auth_alone", "count", span.mean(self.alone.in_window()));
    }
}
