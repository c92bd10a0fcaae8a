// Which charts there are, and which lines each has, for the whole system or for one node.

import { Chart, forgetHover } from "./chart.js";
import { byId, find, h } from "./dom.js";
import { nameOf, t } from "./i18n.js";
import { select } from "./session.js";
import { columnsOf } from "./series.js";
import { state, watch } from "./state.js";

const COLOURS = {
  offered: 0, arrivals: 0, goodput: 1, ok: 1, failed: 2, rejected: 3, timed_out: 4, degraded: 5, wasted: 6,
  p50: 1, p95: 3, p99: 2,
};
/** Colours of pools, in their order. */
const POOL_COLOURS = [1, 5, 3, 4, 6, 7, 2, 0];
/** With more pools than this a chart can no longer be read. */
const MOST_POOLS = 6;

const charts = new Map();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function startCharts() {
  forgetHover();
  byId("scope").addEventListener("change", (event) => {
    const key = event.target.value;
    if (key !== (state.selected?.key ?? "")) select("node", key === "" ? null : key);
  });
  watch(["describe", "selected", "language"], defineCharts);
  const redraw = () => charts.forEach((chart) => chart.draw());
  watch(["hover_s", "view_s", "theme", "describe"], redraw);
  watch(["lanes"], redraw, { every_ms: calm.matches ? 1_000 : 0 });
  watch(["lanes", "language", "selected"], () => charts.forEach((chart) => chart.drawTable()), { every_ms: 1_000 });
}

/** The node whose measurements are shown, or null for the whole system. */
function scope() {
  const { selected, describe } = state;
  if (selected?.kind === "node") return describe.nodes.find(({ key }) => key === selected.key) ?? null;
  if (selected?.kind === "edge") {
    const edge = describe.edges.find(({ key }) => key === selected.key);
    return describe.nodes.find(({ key }) => key === edge?.station) ?? null;
  }
  return null;
}

function defineCharts() {
  if (!state.describe) return;
  const node = scope();
  const definitions = node && node.kind !== "clients" && node.kind !== "balancer" ? ofStation(node.key) : ofClients(node);
  const grid = find("#charts .chart-grid");
  for (const definition of definitions) {
    const slot = definition.slot;
    if (charts.has(slot)) charts.get(slot).define(definition);
    else {
      charts.set(slot, new Chart(definition));
      grid.append(charts.get(slot).figure);
    }
  }
  listScopes(node);
}

function listScopes(node) {
  const measured = state.describe.nodes.filter(({ kind }) => kind !== "balancer");
  const options = measured.map((one) => h("option", { value: one.key }, nameOf(one, one.key)));
  byId("scope").replaceChildren(h("option", { value: "" }, t("scope_all")), ...options);
  byId("scope").value = node && node.kind !== "balancer" ? node.key : "";
}

// --- lines ---

/** Adds the values of several columns; -1 where none has one. */
const summed = (columns) => (history, window) => combine(columns, history, window, (one, other) => one + other);
const largest = (columns) => (history, window) => combine(columns, history, window, Math.max);

function combine(columns, history, window, operation) {
  let result = -1;
  for (const column of columns) {
    const value = history.value(column, window);
    if (value >= 0) result = result < 0 ? value : operation(result, value);
  }
  return result;
}

function line(measure, nodes, { from = [measure], join = summed } = {}) {
  const columns = nodes.flatMap((key) => from.map((name) => columnsOf(state.describe, key)[name])).filter((column) => column !== undefined);
  return columns.length === 0 ? [] : [{ name: t(`m_${measure}`), color_index: COLOURS[measure], values: join(columns) }];
}

const latencies = (nodes) => ["p50", "p95", "p99"].flatMap((measure) => line(measure, nodes, { join: largest }));

function ofClients(node) {
  const clients = state.describe.nodes.filter(({ key, kind }) => kind === "clients" && (node?.kind !== "clients" || key === node.key));
  const keys = clients.map(({ key }) => key);
  const goodput = [...line("offered", keys), ...line("goodput", keys, { from: ["ok", "degraded"] })];
  const outcomes = ["failed", "rejected", "timed_out", "degraded"].flatMap((measure) => line(measure, keys));
  return [
    { slot: 0, id: "goodput", title: t("chart_goodput"), unit: "rps", lines: goodput },
    { slot: 1, id: "outcomes", title: t("chart_outcomes"), unit: "rps", lines: outcomes },
    { slot: 2, id: "latency", title: t("chart_latency"), unit: "ms", lines: latencies(keys) },
    ...ofPools(null),
  ];
}

function ofStation(key) {
  const work = [...line("arrivals", [key], { from: ["arrivals", "offered"] }), ...line("goodput", [key], { from: ["ok", "degraded"] })];
  const outcomes = ["failed", "rejected", "timed_out", "wasted"].flatMap((measure) => line(measure, [key]));
  return [
    { slot: 0, id: "goodput", title: t("chart_goodput"), unit: "rps", lines: work },
    { slot: 1, id: "outcomes", title: t("chart_work"), unit: "rps", lines: outcomes },
    { slot: 2, id: "latency", title: t("chart_latency"), unit: "ms", lines: latencies([key]) },
    ...ofPools(key),
  ];
}

function ofPools(only) {
  const pools = state.describe.nodes
    .filter(({ key }) => only === null || key === only)
    .flatMap((node) => Object.entries(columnsOf(state.describe, node.key).pools).map(([pool, columns]) => ({ node, pool, columns })))
    .slice(0, MOST_POOLS);
  const lines = (measure) => pools.map(({ node, pool, columns }, index) => ({
    name: only === null ? `${node.key}.${pool}` : pool,
    color_index: POOL_COLOURS[index], values: summed([columns[measure] ?? -1]),
  }));
  return [
    { slot: 3, id: "busy", title: t("chart_busy"), unit: "threads", lines: lines("busy") },
    { slot: 4, id: "queue", title: t("chart_queue"), unit: "requests", lines: lines("queue") },
  ];
}
