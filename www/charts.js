// The charts on the page, for the whole system or for what is selected.

import { Chart, forgetHover } from "./chart.js";
import { definitions } from "./definitions.js";
import { arrange, byId, find, h } from "./dom.js";
import { nameOf, t } from "./i18n.js";
import { select } from "./session.js";
import { partsOf } from "./measures.js";
import { state, watch } from "./state.js";

/** All charts there have been, by what they show, and those that are on the page. */
const charts = new Map();
let shown = [];
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export function startCharts() {
  forgetHover();
  byId("scope").addEventListener("change", ({ target }) => {
    const { kind, key } = target.selectedOptions[0].dataset;
    select(kind ?? null, key ?? null);
  });
  watch(["describe", "selected", "language", "effective"], defineCharts);
  const redraw = () => shown.forEach((chart) => chart.draw());
  watch(["hover_s", "view_s", "theme", "describe"], redraw);
  watch(["lanes"], redraw, { every_ms: calm.matches ? 1_000 : 0 });
  watch(["lanes", "language", "selected"], () => shown.forEach((chart) => chart.drawTable()), {
    every_ms: 1_000,
  });
}

/** What is measured: a node, a class of users or a call; null for the whole system. */
function scope() {
  const { selected, describe } = state;
  if (selected?.kind === "class" || selected?.kind === "edge") return selected;
  const node = selected?.kind === "node" && describe.nodes.find(({ key }) => key === selected.key);
  return node ? { kind: node.kind, key: node.key } : null;
}

function defineCharts() {
  if (!state.describe) return;
  const subject = scope();
  shown = definitions(subject).map((definition) => {
    const { id } = definition;
    if (charts.has(id)) charts.get(id).define(definition);
    else charts.set(id, new Chart(definition));
    return charts.get(id);
  });
  arrange(
    find("#charts .chart-grid"),
    shown.map(({ figure }) => figure),
  );
  listScopes(subject);
}

function listScopes(subject) {
  const { describe, effective } = state;
  const option = (kind, key, name) =>
    h("option", { value: `${kind} ${key}`, data: { kind, key } }, name);
  const options = describe.nodes.flatMap((node) => {
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

