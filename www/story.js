// What happened, and what to look at.

import { byId, find, h, write } from "./dom.js";
import { say, t } from "./i18n.js";
import { title } from "./session.js";
import { state, watch } from "./state.js";

export function startStory() {
  watch(["describe", "language"], () => {
    if (!state.describe) return;
    const { story = [], look_at: lookAt } = state.describe;
    write(byId("story-title"), title());
    const look = lookAt && h("div", { class: "look-at" }, h("h3", {}, t("story_look")), h("p", {}, say(lookAt)));
    const paragraphs = story.map((text) => h("p", {}, say(text)));
    find(".story-text").replaceChildren(...[look, ...paragraphs].filter(Boolean));
  });
}
