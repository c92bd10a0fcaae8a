// Runs both lanes, away from the page. It is told how far to simulate and never decides what
// happens: any pace and any slicing give the same run. After each slice it listens again, so that
// a run that is too heavy can be stopped.

import init, { Lane } from "./pkg/brownout.js";

/** Longest time without listening, in milliseconds. */
const SLICE_MS = 12;
/** Pause between two live pictures of the levels, and between two reports, in milliseconds. */
const LEVELS_MS = 80;
const REPORT_MS = 500;
/** Moments of actions are multiples of this, so that links stay short. */
const ACTION_GRID_S = 0.001;

let run = null;
const ready = init();
const channel = new MessageChannel();
channel.port1.onmessage = pump;

self.onmessage = async ({ data }) => {
  await ready;
  try {
    handlers[data.type](data);
  } catch (error) {
    self.postMessage({ type: "failed", generation: data.generation, message: String(error) });
  }
};

const handlers = {
  start(message) {
    for (const lane of run?.lanes ?? []) lane.lane.free?.();
    run = null;
    try {
      run = begin(message);
    } catch (error) {
      self.postMessage({
        type: "refused",
        generation: message.generation,
        problems: String(error),
      });
      return;
    }
    const { generation, describe, target_s } = run;
    self.postMessage({ type: "started", generation, describe, until_s: target_s });
    wake();
  },
  advance({ generation, until_s }) {
    if (generation !== run?.generation) return;
    run.target_s = Math.max(run.target_s, until_s);
    wake();
  },
  hold({ generation }) {
    if (generation !== run?.generation) return;
    run.target_s = latest();
    run.report_due = true;
    wake();
  },
  act(message) {
    if (message.generation !== run?.generation) return;
    run.waiting.push(message);
    wake();
  },
  digests({ generation, ticket }) {
    const digests =
      generation === run?.generation ? run.lanes.map(({ lane }) => lane.digest()) : [];
    self.postMessage({ type: "digests", generation, ticket, digests });
  },
};

function begin({ generation, runs, until_s }) {
  const lanes = runs.map((json) => ({ lane: new Lane(json), sent: 0, told: 0, levels: [] }));
  const describe = JSON.parse(lanes[1].lane.describe());
  return {
    generation,
    lanes,
    describe,
    target_s: until_s,
    waiting: [],
    acted: [],
    pumping: false,
    events_per_slice: 2_000,
    windows_seen: 0,
    levels_at: 0,
    report_at: 0,
    report_due: true,
  };
}

const latest = () => Math.max(...run.lanes.map(({ lane }) => lane.now_s()));
const allDone = () => run.lanes.every(({ lane }) => lane.done());

/** The moment that every lane has reached which has not ended. */
function reached() {
  const going = run.lanes.filter(({ lane }) => !lane.done());
  return going.length === 0 ? latest() : Math.min(...going.map(({ lane }) => lane.now_s()));
}

function wake() {
  if (!run.pumping) {
    run.pumping = true;
    pump();
  }
}

/** One slice of work, then a frame, then (if there is more to do) another slice. */
function pump() {
  if (!run) return;
  const end = performance.now() + SLICE_MS;
  let more = true;
  try {
    while (more && performance.now() < end) more = work();
    sendFrame(more);
  } catch (error) {
    self.postMessage({ type: "failed", generation: run.generation, message: String(error) });
    run = null;
    return;
  }
  if (more) channel.port2.postMessage(null);
  else run.pumping = false;
}

/** Does a little, and says whether there is more. */
function work() {
  if (run.waiting.length > 0) {
    run.act_s ??= momentToAct();
    if (settle(run.act_s)) {
      for (const message of run.waiting.splice(0)) act(message, run.act_s);
      run.act_s = undefined;
    }
    return true;
  }
  if (run.acted.length > 0) {
    // An action takes effect as an event at its moment, which may be the last thing before a pause.
    if (settle(run.acted.at(-1).action.at_s)) tellActed();
    return true;
  }
  if (allDone() || reached() >= run.target_s - 1e-9) return false;
  const { duration_s, window_s, windows } = run.describe;
  const boundary = run.windows_seen + 1 < windows ? (run.windows_seen + 1) * window_s : duration_s;
  const until_s = Math.min(boundary, run.target_s);
  if (settle(until_s) && until_s === boundary) {
    for (const entry of run.lanes) entry.levels.push([run.windows_seen, entry.lane.snapshot()]);
    run.windows_seen += 1;
  }
  return true;
}

/** The next moment on the grid. Never the very start: what holds from there on is no event. */
function momentToAct() {
  const earliest = Math.max(latest(), ...run.waiting.map(({ from_s }) => from_s));
  const steps = Math.max(1, Math.ceil(earliest / ACTION_GRID_S - 1e-6));
  return Number((steps * ACTION_GRID_S).toFixed(3));
}

/** Moves both lanes towards a moment, a bounded number of events each; true when both are there. */
function settle(until_s) {
  let there = true;
  for (const { lane } of run.lanes) {
    if (lane.done()) continue;
    const before = lane.events();
    const started = performance.now();
    const now_s = lane.advance(until_s, run.events_per_slice);
    adapt(performance.now() - started, lane.events() - before);
    // A full budget may have ended in the middle of an instant.
    const full = lane.events() - before >= run.events_per_slice;
    if (!lane.done() && (now_s < until_s - 1e-9 || full)) there = false;
  }
  return there;
}

/** Keeps one call at a few milliseconds, whatever an event costs. */
function adapt(took_ms, events) {
  if (events < run.events_per_slice) return;
  if (took_ms > 4) run.events_per_slice = Math.max(200, Math.floor(run.events_per_slice / 2));
  else if (took_ms < 2) run.events_per_slice = Math.min(200_000, run.events_per_slice * 2);
}

function act({ action, lanes, ticket }, at_s) {
  const stamped = { ...action, at_s };
  // A fault injected by hand starts when it is injected.
  if (action.value?.target !== undefined) stamped.value = { ...action.value, at_s };
  const problems = lanes.flatMap((index) =>
    JSON.parse(run.lanes[index].lane.act(JSON.stringify(stamped))),
  );
  run.acted.push({ ticket, action: stamped, problems });
}

/** Answers the actions that are in force now. */
function tellActed() {
  const { generation } = run;
  run.report_due = true;
  for (const answer of run.acted.splice(0)) {
    self.postMessage({ type: "acted", generation, effective: effective(), ...answer });
  }
}

/** The scenario of the solid lane with everything that is in force. */
const effective = () => JSON.parse(run.lanes[1].lane.describe()).scenario;

/** Whether the timeline of a lane shows that what is in force has changed. */
const isChange = ({ kind }) => kind.startsWith("switched") || kind === "intervened";

function sendFrame(more) {
  const time = performance.now();
  const live = time - run.levels_at >= LEVELS_MS || !more;
  const report = time - run.report_at >= REPORT_MS || allDone() || (run.report_due && !more);
  if (live) run.levels_at = time;
  if (report) {
    run.report_at = time;
    run.report_due = false;
  }
  const lanes = run.lanes.map((entry) => laneFrame(entry, live, report));
  const transfer = lanes.map((frame) => frame.rows.buffer);
  const frame = { now_s: reached(), ended: allDone(), lanes };
  // Switches that a link flips at their moments change the scenario too.
  if (lanes[1].timeline.some(isChange)) frame.effective = effective();
  self.postMessage({ type: "frame", generation: run.generation, ...frame }, transfer);
}

function laneFrame(entry, live, report) {
  const { lane } = entry;
  const rows = lane.frame(entry.sent);
  const frame = {
    from: entry.sent,
    rows,
    levels: entry.levels,
    newest: live ? lane.snapshot() : null,
    report: report ? JSON.parse(lane.report()) : null,
    timeline: JSON.parse(lane.timeline(entry.told)),
    stopped_early: lane.stopped_early() ?? null,
  };
  entry.sent += rows.length / run.describe.series.length;
  entry.told += frame.timeline.length;
  entry.levels = [];
  return frame;
}
