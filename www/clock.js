// The beat of the page: once a frame it asks the simulation for as much time as has passed, and has
// drawn what has changed. It also keeps the statistics of frames that the tests read.

import { advance } from "./simulation.js";
import { render, state } from "./state.js";

/** A tab that was away does not catch up: one frame counts for at most this long, in seconds. */
const LONGEST_FRAME_S = 0.1;
/** How far the wish may run ahead of the simulation, in seconds of wall time. */
const LEAD_S = 0.25;
/** Length of the statistics in milliseconds. */
const STATISTICS_MS = 10_000;

const frames = [];
let last = 0;
let wanted_s = 0;

export function startClock() {
  requestAnimationFrame(beat);
}

function beat(time) {
  requestAnimationFrame(beat);
  const passed_s = Math.min((time - last) / 1_000, LONGEST_FRAME_S);
  const interval = time - last;
  last = time;
  if (state.playing && state.describe && !state.ended) ask(passed_s);
  const before = performance.now();
  render(time);
  note(time, interval, performance.now() - before);
}

function ask(passed_s) {
  const { duration_s } = state.describe;
  if (state.speed === Infinity) return advance(duration_s);
  const lead = state.now_s + state.speed * LEAD_S;
  // After a pause or a restart the wish starts again from where the simulation is.
  if (wanted_s < state.now_s || wanted_s > lead)
    wanted_s = Math.min(Math.max(wanted_s, state.now_s), lead);
  wanted_s += passed_s * state.speed;
  return advance(Math.min(wanted_s, duration_s));
}

function note(time, interval, drawing) {
  frames.push({ time, interval, drawing });
  while (frames.length > 0 && frames[0].time < time - STATISTICS_MS) frames.shift();
}

const quantile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

/** Frame intervals and drawing times over the last ten seconds, in milliseconds. */
export function frameStatistics() {
  const sorted = (key) => frames.map((frame) => frame[key]).sort((one, other) => one - other);
  const [interval, drawing] = [sorted("interval"), sorted("drawing")];
  const total = (list) => list.reduce((sum, value) => sum + value, 0);
  return {
    frames: frames.length,
    interval_p50_ms: quantile(interval, 0.5),
    interval_p95_ms: quantile(interval, 0.95),
    drawing_p50_ms: quantile(drawing, 0.5),
    drawing_p95_ms: quantile(drawing, 0.95),
    drawing_share: total(drawing) / Math.max(1, total(interval)),
  };
}
