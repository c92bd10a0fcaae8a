// The system as a drawing with live levels: cards for nodes, curves for calls. Built once per run
// and width; afterwards only lengths, numbers and signs change.

import { card, cardHeight } from "./card.js";
import { byId, find, mark, s, write } from "./dom.js";
import { healthOf } from "./health.js";
import { nameOf, number, t } from "./i18n.js";
import { curve, place } from "./layout.js";
import { select } from "./session.js";
import { isOn, shown_s, state, watch } from "./state.js";

/** Pause between two pictures of the levels, in milliseconds. */
const EVERY_MS = 80;
/** Distance between calls with the same ends. */
const PARALLEL = 24;

let cards = [];
let calls = [];

export function startTopology() {
  const stage = find("#topology .topology-stage");
  let width = 0;
  new ResizeObserver(() => {
    if (Math.abs(stage.clientWidth - width) < 2) return;
    width = stage.clientWidth;
    build(stage);
  }).observe(stage);
  watch(["describe", "language"], () => build(stage));
  watch(["lanes", "view_s", "describe", "language", "effective"], draw, { every_ms: EVERY_MS });
  watch(["selected", "describe"], drawSelection);
}

function build(stage) {
  if (!state.describe || stage.clientWidth === 0) return;
  write(byId("topology-note"), t("topology_note"));
  const { nodes, edges } = state.describe;
  const { width, height, narrow, places } = place(
    nodes,
    cardHeight,
    stage.clientWidth,
  );
  cards = nodes.map((node) => card(node, places.get(node.key)));
  const wires = nodes.flatMap((node) =>
    node.callees
      .filter(({ edge }) => !edges.some(({ key }) => key === edge))
      .map(({ to }) => wire(curve(places.get(node.key), places.get(to), narrow))),
  );
  calls = edges.map((edge) => {
    const beside = edges.filter(({ from, to }) => from === edge.from && to === edge.to);
    const shift = PARALLEL * (beside.indexOf(edge) - (beside.length - 1) / 2);
    return call(edge, curve(places.get(edge.from), places.get(edge.to), narrow, shift));
  });
  const root = s(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height, role: "group" },
    arrow(),
    s("g", { class: "wires" }, ...wires, ...calls.map(({ group }) => group)),
    s("g", { class: "cards" }, ...cards.map(({ group }) => group)),
  );
  for (const { group, node } of cards) pressable(group, "node", node.key);
  for (const { group, edge } of calls) pressable(group, "edge", edge.key);
  stage.replaceChildren(root);
  draw();
  drawSelection();
}

const arrow = () =>
  s(
    "defs",
    {},
    s(
      "marker",
      {
        id: "arrow",
        viewBox: "0 0 8 8",
        refX: 5,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        orient: "auto",
        markerUnits: "userSpaceOnUse",
      },
      s("path", { d: "M0 0.5L7 4L0 7.5z" }),
    ),
  );

const wire = ({ path }) => s("path", { class: "wire", d: path, "marker-end": "url(#arrow)" });

/** A call: the curve, the sign of its breaker, the number in flight. */
function call(edge, { path, x, y, label }) {
  const line = s("path", { class: "wire", d: path, "marker-end": "url(#arrow)" });
  const disc = s("circle", { class: "breaker-disc", cx: x, cy: y, r: 9, visibility: "hidden" });
  const sign = s("text", { class: "breaker-sign", x, y: y + 5, "text-anchor": "middle" });
  const count = s("text", {
    class: "wire-count",
    x: label.x,
    y: label.y,
    "text-anchor": label.anchor,
  });
  const group = s(
    "g",
    { class: "call" },
    s("path", { class: "wire-touch", d: path }),
    line,
    disc,
    sign,
    count,
  );
  return { edge, group, disc, sign, count, line };
}

function pressable(group, kind, key) {
  const press = () => select(kind, key);
  mark(group, "role", "button");
  mark(group, "tabindex", "0");
  group.addEventListener("click", press);
  group.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    press();
  });
}

function draw() {
  const [before, after] = state.lanes;
  if (!before || !after || cards.length === 0) return;
  const levels = [before, after].map((history) => history.levelsAt(state.view_s));
  if (!levels[0] || !levels[1]) return;
  const moment = shown_s();
  for (const one of cards) {
    const healths = [0, 1].map((lane) =>
      healthOf(one.node, levels[lane], state.lanes[lane], moment),
    );
    one.draw(levels, healths);
    const words = healths.map(({ word }) => t(`health_${word}`));
    const values = {
      name: nameOf(one.node, one.node.key),
      kind: t(`kind_${one.node.kind}`),
      before: words[0],
      after: words[1],
    };
    mark(one.group, "aria-label", t("node_label", values));
  }
  for (const one of calls) drawCall(one, levels[1].edges?.[one.edge.key] ?? {});
}

/** ● open, ◐ half-open, ○ closed; of all calling servers' breakers the most frequent trouble counts. */
function breakerOf(edge, { open = 0, half_open: half = 0 }) {
  if (open > 0 && open >= half) return { word: "open", sign: "●" };
  if (half > 0) return { word: "half_open", sign: "◐" };
  return hasBreaker(edge) ? { word: "closed", sign: "○" } : null;
}

/** Whether the call has a breaker now, by itself or because a switch that is on brings one. */
function hasBreaker({ from, key }) {
  const call = (nodes) => nodes?.[from]?.calls?.[key.slice(from.length + 1)]?.circuit_breaker;
  const { nodes } = state.effective;
  const { toggles = {} } = state.scenario;
  const brings = ([toggle, { patch }]) => isOn(toggle) && call(patch?.nodes);
  return Boolean(call(nodes)) || Object.entries(toggles).some(brings);
}

function drawCall({ edge, group, disc, sign, count, line }, level) {
  const breaker = breakerOf(edge, level);
  mark(group, "data-breaker", breaker?.word ?? "none");
  write(sign, breaker?.sign ?? "");
  mark(disc, "visibility", breaker ? "visible" : "hidden");
  const inFlight = level.in_flight ?? 0;
  const limit = level.limit ?? 0;
  const levels = limit > 0 ? `${number(inFlight)} / ${number(limit)}` : number(inFlight);
  write(count, inFlight > 0 || limit > 0 ? levels : "");
  mark(line, "stroke-width", (1 + Math.min(3, Math.log10(1 + inFlight))).toFixed(1));
  const words = breaker ? t(`breaker_${breaker.word}`) : "";
  mark(
    group,
    "aria-label",
    t("edge_label", { key: edge.key, count: levels, breaker: words }),
  );
}

function drawSelection() {
  const { selected } = state;
  for (const { group, node } of cards)
    mark(group, "aria-pressed", selected?.kind === "node" && selected.key === node.key);
  for (const { group, edge } of calls)
    mark(group, "aria-pressed", selected?.kind === "edge" && selected.key === edge.key);
}
