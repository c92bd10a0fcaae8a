// Forms from the JSON Schema. Names, bounds, units, choices and help all come from it; no parameter
// is named here. A form reports edits as (path within the value, new value) and shows the problems
// that come back beside the control.

import { boundsText, leaf } from "./controls.js";
import { code, h, mark, uniqueId } from "./dom.js";
import { t, tOr } from "./i18n.js";

export { Schema } from "./schema.js";

/** Groups deeper than this start folded. */
const OPEN_DEPTH = 1;

/** Entries of a list that get controls: a recording may have thousands. */
const MAX_ITEMS = 100;

/**
 * A form for `value`. `onChange(path, value)` answers with problems (or a promise of them);
 * `skip` names parts to leave out, by path; `bare` leaves out the description at the top.
 */
export function buildForm(
  root,
  schema,
  value,
  onChange,
  { skip = () => false, bare = false } = {},
) {
  const context = { root, onChange, skip };
  const element = h("div", { class: "form" });
  const resolved = root.resolve(schema);
  if (!bare && resolved.description)
    element.append(h("p", { class: "help" }, resolved.description));
  element.append(...contents(context, resolved, value, []));
  return element;
}

/** The controls for what is inside a value. */
function contents(context, schema, value, path) {
  const { root } = context;
  const variants = root.variants(schema);
  if (variants.length > 0) return choice(context, schema, variants, value, path);
  if (schema.properties) {
    return Object.entries(schema.properties)
      .filter(
        ([name, property]) =>
          !("const" in root.resolve(property)) && !context.skip([...path, name]),
      )
      .map(([name, property]) => part(context, name, property, value?.[name], [...path, name]));
  }
  if (typeof schema.additionalProperties === "object") {
    return Object.entries(value ?? {}).map(([name, item]) =>
      group(context, name, schema.additionalProperties, item, [...path, name]),
    );
  }
  if (schema.type === "array") return list(context, schema, value ?? [], path);
  return [];
}

/** A part of an object: a control, or a group of them. */
function part(context, name, property, value, path) {
  const { root } = context;
  const schema = root.resolve(property);
  if (root.isOptional(property) && !root.isLeaf(schema))
    return optional(context, name, schema, value, path);
  if (root.isLeaf(schema))
    return field(context, name, schema, root.isOptional(property), value, path);
  return group(context, name, property, value, path);
}

function group(context, name, property, value, path) {
  const schema = context.root.resolve(property);
  const inside = contents(context, schema, value ?? context.root.initial(schema), path);
  if (inside.length === 0) return h("div", { hidden: true });
  const help = schema.description && h("p", { class: "help" }, schema.description);
  return h(
    "details",
    { class: "group", open: path.length <= OPEN_DEPTH },
    h("summary", {}, name),
    help,
    ...inside,
  );
}

/** An optional part: a check switches it on with its defaults and off again. */
function optional(context, name, schema, value, path) {
  const id = uniqueId("form");
  const check = h("input", { type: "checkbox", id });
  check.checked = value !== undefined && value !== null;
  const problems = problemLine();
  const body = h("div", { class: "group-body" });
  const fill = (now) =>
    body.replaceChildren(
      ...(now === null || now === undefined ? [] : contents(context, schema, now, path)),
    );
  fill(value);
  // What needs more than its defaults, such as a name, is filled in first and takes effect then.
  let draft = null;
  const complete = async (inner, now) => {
    put(draft, inner.slice(path.length), now);
    const answer = await context.onChange(path, structuredClone(draft));
    show(problems, check, answer);
    if (answer.length === 0) {
      fill(draft);
      draft = null;
    }
    return [];
  };
  const begin = (now) => {
    draft = now;
    body.replaceChildren(...contents({ ...context, onChange: complete }, schema, now, path));
  };
  check.addEventListener("change", async () => {
    const now = check.checked ? context.root.initial(schema) : null;
    const dropped = draft !== null && now === null;
    draft = null;
    const answer = dropped ? [] : await context.onChange(path, now);
    show(problems, check, answer);
    if (answer.length === 0) fill(now);
    else if (now === null) check.checked = true;
    else begin(now);
  });
  return h(
    "div",
    { class: "group optional" },
    h("label", { class: "check", for: id }, check, code(name)),
    schema.description && h("p", { class: "help" }, schema.description),
    problems,
    body,
  );
}

/** One of several shapes, chosen by a tag; another shape starts from its defaults. */
function choice(context, schema, variants, value, path) {
  const id = uniqueId("form");
  const { tag } = variants[0];
  const select = h(
    "select",
    { id },
    ...variants.map(({ constant }) => h("option", { value: constant }, constant)),
  );
  const help = h("p", { class: "help" });
  const problems = problemLine();
  const body = h("div", { class: "group-body" });
  const fill = (now) => {
    const variant = variants.find(({ constant }) => constant === now?.[tag]) ?? variants[0];
    select.value = variant.constant;
    help.textContent = variant.schema.description ?? "";
    const { [tag]: removed, ...properties } = variant.schema.properties;
    body.replaceChildren(...contents(context, { ...variant.schema, properties }, now, path));
  };
  fill(value);
  select.addEventListener("change", async () => {
    const variant = variants.find(({ constant }) => constant === select.value);
    const now = { ...context.root.initial(variant.schema), [tag]: variant.constant };
    const answer = await context.onChange(path, now);
    show(problems, select, answer);
    if (answer.length === 0) fill(now);
    else select.value = value?.[tag] ?? select.value;
  });
  const chosen = variants.length > 1 && !(path.length === 0 && schema.fixed);
  return [
    ...(chosen
      ? [
          h(
            "div",
            { class: "field" },
            h("label", { for: id }, code(tag)),
            h("span", { class: "field-control" }, select),
          ),
          help,
          problems,
        ]
      : []),
    body,
  ];
}

/** A list is edited as a whole: a merge patch cannot reach inside one. */
function list(context, schema, items, path) {
  const body = h("div", { class: "group-body" });
  const draw = (current) => {
    const change = async (now) => {
      const answer = await context.onChange(path, structuredClone(now));
      if (answer.length === 0) draw(now);
      return answer;
    };
    body.replaceChildren(
      ...entries(context, schema, current, path),
      ...lengthButtons(context.root, schema, current, change),
    );
  };
  draw(structuredClone(items));
  return body.childElementCount > 0 ? [body] : [];
}

/** Buttons for one entry more or less. The steps of a program have none: their number is fixed. */
function lengthButtons(root, schema, current, change) {
  const least = schema.minItems ?? 0;
  const most = schema.maxItems ?? Infinity;
  if (least === most || root.variants(schema.items ?? {}).length > 0) return [];
  const problems = problemLine();
  const button = (text, now) => {
    const element = h("button", { type: "button", class: "quiet" }, t(text));
    element.addEventListener("click", async () => show(problems, element, await change(now())));
    return element;
  };
  const more = () => [...current, structuredClone(current.at(-1) ?? root.initial(schema.items))];
  return [
    h(
      "p",
      { class: "field-control" },
      current.length < most && button("form_more", more),
      current.length > least && button("form_less", () => current.slice(0, -1)),
    ),
    problems,
  ];
}

/** The entries of a list; what is edited in one of them is edited in `current`. */
function entries(context, schema, current, path) {
  const onChange = (inner, value) => {
    const [index, ...rest] = inner;
    if (rest.length === 0) current[index] = value;
    else put(current[index], rest, value);
    return context.onChange(path, structuredClone(current));
  };
  const controls = current.slice(0, MAX_ITEMS).map((item, index) => {
    const itemSchema = context.root.resolve(schema.prefixItems?.[index] ?? schema.items ?? {});
    const name = t("form_item", { index: index + 1 });
    const inside = { ...context, onChange, skip: () => false };
    if (context.root.isLeaf(itemSchema))
      return field(inside, name, itemSchema, false, item, [index]);
    return h(
      "details",
      { class: "group item", open: true },
      h("summary", {}, name),
      ...contents(inside, itemSchema, item, [index]),
    );
  });
  const rest = current.length - controls.length;
  if (rest > 0) controls.push(h("p", { class: "help" }, t("form_more_items", { count: rest })));
  return controls;
}

function put(target, path, value) {
  const last = path.at(-1);
  const parent = path.slice(0, -1).reduce((inner, key) => (inner[key] ??= {}), target);
  if (value === null) delete parent[last];
  else parent[last] = value;
}

const problemLine = () => h("p", { class: "problem", role: "alert" });

function show(line, control, problems) {
  line.textContent = problems.map(({ message }) => message).join("\n");
  mark(control, "aria-invalid", problems.length > 0);
}

/** A single value with its name, unit, bounds and help. */
function field(context, name, schema, isOptional, value, path) {
  const problems = problemLine();
  const id = uniqueId("form");
  const commit = async (now, control) => show(problems, control, await context.onChange(path, now));
  const refuse = (message, control) => show(problems, control, [{ message }]);
  const control = leaf(schema, { id, value, isOptional, commit, refuse });
  const bounds = boundsText(schema.type === "array" ? schema.items : schema);
  const unit = schema["x-unit"];
  const describedBy = `${id}-help`;
  mark(control.input, "aria-describedby", describedBy);
  return h(
    "div",
    { class: "field" },
    h("label", { for: id }, code(name)),
    h(
      "span",
      { class: "field-control" },
      control.element,
      unit && h("span", { class: "unit" }, tOr(`unit_${unit}`, unit)),
    ),
    h(
      "p",
      { class: "help", id: describedBy },
      [schema.description, bounds].filter(Boolean).join(" "),
    ),
    problems,
  );
}
