// The inspector: the settings of whatever is selected, as a form made from the schema. An edit takes
// effect at once in the solid lane and becomes part of the link.

import { byId, find, h, mark } from "./dom.js";
import { buildForm, Schema } from "./form.js";
import { nameOf, say, t } from "./i18n.js";
import { edit, select } from "./session.js";
import { isOn, state, watch } from "./state.js";
import { schema } from "./pkg/brownout.js";

const GROUPS = {
  node: "group_nodes",
  class: "group_classes",
  edge: "group_edges",
  toggle: "group_toggles",
  fault: "group_faults",
};

let root = null;
let built = "";
let listed = "";

export function startInspector() {
  root = new Schema(JSON.parse(schema()));
  byId("subject").addEventListener("change", (event) => {
    const [kind, key] = split(event.target.value);
    select(kind || null, key || null);
  });
  watch(["describe", "language"], () => {
    built = "";
    listSubjects();
    draw();
  });
  watch(["selected", "effective", "actions"], () => {
    listSubjects();
    draw();
  });
  // What changed while a field had the focus is shown when it has lost it.
  find("#inspector .inspector-body").addEventListener("focusout", () =>
    requestAnimationFrame(draw),
  );
}

const split = (text) => [text.slice(0, text.indexOf(":")), text.slice(text.indexOf(":") + 1)];

function listSubjects() {
  if (!state.describe) return;
  const { nodes, classes, edges, toggles } = state.describe;
  const faults = Object.entries(state.effective.faults ?? {}).map(([key, fault]) => ({
    key,
    name: fault.name,
  }));
  // A population without classes has one that the scenario does not name.
  const named = classes.filter((one) => state.effective.nodes[one.node].classes?.[one.class]);
  const groups = { node: nodes, class: named, edge: edges, toggle: toggles, fault: faults };
  const signature = state.language + JSON.stringify(groups);
  if (signature === listed) return;
  listed = signature;
  const options = Object.keys(GROUPS)
    .filter((kind) => groups[kind].length > 0)
    .map((kind) =>
      h(
        "optgroup",
        { label: t(GROUPS[kind]) },
        ...groups[kind].map((one) =>
          h("option", { value: `${kind}:${one.key}` }, nameOf(one, one.key)),
        ),
      ),
    );
  byId("subject").replaceChildren(h("option", { value: ":" }, t("nothing")), ...options);
}

/** Where a thing stands in the scenario. */
function pathOf({ kind, key }) {
  if (kind === "node") return ["nodes", key];
  if (kind === "fault") return ["faults", key];
  if (kind === "toggle") return ["toggles", key];
  if (kind === "class")
    return ["nodes", ownerOf(key), "classes", key.slice(ownerOf(key).length + 1)];
  const { from } = state.describe.edges.find((edge) => edge.key === key);
  return ["nodes", from, "calls", key.slice(from.length + 1)];
}

const ownerOf = (key) => state.describe.nodes.find((node) => key.startsWith(`${node.key}.`)).key;

const valueAt = (path) => path.reduce((inner, key) => inner?.[key], state.effective);

function draw() {
  if (!state.describe) return;
  const { selected } = state;
  const path = selected ? pathOf(selected) : [];
  const signature = JSON.stringify([path, selected && valuesOf(selected, path)]);
  byId("subject").value = selected ? `${selected.kind}:${selected.key}` : ":";
  const body = find("#inspector .inspector-body");
  // A form that is being typed into is left alone: its own edits bring it here.
  if (signature === built || (body.contains(document.activeElement) && samePlace(path))) return;
  built = signature;
  byId("inspector").dataset.open = selected !== null;
  body.replaceChildren(
    ...(selected ? contents(selected, path) : [h("p", { class: "help" }, t("inspect_hint"))]),
  );
}

/** All values that the form shows. */
const valuesOf = ({ kind, key }, path) =>
  kind === "toggle"
    ? [isOn(key), ...placesOf(key).map(({ place }) => valueAt(place))]
    : valueAt(path);

const samePlace = (path) =>
  built !== "" && JSON.stringify(JSON.parse(built)[0]) === JSON.stringify(path);

function contents(selected, path) {
  if (selected.kind === "toggle") return ofToggle(selected.key);
  const value = valueAt(path);
  if (value === undefined) return [h("p", { class: "help" }, t("nothing"))];
  const form = formFor(
    path,
    value,
    (inner) => selected.kind === "node" && (inner[0] === "calls" || inner[0] === "name"),
  );
  return [
    h("p", { class: "inspector-path" }, h("code", {}, path.join("."))),
    form,
    ...callsOf(selected),
  ];
}

function formFor(path, value, skip) {
  const choice = root.at(path, state.effective);
  const shape = root.shapeOf(choice, value);
  const onChange = (inner, now) => edit([...path, ...inner].join("."), now);
  return buildForm(
    root,
    { ...shape, oneOf: shape === choice ? choice.oneOf : undefined },
    value,
    onChange,
    { skip },
  );
}

/** Calls are selected on their own; from their node it is one step. */
function callsOf({ kind, key }) {
  const calls = kind === "node" ? state.describe.edges.filter(({ from }) => from === key) : [];
  if (calls.length === 0) return [];
  const buttons = calls.map((edge) =>
    h(
      "button",
      { type: "button", class: "quiet", on: { click: () => select("edge", edge.key) } },
      edge.key,
    ),
  );
  return [h("h3", {}, t("inspect_calls")), h("div", { class: "call-links" }, ...buttons)];
}

/**
 * A switch is a patch: each thing that it sets is shown with the form of the place it patches. While it
 * is on, an edit changes that place; while it is off, there is nothing to change yet.
 */
function ofToggle(key) {
  const description = state.describe.toggles.find((one) => one.key === key);
  const on = isOn(key);
  let last = "";
  const forms = placesOf(key).map(({ place, value }) => {
    const parent = place.slice(0, -1);
    const isNew = last !== parent.join(".");
    last = parent.join(".");
    const shape = root.shapeOf(
      root.at(parent, state.effective),
      parent.reduce((inner, name) => inner?.[name], state.effective),
    );
    const name = place.at(-1);
    const property = shape.properties?.[name] ?? root.at(place, state.effective);
    const onChange = (inner, now) => edit([...parent, ...inner].join("."), now);
    const shown = { [name]: on ? (valueAt(place) ?? null) : value };
    const form = buildForm(root, { properties: { [name]: property } }, shown, onChange, {
      bare: true,
    });
    const controls = form.querySelectorAll("input, select, button");
    if (!on) controls.forEach((control) => mark(control, "disabled", ""));
    return h(
      "div",
      {},
      isNew && h("p", { class: "inspector-path" }, h("code", {}, last)),
      form,
    );
  });
  const hint = h("p", { class: "help" }, t(on ? "inspect_switch_on" : "inspect_switch_off"));
  return [h("p", { class: "help" }, say(description?.help)), ...(forms.length > 0 ? [hint] : []), ...forms];
}

const placesOf = (toggle) => patched(state.scenario.toggles?.[toggle]?.patch ?? {}, []);

/** Places that a patch sets: where it stops following objects that exist in the scenario. */
function patched(patch, place) {
  return Object.entries(patch).flatMap(([name, value]) => {
    const here = [...place, name];
    const existing = here.reduce((inner, key) => inner?.[key], state.scenario);
    const goesOn =
      value !== null &&
      typeof value === "object" &&
      !Array.isArray(value) &&
      existing !== null &&
      typeof existing === "object";
    return goesOn ? patched(value, here) : [{ place: here, value }];
  });
}
