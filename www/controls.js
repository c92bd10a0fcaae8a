// Single controls of a form: numbers, words, switches, texts. Each tells a checked value to `commit`
// or a sentence to `refuse`.

import { h, mark } from "./dom.js";
import { number, t } from "./i18n.js";
import { Schema } from "./schema.js";

/** A bound, which must not be rounded away. */
const exact = (value) => (value !== 0 && Math.abs(value) < 0.01 ? String(value) : number(value));

function inWords(value) {
  if (typeof value === "boolean") return t(value ? "form_on" : "form_off");
  return typeof value === "number" ? exact(value) : value;
}

/** Bounds and default in words. */
export function boundsText({ minimum, maximum, default: initial, type }) {
  const parts = [];
  if (type === "number" || type === "integer") {
    const values = { min: exact(minimum), max: exact(maximum) };
    if (minimum !== undefined && maximum !== undefined) parts.push(t("form_range", values));
    else if (minimum !== undefined) parts.push(t("form_from", values));
    else if (maximum !== undefined) parts.push(t("form_to", values));
  }
  if (initial !== undefined && initial !== null && typeof initial !== "object")
    parts.push(t("form_default", { value: inWords(initial) }));
  return parts.length === 0 ? "" : `(${parts.join(" · ")})`;
}

/** The control for a schema without parts: {element, input}. */
export function leaf(schema, options) {
  const words = Schema.words(schema);
  if (words.length > 0) return wordControl(words, schema, options);
  if (schema.type === "boolean") return checkControl(schema, options);
  if (schema.type === "string") return textControl(options);
  if (schema.type === "array") return listControl(schema, options);
  return numberControl(schema, options);
}

function wordControl(words, schema, { id, value, isOptional, commit }) {
  const input = h(
    "select",
    { id },
    ...(isOptional ? [h("option", { value: "" }, "–")] : []),
    ...words.map(({ value: word, description }) =>
      h("option", { value: word, title: description }, word),
    ),
  );
  input.value = value ?? schema.default ?? "";
  input.addEventListener("change", () => commit(input.value === "" ? null : input.value, input));
  return { element: input, input };
}

function checkControl(schema, { id, value, commit }) {
  const input = h("input", { type: "checkbox", id });
  input.checked = value ?? schema.default ?? false;
  input.addEventListener("change", () => commit(input.checked, input));
  return { element: input, input };
}

function textControl({ id, value, isOptional, commit }) {
  const input = h("input", { type: "text", id, spellcheck: "false" });
  input.value = value ?? "";
  input.addEventListener("change", () =>
    commit(isOptional && input.value === "" ? null : input.value, input),
  );
  return { element: input, input };
}

/** Numbers or names in one line, with commas or spaces between them. */
function listControl(schema, { id, value, isOptional, commit, refuse }) {
  const input = h("input", { type: "text", id, spellcheck: "false" });
  input.value = (value ?? schema.default ?? []).join(", ");
  input.addEventListener("change", () => {
    const parts = input.value.split(/[\s,]+/).filter((part) => part !== "");
    if (parts.length === 0 && isOptional) return commit(null, input);
    if (schema.items.type === "string") return commit(parts, input);
    const numbers = parts.map(Number);
    const wrong = numbers.map((now) => complaint(schema.items, now)).find(Boolean);
    return wrong ? refuse(wrong, input) : commit(numbers, input);
  });
  return { element: input, input };
}

function numberControl(schema, { id, value, isOptional, commit, refuse }) {
  const whole = schema.type === "integer";
  const input = h("input", {
    type: "number",
    id,
    min: schema.minimum,
    max: schema.maximum,
    step: whole ? 1 : "any",
    inputmode: whole ? "numeric" : "decimal",
    placeholder: isOptional ? t("form_off") : null,
  });
  const initial = value ?? schema.default;
  input.value = initial === undefined || initial === null ? "" : String(initial);
  const take = () => {
    if (input.value === "" && isOptional && !input.validity.badInput) return commit(null, input);
    const now = input.valueAsNumber;
    const wrong = complaint(schema, now);
    return wrong ? refuse(wrong, input) : commit(now, input);
  };
  input.addEventListener("change", take);
  const slider = ratioSlider(schema, input, take);
  return { element: slider ? h("span", { class: "with-slider" }, slider, input) : input, input };
}

function complaint({ minimum, maximum, type }, value) {
  if (Number.isNaN(value)) return t("form_not_number");
  if (type === "integer" && !Number.isSafeInteger(value)) return t("form_whole");
  if (minimum !== undefined && value < minimum) return t("form_from", { min: exact(minimum) });
  if (maximum !== undefined && value > maximum) return t("form_to", { max: exact(maximum) });
  return "";
}

/** Shares and percentages can be pulled as well as typed. */
function ratioSlider({ minimum, maximum, type }, input, take) {
  if (
    type !== "number" ||
    minimum === undefined ||
    (maximum !== 1 && maximum !== 100) ||
    minimum > 1
  )
    return null;
  const slider = h("input", {
    type: "range",
    min: minimum,
    max: maximum,
    step: maximum / 100,
    tabindex: "-1",
    "aria-hidden": "true",
  });
  const follow = () => {
    slider.value = input.value === "" ? String(minimum) : input.value;
  };
  follow();
  slider.addEventListener("input", () => {
    input.value = String(Number(slider.valueAsNumber.toFixed(4)));
  });
  slider.addEventListener("change", take);
  input.addEventListener("change", follow);
  mark(slider, "class", "ratio");
  return slider;
}
