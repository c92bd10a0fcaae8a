// The head of the page: which incident and its story, which language, which theme, help.

import { byId, find, h, write } from "./dom.js";
import { say, setLanguage, t, tOr } from "./i18n.js";
import { choosePreset } from "./session.js";
import { state, update, watch } from "./state.js";

const STORED_THEME = "brownout-theme";
const system = matchMedia("(prefers-color-scheme: light)");

const KEYS = [
  ["Space", "key_space"],
  ["→", "key_right"],
  ["R", "key_r"],
  ["− +", "key_speed"],
  [", .", "key_look"],
  ["1 … 9", "key_digits"],
  ["Esc", "key_live"],
  ["S", "key_s"],
  ["?", "key_help"],
];

export function startHeader(presets) {
  const choice = byId("preset");
  choice.addEventListener("change", () => choosePreset(choice.value));
  const language = byId("language");
  language.addEventListener("change", () => setLanguage(language.value));
  byId("help").addEventListener("click", () => byId("help-dialog").showModal());
  find(".skip").addEventListener("click", skip);
  watch(["language", "preset"], () => {
    language.value = state.language;
    listPresets(choice, presets);
    listKeys();
  });
}

/** Presets, grouped by the source of the incident that they tell first. */
function listPresets(choice, presets) {
  const groups = new Map();
  for (const preset of presets) {
    const source = preset.covers?.[0]?.split(".")[0] ?? "other";
    if (!groups.has(source)) groups.set(source, []);
    groups.get(source).push(h("option", { value: preset.id }, say(preset.name, preset.id)));
  }
  const elements = [...groups].map(([source, options]) =>
    h("optgroup", { label: tOr(`group_${source}`, source) }, ...options),
  );
  if (state.preset === null) elements.unshift(h("option", { value: "" }, t("own_scenario")));
  choice.replaceChildren(...elements);
  choice.value = state.preset ?? "";
  write(find("title"), `${choice.selectedOptions[0]?.textContent ?? ""} · Brownout`);
}

function listKeys() {
  const list = find("#help-dialog dl");
  list.replaceChildren(
    ...KEYS.flatMap(([key, text]) => [
      h("dt", {}, ...key.split(" ").map((part) => h("kbd", {}, part))),
      h("dd", {}, t(text)),
    ]),
  );
}

/** The address belongs to links, so this one moves the focus and nothing else. */
function skip(event) {
  event.preventDefault();
  byId("switches").focus();
}

// --- light and dark: the system's choice, or the user's ---

export function startTheme() {
  const choice = byId("theme");
  choice.value = stored();
  if (choice.value === "") choice.value = "auto";
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(STORED_THEME, choice.value);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    apply(choice.value);
  });
  system.addEventListener("change", () => apply(choice.value));
  apply(choice.value);
}

function stored() {
  const asked = new URLSearchParams(location.search).get("theme");
  try {
    return asked ?? localStorage.getItem(STORED_THEME) ?? "auto";
  } catch {
    return asked ?? "auto";
  }
}

function apply(choice) {
  const theme = choice === "auto" ? (system.matches ? "light" : "dark") : choice;
  document.documentElement.dataset.theme = theme;
  update({ theme });
}
