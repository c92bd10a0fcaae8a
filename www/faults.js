// The palette of faults: pick a target, a kind, a strength and a length, and it happens now, in both
// lanes. Kinds and strengths come from the schema.

import { find, h, uniqueId, write } from "./dom.js";
import { buildForm, Schema } from "./form.js";
import { nameOf, seconds, t, tOr } from "./i18n.js";
import { announce } from "./notice.js";
import { readable } from "./link.js";
import { endFault, injectFault } from "./session.js";
import { shown_s, state, watch } from "./state.js";
import { schema } from "./pkg/brownout.js";

/** Strengths that show something, where the schema has no default. */
const SUGGESTED = { factor: 10, added_ms: 1_000, ratio: 0.5 };

let form = null;

export function startFaults() {
  watch(["describe", "language"], build);
  watch(["selected"], followSelection);
  watch(["effective", "now_s", "view_s", "describe", "language"], list, { every_ms: 250 });
}

function build() {
  if (!state.describe) return;
  const root = new Schema(JSON.parse(schema()));
  const effect = root.at(["faults", "*", "effect"]);
  const kinds = root.variants(effect);
  const fields = {
    target: h("select"),
    kind: h("select"),
    length: h("input", { type: "number", min: "0.001", step: "any", inputmode: "decimal" }),
  };
  const forever = h("input", { type: "checkbox" });
  const strength = h("div", { class: "fault-strength" });
  const problem = h("p", { class: "problem", role: "alert" });
  fields.target.append(...targets());
  fields.kind.append(
    ...kinds.map(({ tag, constant }) =>
      h("option", { value: constant, data: { tag } }, tOr(`effect_${constant}`, constant)),
    ),
  );
  fields.length.value = String(Math.max(1, Math.round(state.describe.duration_s / 6)));
  forever.addEventListener("change", () => {
    fields.length.disabled = forever.checked;
  });
  form = { root, kinds, fields, forever, strength, problem, value: {} };
  fields.kind.addEventListener("change", drawStrength);
  find("#faults .fault-form").replaceChildren(
    labelled("fault_target", fields.target),
    labelled("fault_kind", fields.kind),
    strength,
    h(
      "div",
      { class: "fault-length" },
      labelled("fault_length", fields.length, t("unit_s")),
      h("label", { class: "check" }, forever, t("fault_forever")),
    ),
    h("button", { type: "submit", class: "danger" }, t("fault_inject")),
    problem,
  );
  find("#faults .fault-form").onsubmit = inject;
  fields.target.value = likelyTarget();
  followSelection();
  drawStrength();
}

function labelled(key, control, unit) {
  const id = uniqueId("fault");
  control.id = id;
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, t(key)),
    h("span", { class: "field-control" }, control, unit && h("span", { class: "unit" }, unit)),
  );
}

/** Nodes, the first servers of each, groups, and calls. */
function targets() {
  const { nodes, edges } = state.describe;
  const option = (value, text) => h("option", { value }, text);
  const servers = nodes.flatMap((node) => {
    const count = Math.min(state.effective.nodes[node.key]?.servers ?? 1, 16);
    if (count < 2) return [];
    const name = (index) => t("fault_server", { name: nameOf(node, node.key), index });
    return Array.from({ length: count }, (_, index) => option(`${node.key}#${index}`, name(index)));
  });
  const groups = Object.entries(state.effective.groups ?? {});
  return [
    h(
      "optgroup",
      { label: t("group_nodes") },
      ...nodes.map((node) => option(node.key, nameOf(node, node.key))),
      ...servers,
    ),
    ...(groups.length === 0
      ? []
      : [
          h(
            "optgroup",
            { label: t("group_groups") },
            ...groups.map(([key, group]) => option(key, nameOf(group, key))),
          ),
        ]),
    h(
      "optgroup",
      { label: t("group_edges") },
      ...edges.map(({ key }) => option(key, t("fault_call", { key }))),
    ),
  ];
}

/** The service or database that the story strikes, else the first one. */
function likelyTarget() {
  const { nodes } = state.describe;
  const isStation = (target) =>
    nodes.some(
      ({ key, kind }) => key === target && ["service", "database", "queue"].includes(kind),
    );
  const struck = Object.values(state.scenario.faults ?? {}).map(({ target }) => target);
  return struck.find(isStation) ?? nodes.find(({ key }) => isStation(key))?.key ?? "";
}

/** What is selected in the topology is the likely target. */
function followSelection() {
  const { selected } = state;
  if (!form || (selected?.kind !== "node" && selected?.kind !== "edge")) return;
  form.fields.target.value = selected.key;
}

function drawStrength() {
  const { root, kinds, fields, strength } = form;
  const variant = kinds.find(({ constant }) => constant === fields.kind.value);
  const { [variant.tag]: tag, ...properties } = variant.schema.properties;
  form.value = { [variant.tag]: variant.constant };
  for (const [name, property] of Object.entries(properties)) {
    form.value[name] = SUGGESTED[name] ?? root.initial(property);
  }
  const onChange = ([name], value) => {
    form.value[name] = value;
    return [];
  };
  const body =
    Object.keys(properties).length === 0
      ? []
      : [buildForm(root, { ...variant.schema, properties }, form.value, onChange, { bare: true })];
  strength.replaceChildren(...body, h("p", { class: "help" }, variant.schema.description ?? ""));
}

async function inject(event) {
  event.preventDefault();
  const { fields, forever, value, problem } = form;
  const fault = { target: fields.target.value, effect: { ...value } };
  if (!forever.checked) fault.for_s = fields.length.valueAsNumber;
  const problems = await injectFault(fault);
  write(problem, problems.length > 0 ? readable(JSON.stringify(problems)) : "");
  if (problems.length > 0) return;
  const name = fields.kind.selectedOptions[0].textContent;
  announce(t("fault_injected", { name, target: fault.target, time: seconds(state.now_s) }));
}

let listed = "";

/** The faults of the run: those of the story and those injected by hand. */
function list() {
  const faults = Object.entries(state.effective?.faults ?? {});
  const moment = shown_s();
  const rows = faults.map(([key, fault]) => {
    const until = fault.at_s + (fault.for_s ?? Infinity);
    return { key, fault, until, active: moment >= fault.at_s && moment < until };
  });
  const signature =
    state.language +
    rows.map(({ key, fault, until, active }) => [key, fault.at_s, until, active]).join("|");
  if (signature === listed) return;
  listed = signature;
  find("#faults .fault-list").replaceChildren(...rows.map(faultRow));
}

function faultRow({ key, fault, until, active }) {
  const kind = tOr(`effect_${fault.effect.kind}`, fault.effect.kind);
  const name = nameOf(fault, `${kind} · ${fault.target}`);
  const from = seconds(fault.at_s);
  const when = Number.isFinite(until)
    ? t("fault_from_to", { from, to: seconds(until) })
    : t("fault_at", { from });
  const end =
    key.startsWith("live-") &&
    active &&
    h(
      "button",
      { type: "button", class: "quiet", on: { click: () => endFault(key) } },
      t("fault_end"),
    );
  return h(
    "li",
    { data: { active } },
    h("span", { class: "fault-sign", "aria-hidden": "true" }, active ? "⚡" : "·"),
    h("span", { class: "fault-name" }, name),
    h("span", { class: "fault-when" }, active ? `${when} · ${t("fault_active")}` : when),
    end,
  );
}
