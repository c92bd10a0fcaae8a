// What the user can do with a run: open, restart, fork, switch, edit, break. Each is one function,
// used alike by buttons, keys and links.

import * as simulation from "./simulation.js";
import { presetRun, readable, writeAddress } from "./link.js";
import { announce, dismiss, notice } from "./notice.js";
import { say, seconds, t } from "./i18n.js";
import { isOn, state, update } from "./state.js";

/** Opens a run, from the address or a preset, just before the first thing goes wrong. */
export async function open({ run, problem }) {
  dismiss();
  document.documentElement.dataset.state = "opening";
  const { preset, scenario, seed, actions } = run;
  update({
    preset: preset ?? null,
    scenario,
    seed,
    actions,
    selected: null,
    speed: paceOf(scenario),
  });
  const answer = await simulation.start({ until_s: openingMoment(scenario) });
  if (refusal(answer)) return;
  document.documentElement.dataset.state = "ready";
  if (problem) notice(t("link_bad"), problem, t("link_fallback"));
  update({ playing: true });
}

export function choosePreset(id) {
  const opened = open({ run: presetRun(id) });
  writeAddress();
  return opened;
}

/** True when a run could not start, with a message on the page, or when another one took its place. */
function refusal({ problems, error, superseded }) {
  if (superseded) return true;
  if (!error && (problems === undefined || problems.length === 0)) return false;
  update({ playing: false });
  document.documentElement.dataset.state = "error";
  notice(t("refused"), error ?? readable(problems));
  return true;
}

/** The moment of the first trouble, less a little, so that the page opens on calm turning bad. */
function openingMoment({ faults = {}, interventions = {}, duration_s }) {
  const momentsOf = (all) => Object.values(all).map(({ at_s }) => at_s);
  // Without a fault the trouble is in the settings, and an intervention may be the end of it.
  if (momentsOf(faults).length === 0) return 0;
  const first = Math.min(...momentsOf(faults), ...momentsOf(interventions));
  // Where trouble waits so long, the story is in what comes before: alarms that nobody heeds, a purge that takes time.
  return first < duration_s / 2 ? Math.max(0, first - 0.02 * duration_s) : 0;
}

/** Speeds on offer, in simulated seconds per second. */
export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, Infinity];

/** The speed at which a whole run takes about a minute. */
function paceOf(scenario) {
  const wanted = scenario.duration_s / 60;
  return SPEEDS.findLast((speed) => speed <= Math.max(wanted, SPEEDS[0])) ?? 1;
}

export function changeSpeed(steps) {
  const index = SPEEDS.indexOf(state.speed) + steps;
  update({ speed: SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, index))] });
}

export function play() {
  if (state.ended) return restart();
  update({ playing: true, view_s: null });
  return undefined;
}

export function pause() {
  update({ playing: false });
  simulation.hold();
}

export const playOrPause = () => (state.playing && !state.ended ? pause() : play());

/** Pauses and goes one window further. */
export function step() {
  if (state.playing) pause();
  update({ view_s: null });
  simulation.advance(Math.min(state.now_s + state.describe.window_s, state.describe.duration_s));
}

/** Starts again from nothing; switches and edits come again at their moments. */
export async function restart() {
  const answer = await simulation.start();
  if (!refusal(answer)) update({ playing: true });
}

/** Starts again with another seed. */
export function reseed(seed) {
  update({ seed });
  return restart();
}

/** Repeats the run up to a past moment, forgets what was done after it, and goes on from there. */
export async function fork(at_s = state.view_s) {
  const playing = state.playing;
  update({ actions: state.actions.filter((action) => action.at_s <= at_s) });
  const answer = await simulation.start({ until_s: at_s });
  if (refusal(answer)) return;
  update({ playing });
  announce(t("forked", { time: seconds(at_s) }));
}

/**
 * Actions are done at the moment that the page shows: in the past, the run forks there first. All
 * are done at one moment. Resolves with the problems.
 */
async function actNow(...actions) {
  const past_s = state.view_s !== null && state.view_s < state.now_s ? state.view_s : 0;
  if (past_s > 0) await fork(past_s);
  else if (state.ended) await rewind();
  const answers = await Promise.all(actions.map((action) => simulation.act(action, past_s)));
  return answers.flat();
}

/** After the end, a change means: once more, with everything as it stands now from the start. */
async function rewind() {
  const standing = new Map();
  for (const action of state.actions) {
    const key = action.toggle ?? action.path;
    if (!key.startsWith("faults.live-")) standing.set(key, { ...action, at_s: 0 });
  }
  update({ actions: [...standing.values()] });
  const answer = await simulation.start();
  if (!refusal(answer)) update({ playing: true });
}

export const flip = (toggle, on = !isOn(toggle)) => flipTo([toggle], on);

export function flipAll(on) {
  const keys = state.describe.toggles.map(({ key }) => key);
  return flipTo(
    keys.filter((key) => isOn(key) !== on),
    on,
  );
}

async function flipTo(toggles, on) {
  if (toggles.length === 0) return;
  const problems = await actNow(...toggles.map((toggle) => ({ toggle, on })));
  if (problems.length > 0) notice(toggles.join(", "), readable(JSON.stringify(problems)));
}

/** Changes a value of the scenario; `null` deletes it. Resolves with the problems. */
export async function edit(path, value) {
  const problems = await actNow({ path, value });
  if (problems.length === 0) announce(t("form_applied", { path, time: seconds(state.now_s) }));
  return problems;
}

/** Injects a fault into both lanes. Resolves with the problems. */
export async function injectFault(fault) {
  const used = state.actions.map(({ path }) => /^faults\.live-(\d+)$/.exec(path ?? "")?.[1]);
  const next = 1 + Math.max(0, ...used.filter(Boolean).map(Number));
  return actNow({ path: `faults.live-${next}`, value: { at_s: state.now_s, ...fault } });
}

export const endFault = (key) => actNow({ path: `faults.${key}`, value: null });

export function select(kind, key) {
  const same = state.selected?.kind === kind && state.selected?.key === key;
  update({ selected: key === null || same ? null : { kind, key } });
}

/** Looks at a moment; at the newest one, follows the run again. */
export function look(at_s) {
  const past = at_s !== null && at_s < state.now_s - state.describe.window_s / 2;
  update({ view_s: past ? Math.max(0, at_s) : null });
}

/** Name of a preset or scenario, for the title of the page. */
export const title = () => say(state.describe?.name ?? state.scenario?.name, t("own_scenario"));
