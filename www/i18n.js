// Words on the page in two languages. Texts of a scenario come with it, as {en, ko}.

import { en } from "./i18n/en.js";
import { ko } from "./i18n/ko.js";
import { mark, write } from "./dom.js";
import { state, update } from "./state.js";

const DICTIONARIES = { en, ko };
const STORED = "brownout-language";

/** The text of a key, with {names} filled in. A missing key shows itself. */
export function t(key, values = {}) {
  const text = DICTIONARIES[state.language][key] ?? en[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The text of a key, or a fallback where the dictionaries do not know it. */
export const tOr = (key, fallback) => (key in en ? t(key) : fallback);

/** A text that came as {en, ko}. */
export const say = (text, fallback = "") => text?.[state.language] ?? text?.en ?? fallback;

/** Name of a node, an edge, a switch or a fault in the scenario, else its key. */
export const nameOf = (thing, key) => say(thing?.name, key);

/** Chooses the language: the address, then the last choice, then the browser. */
export function chooseLanguage() {
  const wanted = [
    new URLSearchParams(location.search).get("lang"),
    stored(),
    ...navigator.languages,
  ];
  const known = wanted
    .filter(Boolean)
    .map((tag) => tag.slice(0, 2))
    .find((tag) => tag in DICTIONARIES);
  setLanguage(known ?? "en");
}

export function setLanguage(language) {
  update({ language });
  document.documentElement.lang = language;
  try {
    localStorage.setItem(STORED, language);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  translatePage();
}

function stored() {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

/** Fills in the texts that stand in the markup. */
function translatePage() {
  for (const element of document.querySelectorAll("[data-i18n]"))
    write(element, t(element.dataset.i18n));
  for (const element of document.querySelectorAll("[data-i18n-label]")) {
    mark(element, "aria-label", t(element.dataset.i18nLabel));
    mark(element, "title", t(element.dataset.i18nLabel));
  }
}

// --- numbers ---

/** Making a formatter is slow, and there are hundreds of numbers to a frame. */
const formats = new Map();

function formatted(value, name, options) {
  const key = `${state.language}/${name}`;
  if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(state.language, options));
  return formats.get(key).format(value);
}

const withDigits = (value, digits) =>
  formatted(value, digits, { maximumFractionDigits: digits });

/** A number with three significant digits, as the language writes it. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  return withDigits(value, Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}

/** A number where there is little room: 3.7M, 370만. */
export const compact = (value) =>
  value < 10_000
    ? number(value)
    : formatted(value, "compact", { notation: "compact", maximumSignificantDigits: 3 });

/** A share as a percentage. Nearly everything never reads as everything. */
export function percent(share) {
  if (!Number.isFinite(share)) return "–";
  const value = share > 0.999 && share < 1 ? Math.floor(share * 10_000) / 100 : share * 100;
  return `${withDigits(value, value > 99 && value < 100 ? 2 : 1)}%`;
}

/** A duration given in milliseconds. */
export function milliseconds(value) {
  if (!Number.isFinite(value) || value < 0) return "–";
  return value >= 10_000 ? t("unit_seconds", { value: number(value / 1_000) }) : `${number(value)} ms`;
}

/** A moment or a length of simulated time. */
export function seconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value < 600) return t("unit_seconds", { value: value.toFixed(1) });
  const whole = Math.floor(value);
  const parts = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, index) => (index > 0 ? String(part).padStart(2, "0") : part)).join(":");
}

/** A number of bytes. */
export function bytes(value) {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  let index = 0;
  while (value >= 1_000 && index < units.length - 1) {
    value /= 1_000;
    index += 1;
  }
  return `${number(value)} ${units[index]}`;
}

/** A value in the unit that a series names. */
export function inUnit(value, unit) {
  if (!(value >= 0)) return "–";
  if (unit === "ms") return milliseconds(value);
  if (unit === "ratio") return percent(value);
  if (unit === "bytes") return bytes(value);
  return unit === "rps" ? `${number(value)}/s` : number(value);
}

/** The same without the unit, where it stands beside. */
export function plain(value, unit) {
  if (!(value >= 0)) return "–";
  return unit === "ratio" ? percent(value) : unit === "bytes" ? bytes(value) : number(value);
}
