// Building the document: elements are made here and text only ever enters as text.

const SVG = "http://www.w3.org/2000/svg";

function append(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}

function set(element, name, value) {
  if (name === "on") {
    for (const [event, listener] of Object.entries(value))
      element.addEventListener(event, listener);
  } else if (name === "data") {
    Object.assign(element.dataset, value);
  } else if (value === true) {
    element.setAttribute(name, "");
  } else if (value !== false && value !== null && value !== undefined) {
    element.setAttribute(name, value);
  }
}

/** An HTML element. `attributes.on` holds listeners, `attributes.data` data attributes. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  return append(element, children);
}

/** An SVG element. */
export function s(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) set(element, name, value);
  return append(element, children);
}

export const byId = (id) => document.getElementById(id);
export const find = (selector, root = document) => root.querySelector(selector);

/** A name from the scenario; where there is no room for it, it breaks behind an underscore. */
export function code(name) {
  const parts = name.split(/(?<=_)/);
  return h("code", {}, ...parts.flatMap((part, index) => (index > 0 ? [h("wbr"), part] : [part])));
}

/** Writes a text only where it differs, so that screen readers and layout are left in peace. */
export function write(element, text) {
  const string = String(text);
  if (element.textContent !== string) element.textContent = string;
}

/** Makes these the children, in this order. Those that stay keep their place, and so the focus. */
export function arrange(parent, children) {
  const wanted = new Set(children);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let next = parent.firstChild;
  for (const child of children) {
    if (child === next) next = next.nextSibling;
    else parent.insertBefore(child, next);
  }
}

/** Sets an attribute only where it differs. */
export function mark(element, name, value) {
  const string = String(value);
  if (element.getAttribute(name) !== string) element.setAttribute(name, string);
}

/** A number of letters and digits that is unique on the page, to tie labels to controls. */
export const uniqueId = (() => {
  let last = 0;
  return (prefix) => `${prefix}-${(last += 1)}`;
})();

/** The sign of a lane: a dashed line for "as it was", a solid one for "with your switches". */
export function laneMark(lane) {
  return s(
    "svg",
    { class: `lane-mark lane-${lane}`, viewBox: "0 0 24 6", "aria-hidden": "true" },
    s("path", { d: "M0 3h24" }),
  );
}
