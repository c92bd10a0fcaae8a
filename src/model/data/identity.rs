//! Logins: tokens by user, and the auth mode of each server.
//!
//! A token is signed, so every server accepts it; it belongs to the user and outlives crashes. The auth
//! mode lives in the memory of a process. When it switches is for [`crate::pattern::identity`] to say.

use crate::engine::{Duration, Luck, Time};
use crate::model::slab::Id;
use crate::model::{Observer, World};
use crate::observation::{Login, Observation, Outcome};
use crate::pattern::identity::AuthMode;
use crate::plan::IdentityPlan;

/// Who may log in, and how.
#[derive(Clone, Debug)]
pub struct Identity {
    /// When the renewed token of each user expires; zero for those who still have their first one.
    expires: Vec<Time>,
    /// Lifetime of the first tokens: a change does not reach what has been issued.
    first_lifetime: Duration,
    /// By server.
    modes: Vec<AuthMode>,
}

impl Identity {
    /// Users with their first tokens.
    pub fn new(plan: &IdentityPlan) -> Identity {
        Identity { expires: Vec::new(), first_lifetime: plan.lifetime, modes: Vec::new() }
    }

    /// When a user's token expires.
    fn expiry(&self, plan: &IdentityPlan, user: u64) -> Time {
        let renewed = self.expires.get(user as usize).copied().unwrap_or(Time::ZERO);
        if renewed > Time::ZERO {
            return renewed;
        }
        let mut draws = Luck(user).draws(plan.site, 0);
        if !draws.chance(plan.valid_at_start) {
            return Time::ZERO;
        }
        let left = self.first_lifetime.0 as f64 * draws.next_unit();
        Time::ZERO + Duration::from_nanos(left)
    }

    fn renew(&mut self, plan: &IdentityPlan, user: u64, now: Time) {
        let slot = user as usize;
        if slot >= self.expires.len() {
            self.expires.resize(slot + 1, Time::ZERO);
        }
        self.expires[slot] = now + plan.lifetime;
    }

    fn mode(&mut self, server: u32) -> &mut AuthMode {
        let slot = server as usize;
        if slot >= self.modes.len() {
            self.modes.resize(slot + 1, AuthMode::new());
        }
        &mut self.modes[slot]
    }
}

impl<O: Observer> World<O> {
    /// A job comes to a `login` step. None: it waits for the identity provider.
    pub(in crate::model) fn start_login(&mut self, id: Id) -> Option<Result<(), Outcome>> {
        let now = self.now;
        let job = &self.jobs[id];
        let (server, newcomer) = (job.server, job.newcomer);
        let station = usize::from(job.station);
        let (node, rules) = rules(&self.plan.stations[station]);
        let state = self.stations[station].identity.as_mut().expect("it has the plan's rules");
        if !newcomer && state.expiry(rules, rules.users.key_of(job.wish)) > now {
            self.tell(Observation::LoggedIn { node, login: Login::Token });
            return Some(Ok(()));
        }
        let asks = rules.alone.as_ref().is_none_or(|rules| state.mode(server).asks(rules, now));
        if !asks {
            return Some(self.log_in_alone(id, Outcome::Failed));
        }
        let step = &self.plan.stations[station].endpoints[usize::from(job.endpoint)].steps;
        let (edges, _) =
            step[usize::from(job.step())].action.calls(job.wish).expect("a login has a call");
        if !self.plan.edges[usize::from(edges[0].0)].enabled {
            // Nobody is asked who has been switched off.
            return Some(self.end_login(id, Some(Outcome::Failed)).map_or(Ok(()), Err));
        }
        self.jobs[id].extras.get_or_insert_default().asks_provider = true;
        if !self.start_calls(id) {
            return None;
        }
        Some(self.trouble_of_calls(id).map_or(Ok(()), Err))
    }

    /// The identity provider has answered, or has not: how the login ends its job, if it does.
    pub(in crate::model) fn end_login(
        &mut self,
        id: Id,
        trouble: Option<Outcome>,
    ) -> Option<Outcome> {
        let now = self.now;
        let job = &self.jobs[id];
        let (station, server, newcomer) = (job.station, job.server, job.newcomer);
        let (node, rules) = rules(&self.plan.stations[usize::from(station)]);
        if let Some(rules) = rules.alone.clone() {
            self.change_mode(station, server, |mode| {
                mode.on_check(&rules, trouble.is_none(), now);
            });
        }
        let Some(trouble) = trouble else {
            if newcomer {
                self.tell(Observation::LoggedIn { node, login: Login::Created });
            } else {
                self.renew_token(id);
                self.tell(Observation::LoggedIn { node, login: Login::Renewed });
            }
            return None;
        };
        let outcome = match trouble {
            Outcome::Rejected(cause) => Outcome::Rejected(cause),
            _ => Outcome::Failed,
        };
        self.log_in_alone(id, outcome).err()
    }

    /// A login without the provider: an account's own token is renewed if the server does such a thing
    /// now; otherwise the login ends with `outcome`.
    fn log_in_alone(&mut self, id: Id, outcome: Outcome) -> Result<(), Outcome> {
        let job = &self.jobs[id];
        let (server, new_user) = (job.server, job.newcomer);
        let station = usize::from(job.station);
        let node = self.plan.stations[station].node;
        let state = self.stations[station].identity.as_mut().expect("its users log in");
        if new_user || !state.mode(server).renews_alone() {
            self.tell(Observation::LoginFailed { node, new_user });
            return Err(outcome);
        }
        self.renew_token(id);
        self.tell(Observation::LoggedIn { node, login: Login::RenewedAlone });
        Ok(())
    }

    fn renew_token(&mut self, id: Id) {
        let job = &self.jobs[id];
        let station = usize::from(job.station);
        let (_, rules) = rules(&self.plan.stations[station]);
        let user = rules.users.key_of(job.wish);
        let state = self.stations[station].identity.as_mut().expect("its users log in");
        state.renew(rules, user, self.now);
    }

    /// Changes the auth mode of a server, and tells if it is another one then.
    fn change_mode(&mut self, station: u16, server: u32, change: impl FnOnce(&mut AuthMode)) {
        let node = self.plan.stations[usize::from(station)].node;
        let Some(state) = &mut self.stations[usize::from(station)].identity else { return };
        let mode = state.mode(server);
        let before = mode.renews_alone();
        change(mode);
        let alone = mode.renews_alone();
        if alone != before {
            self.tell(Observation::AuthModeChanged { node, server, alone });
        }
    }

    /// The auth mode of a process is gone with its memory.
    pub(in crate::model) fn forget_auth_mode(&mut self, station: u16, server: u32) {
        self.change_mode(station, server, |mode| *mode = AuthMode::new());
    }

    /// Follows a new plan. Tokens stay; where nothing is renewed alone any more, the usual mode is back.
    pub(in crate::model) fn retune_identity(&mut self, station: u16) {
        let plan = self.plan.stations[usize::from(station)].identity.as_ref();
        let keeps_modes = plan.is_some_and(|plan| plan.alone.is_some());
        let fresh = plan.map(Identity::new);
        if !keeps_modes {
            let state = &self.stations[usize::from(station)].identity;
            for server in 0..state.as_ref().map_or(0, |state| state.modes.len() as u32) {
                self.forget_auth_mode(station, server);
            }
        }
        let state = &mut self.stations[usize::from(station)].identity;
        match (&state, fresh) {
            (None, Some(fresh)) => *state = Some(Box::new(fresh)),
            (Some(_), None) => *state = None,
            _ => {}
        }
    }
}

/// The node and its rules of logging in.
fn rules(plan: &crate::plan::StationPlan) -> (crate::wiring::NodeIndex, &IdentityPlan) {
    let rules = plan.identity.as_ref();
    (plan.node, rules.expect("the checker wants an identity where users log in"))
}
