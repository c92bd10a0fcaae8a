// The page's side of the worker: starts runs, asks for more of them, writes what comes back into
// the state. Answers of an earlier run are recognised by their generation and dropped.

import { History } from "./history.js";
import { hitsBoth, state, touch, update } from "./state.js";

let worker = spawn();
const pending = new Map();
let generation = 0;
let ticket = 0;
/** Furthest moment asked for; nothing more is asked for while a run is being started. */
let asked_s = Infinity;

function spawn() {
  const made = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  made.onmessage = ({ data }) => {
    if (data.generation === generation) receive[data.type](data);
  };
  made.onerror = (event) => receive.failed({ message: event.message ?? "worker" });
  return made;
}

/** The two runs behind the page: the same world, with and without what the user changed. */
function runsOf(scenario, seed, actions) {
  const asItWas = { scenario, seed, actions: actions.filter(hitsBoth) };
  return [JSON.stringify(asItWas), JSON.stringify({ scenario, seed, actions })];
}

/** Starts both lanes afresh and runs them to a moment. Resolves with {problems} when refused. */
export function start({ until_s = 0 } = {}) {
  for (const settle of pending.values()) settle({ problems: [], superseded: true });
  pending.clear();
  generation += 1;
  asked_s = Infinity;
  const runs = runsOf(state.scenario, state.seed, state.actions);
  worker.postMessage({ type: "start", generation, runs, until_s });
  return new Promise((resolve) => pending.set(`start-${generation}`, resolve));
}

/** Asks both lanes to advance to a moment. */
export function advance(until_s) {
  if (until_s <= asked_s) return;
  asked_s = until_s;
  worker.postMessage({ type: "advance", generation, until_s });
}

/** Stops asking for more: both lanes come to rest at the moment the further one has reached. */
export function hold() {
  if (asked_s < Infinity) asked_s = state.now_s;
  worker.postMessage({ type: "hold", generation });
}

/**
 * Applies an action now, but not before a moment. Resolves with the problems, empty when it took
 * effect.
 */
export function act(action, from_s = 0) {
  const lanes = hitsBoth(action) ? [0, 1] : [1];
  ticket += 1;
  worker.postMessage({ type: "act", generation, ticket, action, lanes, from_s });
  return new Promise((resolve) => pending.set(ticket, resolve)).then(({ problems }) => problems);
}

/** Digests of both lanes over everything that has happened so far. */
export function digests() {
  ticket += 1;
  worker.postMessage({ type: "digests", generation, ticket });
  return new Promise((resolve) => pending.set(ticket, resolve)).then((answer) => answer.digests);
}

function finish(key, answer) {
  pending.get(key)?.(answer);
  pending.delete(key);
}

const receive = {
  started({ describe, until_s }) {
    asked_s = until_s;
    update({
      describe,
      effective: describe.scenario,
      lanes: [new History(describe), new History(describe)],
      reports: [null, null],
      now_s: 0,
      ended: false,
      view_s: null,
      hover_s: null,
    });
    finish(`start-${generation}`, {});
  },
  refused({ problems }) {
    finish(`start-${generation}`, { problems });
  },
  failed({ message }) {
    // After a panic the module must not be used again.
    worker.terminate();
    worker = spawn();
    finish(`start-${generation}`, { error: message });
    window.dispatchEvent(new CustomEvent("brownout-failed", { detail: message }));
  },
  acted({ ticket: key, action, problems, effective }) {
    if (problems.length === 0) {
      const actions = [...state.actions, action].sort((one, other) => one.at_s - other.at_s);
      update({ actions, effective });
    }
    finish(key, { problems });
  },
  digests({ ticket: key, digests: list }) {
    finish(key, { digests: list });
  },
  frame({ now_s, ended, lanes, effective }) {
    lanes.forEach((frame, index) => mergeFrame(state.lanes[index], frame, index));
    if (effective) update({ effective });
    touch("lanes");
    update({ now_s, ended });
  },
};

function mergeFrame(history, frame, index) {
  history.addRows(frame.from, frame.rows);
  for (const [window, json] of frame.levels) history.addLevels(window, json);
  if (frame.newest) history.newest = frame.newest;
  history.stopped_early = frame.stopped_early;
  if (frame.timeline.length > 0) {
    history.timeline.push(...frame.timeline);
    touch("timeline");
  }
  if (frame.report) {
    state.reports[index] = frame.report;
    touch("reports");
  }
}
