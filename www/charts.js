// Which charts there are, and which lines each has, for the whole system or for one node.

import { Chart, forgetHover } from "./chart.js";
import { byId, find, h } from "./dom.js";
import { nameOf, t } from "./i18n.js";
import { select } from "./session.js";
import { columnsOf, partsOf } from "./measures.js";
import { state, watch } from "./state.js";

const COLOURS = {
  offered: 0,
  arrivals: 0,
  attempts: 0,
  goodput: 1,
  ok: 1,
  in_flight: 1,
  failed: 2,
  breaker_open: 2,
  rejected: 3,
  timed_out: 4,
  degraded: 5,
  fallbacks: 5,
  skipped: 6,
  logins_failed: 4,
  renewed_alone: 5,
  concurrency_limit: 3,
  wasted: 6,
  refused: 6,
  retries: 7,
  hedges: 4,
  raised: 3,
  sent: 2,
  tests_passed: 1,
  tests_failed: 2,
  cpu: 7,
  lock_waiting: 6,
  queue_depth: 3,
  spooled: 4,
  lost: 4,
  duplicated: 5,
  stale_reads: 5,
  lost_writes: 4,
  gc: 2,
  p50: 1,
  p95: 3,
  p99: 2,
};
/** Colours of pools, in their order. */
const POOL_COLOURS = [1, 5, 3, 4, 6, 7, 2, 0];
/** With more pools than this a chart can no longer be read. */
const MOST_POOLS = 6;

const charts = new Map();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function startCharts() {
  forgetHover();
  byId("scope").addEventListener("change", ({ target }) => {
    const { kind, key } = target.selectedOptions[0].dataset;
    select(kind ?? null, key ?? null);
  });
  watch(["describe", "selected", "language"], defineCharts);
  const redraw = () => charts.forEach((chart) => chart.draw());
  watch(["hover_s", "view_s", "theme", "describe"], redraw);
  watch(["lanes"], redraw, { every_ms: calm.matches ? 1_000 : 0 });
  watch(["lanes", "language", "selected"], () => charts.forEach((chart) => chart.drawTable()), {
    every_ms: 1_000,
  });
}

/** What is measured: a node, a class of users or a call; null for the whole system. */
function scope() {
  const { selected, describe } = state;
  if (selected?.kind === "class" || selected?.kind === "edge") return selected;
  const node = selected?.kind === "node" && describe.nodes.find(({ key }) => key === selected.key);
  return node && node.kind !== "balancer" ? { kind: node.kind, key: node.key } : null;
}

function defineCharts() {
  if (!state.describe) return;
  const subject = scope();
  const grid = find("#charts .chart-grid");
  definitions(subject).forEach((definition, slot) => {
    if (charts.has(slot)) charts.get(slot).define(definition);
    else {
      charts.set(slot, new Chart(definition));
      grid.append(charts.get(slot).figure);
    }
  });
  listScopes(subject);
}

function listScopes(subject) {
  const { describe, effective } = state;
  const option = (kind, key, name) =>
    h("option", { value: `${kind} ${key}`, data: { kind, key } }, name);
  const options = describe.nodes.flatMap((node) => {
    if (node.kind === "balancer") return [];
    const classes = node.kind === "clients" ? partsOf(describe, node.key, "offered") : [];
    const several = classes.length > 1 ? classes : [];
    const name = nameOf(node, node.key);
    const names = effective.nodes[node.key]?.classes ?? {};
    return [
      option("node", node.key, name),
      ...several.map(({ owner, part }) =>
        option("class", owner, `${name} · ${nameOf(names[part], part)}`),
      ),
    ];
  });
  const calls = describe.edges.map(({ key }) => option("edge", key, key));
  byId("scope").replaceChildren(
    h("option", { value: "" }, t("scope_all")),
    ...options,
    h("optgroup", { label: t("group_edges") }, ...calls),
  );
  const isPart = subject?.kind === "class" || subject?.kind === "edge";
  byId("scope").value = subject ? `${isPart ? subject.kind : "node"} ${subject.key}` : "";
}

// --- lines ---

/** Adds the values of several columns; -1 where none has one. */
const summed = (columns) => (history, window) =>
  combine(columns, history, window, (one, other) => one + other);
const largest = (columns) => (history, window) => combine(columns, history, window, Math.max);

function combine(columns, history, window, operation) {
  let result = -1;
  for (const column of columns) {
    const value = history.value(column, window);
    if (value >= 0) result = result < 0 ? value : operation(result, value);
  }
  return result;
}

function line(measure, keys, { from = [measure], join = summed } = {}) {
  const columns = keys
    .flatMap((key) => from.map((name) => columnsOf(state.describe, key)[name]))
    .filter((column) => column !== undefined);
  if (columns.length === 0) return [];
  return [{ name: t(`m_${measure}`), color_index: COLOURS[measure], values: join(columns) }];
}

const lines = (measures, keys, options) =>
  measures.flatMap((measure) => line(measure, keys, options));
const answered = (keys) => line("goodput", keys, { from: ["ok", "degraded"] });
const chart = (id, title, unit, content) => ({ id, title: t(title), unit, lines: content });
const latency = (keys) =>
  chart("latency", "chart_latency", "ms", lines(["p50", "p95", "p99"], keys, { join: largest }));

function definitions(subject) {
  if (subject?.kind === "edge") return ofCall(subject.key);
  if (["service", "database", "queue"].includes(subject?.kind)) return ofStation(subject.key);
  if (subject?.kind === "monitor") return ofMonitor(subject.key);
  const clients = state.describe.nodes.filter(({ kind }) => kind === "clients");
  return ofClients(subject ? [subject.key] : clients.map(({ key }) => key));
}

function ofClients(keys) {
  const outcomes = lines(["failed", "rejected", "timed_out", "degraded"], keys);
  return [
    chart("goodput", "chart_goodput", "rps", [...line("offered", keys), ...answered(keys)]),
    chart("outcomes", "chart_outcomes", "rps", outcomes),
    latency(keys),
    ...ofPools(null),
  ];
}

function ofStation(key) {
  const arrivals = line("arrivals", [key], { from: ["offered"] });
  const outcomes = lines(
    ["failed", "rejected", "wasted", "lost", "duplicated", "logins_failed", "renewed_alone"],
    [key],
  );
  const own = state.effective.nodes[key];
  const copies =
    own?.replicas || own?.standby ? lines(["stale_reads", "lost_writes"], [key]) : [];
  return [
    chart("goodput", "chart_goodput", "rps", [...arrivals, ...answered([key])]),
    chart("outcomes", "chart_work", "rps", [...outcomes, ...copies]),
    latency([key]),
    ...ofPools(key),
  ];
}

function ofCall(key) {
  const { station } = state.describe.edges.find((edge) => edge.key === key) ?? {};
  const ofIt = (...measures) => lines(measures, [key]);
  return [
    chart("goodput", "chart_attempts", "rps", ofIt("attempts", "ok", "retries", "hedges", "fallbacks", "skipped")),
    chart(
      "outcomes",
      "chart_call_outcomes",
      "rps",
      ofIt("failed", "timed_out", "refused", "rejected"),
    ),
    latency([station]),
    chart("busy", "chart_breaker", "ratio", ofIt("breaker_open")),
    chart("queue", "chart_in_flight", "requests", ofIt("in_flight", "concurrency_limit")),
  ];
}

/** What a monitor tells and finds, beside what all users see and how full all pools are. */
function ofMonitor(key) {
  const clients = state.describe.nodes.filter(({ kind }) => kind === "clients");
  const alarms = [
    ...line("raised", [key], { from: ["alarms_raised"] }),
    ...line("sent", [key], { from: ["alarms_sent"] }),
  ];
  return [
    chart("goodput", "chart_alarms", "rps", alarms),
    chart("outcomes", "chart_tests", "rps", lines(["tests_passed", "tests_failed"], [key])),
    latency(clients.map((node) => node.key)),
    ...ofPools(null),
  ];
}

/** How often the caches of a station have what is looked for. */
function ofCaches(only) {
  const caches = only === null ? [] : partsOf(state.describe, only, "hit_ratio");
  return caches.map(({ part, columns }, index) => ({
    name: t("m_hit_ratio", { cache: part }),
    color_index: POOL_COLOURS.at(-1 - index),
    values: summed([columns.hit_ratio]),
  }));
}

/** How full the pools are, and with one station also its processors. */
function ofPools(only) {
  const pools = state.describe.nodes
    .filter(({ key }) => only === null || key === only)
    .flatMap(({ key }) => partsOf(state.describe, key, "queue"))
    .slice(0, MOST_POOLS);
  const ofEach = (measure) =>
    pools.map(({ owner, part, columns }, index) => ({
      name: only === null ? owner : part,
      color_index: POOL_COLOURS[index],
      values: summed([columns[measure]]),
    }));
  const cpu = only === null ? [] : line("cpu", [only]);
  const own = state.effective.nodes[only];
  const collections = own?.memory?.gc ? line("gc", [only]) : [];
  const waiting =
    only === null ? [] : lines(["lock_waiting", "queue_depth", "spooled"], [only]);
  return [
    chart("busy", "chart_busy", "ratio", [
      ...ofEach("utilisation"),
      ...cpu,
      ...collections,
      ...ofCaches(only),
    ]),
    chart("queue", "chart_queue", "requests", [...ofEach("queue"), ...waiting]),
  ];
}
