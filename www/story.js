// The story of the incident: what to look at, what happened, what the team did, and the way on to the next.

import { byId, find, h, write } from "./dom.js";
import { say, t } from "./i18n.js";
import { choosePreset, title } from "./session.js";
import { state, watch } from "./state.js";

export function startStory(presets) {
  watch(["describe", "language", "preset"], () => tellStory(presets));
}

function tellStory(presets) {
  if (!state.describe) return;
  const { story = [], look_at: lookAt, they_did: theyDid } = state.describe;
  write(byId("story-title"), title());
  const parts = [
    lookAt && aside("look-at", "story_look", lookAt),
    ...story.map((text) => h("p", {}, say(text))),
    theyDid && aside("they-did", "story_they_did", theyDid),
    tour(presets),
  ];
  find(".story-text").replaceChildren(...parts.filter(Boolean));
}

function aside(name, heading, text) {
  return h("div", { class: name }, h("h3", {}, t(heading)), h("p", {}, say(text)));
}

/** Where this incident stands among all, and its neighbours. */
function tour(presets) {
  const position = presets.findIndex((preset) => preset.id === state.preset);
  if (position < 0) return null;
  const place = t("tour_place", { number: position + 1, of: presets.length });
  const covers = state.describe.covers?.join(" · ");
  return h(
    "nav",
    { class: "tour", "aria-label": t("tour") },
    step(presets[position - 1], "tour_previous", "←"),
    h("span", {}, covers ? `${place} · ${covers}` : place),
    step(presets[position + 1], "tour_next", "→"),
  );
}

function step(preset, word, arrow) {
  if (!preset) return h("span");
  const label = t(word, { name: say(preset.name, preset.id) });
  const button = h("button", { type: "button", "aria-label": label, title: label }, arrow);
  button.addEventListener("click", () => choosePreset(preset.id));
  return button;
}
