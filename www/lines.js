// The lines of a chart: a name, a colour, and what it shows of a window.

import { t } from "./i18n.js";
import { columnsOf } from "./measures.js";
import { state } from "./state.js";

const COLOURS = {
  offered: 0,
  arrivals: 0,
  attempts: 0,
  published: 0,
  servers: 0,
  logins: 1,
  goodput: 1,
  ok: 1,
  in_flight: 1,
  servers_up: 1,
  in_rotation: 1,
  delivered: 1,
  hits: 1,
  failed: 2,
  breaker_open: 2,
  rejected: 3,
  timed_out: 4,
  degraded: 5,
  fallbacks: 5,
  skipped: 6,
  logins_failed: 4,
  new_users_refused: 3,
  renewed_alone: 5,
  refreshes: 7,
  concurrency_limit: 3,
  wasted: 6,
  refused: 6,
  retries: 7,
  redelivered: 7,
  hedges: 4,
  raised: 3,
  sent: 2,
  tests_passed: 1,
  tests_failed: 2,
  cpu: 7,
  lock_waiting: 6,
  queue_depth: 3,
  oldest_message: 3,
  spooled: 4,
  lost: 4,
  duplicated: 5,
  stale_reads: 3,
  lost_writes: 2,
  replica_lag: 3,
  ejected: 3,
  ejections: 3,
  ejections_overflow: 4,
  shed: 2,
  misses: 3,
  stale: 5,
  evictions: 7,
  gc: 2,
  rows: 1,
  dead_rows: 6,
  p50: 1,
  p95: 3,
  p99: 2,
};
/** Colours of pools, servers and the like, in their order. */
const ORDER = [1, 5, 3, 4, 6, 7, 2, 0];
/** Colour of the thing at a place in a row; from the end for a negative one. */
export const colourAt = (index) => ORDER.at(index % ORDER.length);

/** Adds the values of several columns; -1 where none has one. */
export const summed = (columns) => (history, window) =>
  combine(columns, history, window, (one, other) => one + other);
/** The largest of several columns. */
export const largest = (columns) => (history, window) =>
  combine(columns, history, window, Math.max);

function combine(columns, history, window, operation) {
  let result = -1;
  for (const column of columns) {
    const value = history.value(column, window);
    if (value >= 0) result = result < 0 ? value : operation(result, value);
  }
  return result;
}

/** The line of a measure over all of these nodes or calls; none where none of them has it. */
export function line(measure, keys, { from = [measure], join = summed } = {}) {
  const columns = keys
    .flatMap((key) => from.map((name) => columnsOf(state.describe, key)[name]))
    .filter((column) => column !== undefined);
  if (columns.length === 0) return [];
  return [{ name: t(`m_${measure}`), color_index: COLOURS[measure], values: join(columns) }];
}

/** A line for each measure. */
export const lines = (measures, keys, options) =>
  measures.flatMap((measure) => line(measure, keys, options));

/** A line of one column, named after the thing that it is of. */
export const lineOf = (name, color_index, column) =>
  column === undefined ? [] : [{ name, color_index, values: summed([column]) }];

export const chart = (id, title, unit, content) => ({ id, title: t(title), unit, lines: content });
