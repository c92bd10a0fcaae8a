// How a node is doing, from its live levels and its newest measurements.
// Levels: 0 well, 1 busy, 2 in trouble, 3 bad. Each has a word and a sign beside its colour.

import { columnsOf, partsOf } from "./measures.js";
import { state } from "./state.js";

export const SIGNS = {
  ok: "✓",
  busy: "◔",
  saturated: "▲",
  servers: "▽",
  disk: "▣",
  primary: "✕",
  alarm: "!",
  heap: "▣",
  errors: "✕",
  down: "✕",
  unknown: "·",
};

const LEVELS = {
  ok: 0,
  unknown: 0,
  busy: 1,
  servers: 2,
  saturated: 2,
  disk: 2,
  primary: 3,
  alarm: 2,
  heap: 2,
  errors: 3,
  down: 3,
};

/** Shares at which a node counts as busy, failing, or short of disk or memory. */
const BUSY = 0.8;
const FAILING = 0.1;
const DISK_NEARLY_FULL = 0.9;
const HEAP_NEARLY_FULL = 0.9;
/** Windows that the newest measurements are averaged over. */
const WINDOWS = 4;

const judged = (word) => ({ word, level: LEVELS[word], sign: SIGNS[word] });

/** How the node does in a lane at a moment, given the levels of that moment. */
export function healthOf(node, levels, history, at_s) {
  if (!levels || !history) return judged("unknown");
  if (node.kind === "clients") return judged(clientsWord(node.key, history, at_s));
  if (node.kind === "balancer") return judged(balancerWord(levels.balancers?.[node.key]));
  if (node.kind === "monitor") return judged(monitorWord(node.key, history, at_s));
  return judged(stationWord(node.key, levels.stations?.[node.key], history, at_s));
}

function clientsWord(key, history, at_s) {
  const share = answeredShare(history, at_s, key);
  if (!(share >= 0)) return "unknown";
  return share < 0.5 ? "down" : share < 1 - FAILING ? "errors" : share < 0.99 ? "busy" : "ok";
}

function balancerWord(balancer) {
  if (!balancer) return "unknown";
  if (balancer.in_rotation === 0) return "down";
  return balancer.in_rotation < balancer.servers ? "servers" : "ok";
}

function monitorWord(key, history, at_s) {
  const { alarms_sent: sent } = columnsOf(state.describe, key);
  return sum(history, history.windowAt(at_s), [sent]) > 0 ? "alarm" : "ok";
}

function stationWord(key, station, history, at_s) {
  if (!station) return "unknown";
  if (station.up === 0) return "down";
  // Reads may go on, but nobody takes writes.
  if (station.primary === null) return "primary";
  const window = history.windowAt(at_s);
  const columns = columnsOf(state.describe, key);
  const bad = sum(history, window, [columns.failed, columns.rejected]);
  const all = bad + sum(history, window, [columns.ok, columns.degraded]);
  if (all > 0 && bad / all > 0.5) return "errors";
  const pools = Object.values(station.pools ?? {});
  if (pools.some((pool) => pool.threads > 0 && pool.busy >= pool.threads)) return "saturated";
  if (station.disk_capacity && station.disk_used / station.disk_capacity > DISK_NEARLY_FULL)
    return "disk";
  if (station.heap_limit && station.heap_used / station.heap_limit > HEAP_NEARLY_FULL)
    return "heap";
  if (all > 0 && bad / all > FAILING) return "errors";
  if (station.up < station.servers) return "servers";
  const cpu = station.cores ? (station.cores_busy ?? 0) / station.cores : 0;
  return cpu > BUSY || pools.some((pool) => pool.busy > BUSY * pool.threads) ? "busy" : "ok";
}

function sum(history, window, columns) {
  return columns.reduce(
    (total, column) => total + Math.max(0, history.mean(column ?? -1, window, WINDOWS)),
    0,
  );
}

/** Share of look-ups around a moment that found what they wanted, over all caches of a node. */
export function hitShare(history, at_s, key) {
  const window = history.windowAt(at_s);
  const caches = partsOf(state.describe, key, "hits");
  const of = (measure) => sum(history, window, caches.map(({ columns }) => columns[measure]));
  const [hits, misses] = [of("hits"), of("misses")];
  return hits + misses > 0 ? hits / (hits + misses) : NaN;
}

/** Share of requests answered around a moment, of one population or of all; NaN without requests. */
export function answeredShare(history, at_s, key = null) {
  const window = history.windowAt(at_s);
  let good = 0;
  let ended = 0;
  for (const node of state.describe.nodes) {
    if (node.kind !== "clients" || (key !== null && node.key !== key)) continue;
    const columns = columnsOf(state.describe, node.key);
    const answered = sum(history, window, [columns.ok, columns.degraded]);
    good += answered;
    ended += answered + sum(history, window, [columns.failed, columns.rejected, columns.timed_out]);
  }
  return ended > 0 ? good / ended : NaN;
}
