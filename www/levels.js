// Which rows the card of a node has, and how high each is in a lane at the moment shown.

import { has, hasCopies, locksRows, readsCopies } from "./facets.js";
import { answeredShare, hitShare } from "./health.js";
import { bytes, compact, milliseconds, number, percent } from "./i18n.js";
import { columnsOf } from "./measures.js";
import { shown_s, state } from "./state.js";

/** A row that piles up without a limit is half full at this level. */
const HALF = 1_000;
const HALF_IN_FLIGHT = 100;
const HALF_LAG_MS = 1_000;
/** Windows that a measurement is averaged over. */
const WINDOWS = 4;

/** Which rows a node has; fixed for the run, as its wiring is. */
export function rowsOf(node) {
  const { key } = node;
  const own = state.effective.nodes[key] ?? {};
  const rows = (...kinds) => kinds.filter(Boolean).map((kind) => ({ kind }));
  if (node.kind === "clients") return rows("answered", "in_flight");
  if (node.kind === "balancer") return rows("rotation");
  // Only some monitors call what they watch.
  if (node.kind === "monitor") return rows("alarms", node.callees.length > 0 && "interfaces");
  const columns = columnsOf(state.describe, key);
  const pools = Object.keys(own.pools ?? { sessions: {} }).map((pool) => ({ kind: "pool", pool }));
  const caches = Object.keys(own.caches ?? {}).length > 0;
  return [
    ...rows("servers"),
    ...pools,
    ...rows(
      own.cores && "cpu",
      own.memory && (own.memory.gc || caches) && "heap",
      caches && "hits",
      own.disk && "disk",
      hasCopies(key) && "primary",
      readsCopies(key) && "lag",
      has(key, "identity") && "alone",
      own.tables && "rows",
      locksRows(key) && "locks",
      columns.spooled !== undefined && "spool",
      columns.queue_depth !== undefined && "depth",
    ),
  ];
}

/** The level of a row in a lane: {share, text} for bars, {up, all, text} for squares. */
export function levelOf(node, row, levels, history) {
  const { key } = node;
  const of = { clients: ofClients, balancer: ofBalancer, monitor: ofMonitor }[node.kind];
  if (of) return of(key, row, levels, history);
  const station = levels.stations?.[key];
  if (!station) return { share: 0, up: 0, all: 0, text: "–" };
  if (row.kind === "pool") return ofPool(station.pools?.[row.pool]);
  return STATION[row.kind](station, key, history);
}

function ofClients(key, { kind }, levels, history) {
  if (kind === "in_flight") {
    const count = levels.clients?.[key]?.in_flight ?? 0;
    return { share: count / (count + HALF_IN_FLIGHT), text: compact(count), level: 0 };
  }
  const answered = answeredShare(history, shown_s(), key);
  return {
    share: answered || 0,
    text: percent(answered),
    level: answered < 0.5 ? 3 : answered < 0.9 ? 2 : 0,
  };
}

function ofBalancer(key, row, levels) {
  const { in_rotation: up, servers: all } = levels.balancers?.[key] ?? {
    in_rotation: 0,
    servers: 0,
  };
  return { up, all, text: `${up}/${all}` };
}

/** Of all that occurred, so much was told. */
function ofMonitor(key, { kind }, levels) {
  const { raised = 0, sent = 0, interfaces = 0 } = levels.monitors?.[key] ?? {};
  if (kind === "interfaces")
    return { share: interfaces > 0 ? 1 : 0, text: number(interfaces), level: 0 };
  return { ...share(sent, raised, `${compact(sent)}/${compact(raised)}`), level: 2 };
}

function ofPool(pool = { busy: 0, threads: 0, queue: 0 }) {
  const waiting = pool.queue > 0 ? `+${compact(pool.queue)}` : `${pool.busy}/${pool.threads}`;
  return { ...share(pool.busy, pool.threads, waiting), full: pool.queue > 0 };
}

const STATION = {
  servers: ({ up, servers: all }) => ({ up, all, text: `${up}/${all}` }),
  cpu: ({ cores, cores_busy: busy = 0 }) => share(busy, cores, percent(busy / cores)),
  heap: ({ heap_limit: all, heap_used: used = 0 }) => share(used, all, bytes(used)),
  disk: ({ disk_capacity: all, disk_used: used = 0 }) => share(used, all, bytes(used)),
  hits(station, key, history) {
    const hits = hitShare(history, shown_s(), key);
    return { share: hits || 0, text: percent(hits), level: 0 };
  },
  primary({ primary }) {
    const there = Number.isInteger(primary);
    return { share: there ? 1 : 0, text: there ? `#${primary}` : "–", level: 0 };
  },
  lag(station, key, history) {
    const lag = measured(history, key, "replica_lag");
    return { ...pile(Math.max(0, lag), HALF_LAG_MS, milliseconds(lag)), level: 0 };
  },
  // Servers that renew tokens without asking the provider.
  alone({ servers }, key, history) {
    const count = Math.round(Math.max(0, measured(history, key, "auth_alone")));
    return { ...share(count, servers, `${count}/${servers}`), level: 2 };
  },
  // The bar shows how many of them are dead.
  rows: ({ rows = 0, dead_rows: dead = 0 }) => share(dead, rows + dead, compact(rows + dead)),
  locks(station, key, history) {
    const waiting = Math.max(0, measured(history, key, "lock_waiting"));
    return pile(waiting, HALF, compact(Math.round(waiting)));
  },
  spool: ({ spooled = 0, spool_limit: limit }) => heap(spooled, limit),
  depth: ({ queue_depth: depth = 0, depth_limit: limit }) => heap(depth, limit),
};

/** What the newest windows at the moment shown have measured; −1 without any. */
function measured(history, key, measure) {
  const column = columnsOf(state.describe, key)[measure] ?? -1;
  return history.mean(column, history.windowAt(shown_s()), WINDOWS);
}

/** What piles up: against its limit, or without one against a scale that never ends. */
const heap = (count, limit) =>
  limit > 0 ? share(count, limit, compact(count)) : pile(count, HALF, compact(count));

const pile = (value, half, text) => ({ share: value / (value + half), text });
const share = (value, all, text) => ({ share: all > 0 ? value / all : 0, text });
