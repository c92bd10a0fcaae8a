// Which charts there are for the whole system, a node, a class of users or a call. What everybody
// has comes first and last; between them stands what the scenario is about.

import { has, hasCopies, locksRows, readsCopies, rowsChange, scales } from "./facets.js";
import { nameOf, t } from "./i18n.js";
import { chart, colourAt, largest, line, lineOf, lines } from "./lines.js";
import { columnsOf, partsOf } from "./measures.js";
import { state } from "./state.js";

/** With more lines than this a chart can no longer be read. */
const MOST_LINES = 6;
const STATIONS = ["service", "database", "queue"];

/** The charts for what is selected; null is the whole system. */
export function definitions(subject) {
  const charts = all(subject);
  return charts.filter(({ lines: some, isOptional }) => some.length > 0 || !isOptional);
}

function all(subject) {
  if (subject?.kind === "edge") return ofCall(subject.key);
  if (subject?.kind === "balancer") return ofBalancer(subject.key);
  if (subject?.kind === "monitor") return ofMonitor(subject.key);
  if (STATIONS.includes(subject?.kind)) return ofStation(subject.key);
  return subject ? ofClients([subject.key]) : ofSystem();
}

const keysOf = (...kinds) =>
  state.describe.nodes.filter(({ kind }) => kinds.includes(kind)).map(({ key }) => key);
const stations = () => keysOf(...STATIONS);
const nodeName = (key) => nameOf(state.describe.nodes.find((node) => node.key === key), key);
const answered = (keys) => line("goodput", keys, { from: ["ok", "degraded"] });
const latency = (keys) =>
  chart("latency", "chart_latency", "ms", lines(["p50", "p95", "p99"], keys, { join: largest }));
const optional = (...definition) => ({ ...chart(...definition), isOptional: true });

// --- users ---

const ofSystem = () => [
  ...asked(keysOf("clients")),
  ...facets(stations(), true),
  optional("alarms", "chart_alarms", "rps", alarms(keysOf("monitor"))),
  ...pools(null),
];

const ofClients = (keys) => [...asked(keys), ...pools(null)];

function asked(keys) {
  const again = keys.filter((key) => has(key, "refresh"));
  const requests = [...line("offered", keys), ...answered(keys), ...line("refreshes", again)];
  return [
    chart("goodput", "chart_goodput", "rps", requests),
    chart(
      "outcomes",
      "chart_outcomes",
      "rps",
      lines(["failed", "rejected", "timed_out", "degraded"], keys),
    ),
    latency(keys),
  ];
}

// --- nodes ---

function ofStation(key) {
  const arrivals = line("arrivals", [key], { from: ["offered"] });
  const messages = lines(["published", "delivered", "redelivered"], [key]);
  return [
    chart("goodput", "chart_goodput", "rps", [...arrivals, ...answered([key]), ...messages]),
    chart("outcomes", "chart_work", "rps", lines(["failed", "rejected", "wasted"], [key])),
    latency([key]),
    chart("servers", "chart_servers", "servers", lines(["servers", "servers_up"], [key])),
    ...facets([key]),
    ...pools(key),
  ];
}

function ofBalancer(key) {
  const behind = state.describe.nodes.find((node) => node.key === key).callees.map(({ to }) => to);
  const taken = ["shed", "ejections", "ejections_overflow"];
  return [
    chart("servers", "chart_rotation", "servers", lines(["in_rotation", "ejected"], [key])),
    chart("outcomes", "chart_balancer", "rps", lines(taken, [key])),
    latency(behind),
    ...pools(behind[0]),
  ];
}

/** What a monitor tells and finds, beside what all users see and how full all pools are. */
const ofMonitor = (key) => [
  chart("goodput", "chart_alarms", "rps", alarms([key])),
  chart("outcomes", "chart_tests", "rps", lines(["tests_passed", "tests_failed"], [key])),
  latency(keysOf("clients")),
  ...pools(null),
];

const alarms = (keys) => [
  ...line("raised", keys, { from: ["alarms_raised"] }),
  ...line("sent", keys, { from: ["alarms_sent"] }),
];

function ofCall(key) {
  const { station } = state.describe.edges.find((edge) => edge.key === key) ?? {};
  const ofIt = (...measures) => lines(measures, [key]);
  const sent = ofIt("attempts", "ok", "retries", "hedges", "fallbacks", "skipped");
  const missed = ofIt("failed", "timed_out", "refused", "rejected");
  return [
    chart("goodput", "chart_attempts", "rps", sent),
    chart("outcomes", "chart_call_outcomes", "rps", missed),
    latency([station]),
    chart("busy", "chart_breaker", "ratio", ofIt("breaker_open")),
    chart("queue", "chart_in_flight", "requests", ofIt("in_flight", "concurrency_limit")),
  ];
}

// --- what the scenario is about ---

/** Charts of what some nodes have and others have not. */
function facets(keys, areAll = false) {
  const old = keys.filter(readsCopies);
  const data = [
    ...lines(["lost", "duplicated"], keys),
    ...line("stale_reads", old),
    ...line("lost_writes", keys.filter((key) => hasCopies(key) && scales(key))),
  ];
  const logins = ["logins", "logins_failed", "new_users_refused", "renewed_alone"];
  const piles = lines(["queue_depth", "spooled"], keys);
  return [
    optional("servers", "chart_servers_up", "servers", areAll ? fleets(keys) : []),
    optional("data", "chart_data", "rps", data),
    optional("piles", "chart_piles", "count", piles),
    optional("ages", "chart_ages", "ms", lines(["oldest_message"], keys, { join: largest })),
    optional("lag", "chart_lag", "ms", lines(["replica_lag"], old, { join: largest })),
    optional("logins", "chart_logins", "rps", lines(logins, keys)),
    optional("rows", "chart_rows", "count", rows(keys)),
    optional("bytes", "chart_bytes", "bytes", stored(keys)),
    optional("shares", "chart_shares", "ratio", shares(keys)),
    optional("caches", "chart_caches", "rps", areAll ? [] : lookUps(keys)),
  ];
}

/** A line for each of several nodes. */
const ofEach = (keys, measure, name) =>
  keys
    .slice(0, MOST_LINES)
    .flatMap((key, index) =>
      lineOf(name(nodeName(key)), colourAt(index), columnsOf(state.describe, key)[measure]),
    );

const fleets = (keys) => ofEach(keys.filter(scales), "servers_up", (node) => node);

function rows(keys) {
  const changing = keys.filter(rowsChange);
  if (changing.length === 1) return lines(["rows", "dead_rows"], changing);
  return ofEach(changing, "rows", (node) => node);
}

/** Bytes on disks and in heaps that have a limit. */
function stored(keys) {
  const named = (word) => (node) => t(word, { name: node });
  const disks = keys.filter((key) => has(key, "disk"));
  const heaps = keys.filter((key) => hasHeap(state.effective.nodes[key] ?? {}));
  return [
    ...ofEach(disks, "disk_used", named("m_disk_of")),
    ...ofEach(heaps, "heap_used", named("m_heap_of")).map((one, index) => ({
      ...one,
      color_index: colourAt(-1 - index),
    })),
  ];
}

const hasHeap = ({ memory, caches = {} }) =>
  Boolean(memory?.gc) || (Boolean(memory) && Object.keys(caches).length > 0);

/** How often caches have what is looked for, and how long collections stop everything. */
function shares(keys) {
  const collected = keys.filter((key) => state.effective.nodes[key]?.memory?.gc);
  const caches = keys.flatMap((key) => partsOf(state.describe, key, "hit_ratio"));
  return [
    ...caches.slice(0, MOST_LINES).flatMap(({ owner, part, columns }, index) => {
      const name = keys.length > 1 ? cacheName(owner, part) : part;
      return lineOf(t("m_hit_ratio", { cache: name }), colourAt(index), columns.hit_ratio);
    }),
    ...line("gc", collected, { join: largest }),
  ];
}

/** A node often has one cache, whose name says little without the node's. */
const cacheName = (owner, part) => `${nodeName(owner.slice(0, -part.length - 1))} · ${part}`;

const lookUps = (keys) =>
  lines(
    ["hits", "misses", "stale", "evictions"],
    keys.flatMap((key) => partsOf(state.describe, key, "hits").map(({ owner }) => owner)),
  );

// --- pools ---

/** How full the pools are, and with one station also its processors. */
function pools(only) {
  const found = (only === null ? stations() : [only]).flatMap((key) => {
    const parts = partsOf(state.describe, key, "queue");
    const name = (part) => (parts.length > 1 ? `${nodeName(key)} · ${part}` : nodeName(key));
    return parts.map((one) => ({ ...one, name: only === null ? name(one.part) : one.part }));
  });
  const ofPools = (measure) =>
    found
      .slice(0, MOST_LINES)
      .flatMap(({ name, columns }, index) => lineOf(name, colourAt(index), columns[measure]));
  const cpu = only === null ? [] : line("cpu", [only]);
  const locked = (only === null ? stations() : [only]).filter(locksRows);
  const waiting = lines(["lock_waiting"], locked);
  return [
    chart("busy", "chart_busy", "ratio", [...ofPools("utilisation"), ...cpu]),
    chart("queue", "chart_queue", "requests", [...ofPools("queue"), ...waiting]),
  ];
}
