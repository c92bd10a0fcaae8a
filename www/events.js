// What happened, newest first, in both lanes; an event that is the same in both stands once.

import { find, h } from "./dom.js";
import { say, seconds, t } from "./i18n.js";
import { laneMark } from "./marks.js";
import { look } from "./session.js";
import { state, watch } from "./state.js";

const SIGNS = ["·", "✓", "!", "✕"];
/** More than this nobody reads, and the page must stay light. */
const MOST = 150;

export function startEvents() {
  watch(["timeline", "language", "describe"], draw, { every_ms: 250 });
}

function merged() {
  const known = new Map();
  state.lanes.forEach((history, lane) => {
    for (const entry of history?.timeline ?? []) {
      const key = `${entry.at_s}|${entry.kind}|${entry.subject}|${entry.en}`;
      if (known.has(key)) known.get(key).lanes.push(lane);
      else known.set(key, { entry, lanes: [lane] });
    }
  });
  return [...known.values()].sort((one, other) => other.entry.at_s - one.entry.at_s).slice(0, MOST);
}

function draw() {
  const events = merged();
  const none = h("li", { class: "none" }, t("events_none"));
  find("#events .event-list").replaceChildren(...(events.length === 0 ? [none] : events.map(item)));
}

function item({ entry, lanes }) {
  const both = lanes.length > 1;
  const name = both ? t("event_both") : t(`lane_${lanes[0]}`);
  return h("li", { data: { severity: entry.severity } },
    h("button", { type: "button", class: "quiet", title: t("event_jump", { time: seconds(entry.at_s) }), on: { click: () => look(entry.at_s) } },
      h("span", { class: "at" }, seconds(entry.at_s)), h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[entry.severity] ?? "·"),
      h("span", { class: "what" }, say(entry)),
      h("span", { class: "where" }, ...(both ? [0, 1] : lanes).map(laneMark), h("span", { class: "visually-hidden" }, name))));
}
