// The head of the page: which incident, which language, help.

import { byId, h, write } from "./dom.js";
import { say, setLanguage, t, tOr } from "./i18n.js";
import { choosePreset } from "./session.js";
import { state, watch } from "./state.js";

const KEYS = [
  ["Space", "key_space"], ["→", "key_right"], ["R", "key_r"], ["− +", "key_speed"], [", .", "key_look"],
  ["1 … 9", "key_digits"], ["Esc", "key_live"], ["S", "key_s"], ["?", "key_help"],
];

export function startHeader(presets) {
  const choice = byId("preset");
  choice.addEventListener("change", () => choosePreset(choice.value));
  const language = byId("language");
  language.addEventListener("change", () => setLanguage(language.value));
  byId("help").addEventListener("click", () => byId("help-dialog").showModal());
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
    h("optgroup", { label: tOr(`group_${source}`, source) }, ...options));
  if (state.preset === null) elements.unshift(h("option", { value: "" }, t("own_scenario")));
  choice.replaceChildren(...elements);
  choice.value = state.preset ?? "";
  write(document.querySelector("title"), `${choice.selectedOptions[0]?.textContent ?? ""} · Brownout`);
}

function listKeys() {
  const list = document.querySelector("#help-dialog dl");
  list.replaceChildren(...KEYS.flatMap(([key, text]) => [
    h("dt", {}, ...key.split(" ").map((part) => h("kbd", {}, part))), h("dd", {}, t(text)),
  ]));
}
