// What happened: the events of both lanes, newest first (one that is the same in both stands once),
// and the cascade path, the order in which nodes left their normal band.

import { arrange, find, h, laneMark } from "./dom.js";
import { nameOf, say, seconds, t, tOr } from "./i18n.js";
import { look, select } from "./session.js";
import { state, watch } from "./state.js";

const SIGNS = ["·", "✓", "!", "✕"];
/** More than this nobody reads, and the page must stay light. */
const MOST = 150;

export function startEvents() {
  watch(["timeline", "language", "describe"], drawEvents, { every_ms: 250 });
  watch(["reports", "language", "describe"], drawCascade, { every_ms: 500 });
}

function merged() {
  const known = new Map();
  state.lanes.forEach((history, lane) => {
    for (const entry of history?.timeline ?? []) {
      const key = `${entry.at_s}|${entry.kind}|${entry.subject}|${entry.en}`;
      if (!known.has(key)) known.set(key, { entry, lanes: [] });
      const { lanes } = known.get(key);
      if (!lanes.includes(lane)) lanes.push(lane);
    }
  });
  return [...known.values()].sort((one, other) => other.entry.at_s - one.entry.at_s).slice(0, MOST);
}

/**
 * Rows that are on the page, by what they say. One lane is often a little ahead of the other; when
 * the same happens there too, the row stays and is marked anew.
 */
let rows = new Map();

function drawEvents() {
  const kept = new Map();
  for (const event of merged()) {
    const { at_s, kind, subject, en } = event.entry;
    const key = [state.language, at_s, kind, subject, en].join("|");
    const row = rows.get(key) ?? item(event.entry);
    markLanes(row, event.lanes);
    kept.set(key, row);
  }
  rows = kept;
  const none = h("li", { class: "none" }, t("events_none"));
  const items = [...rows.values()].map((row) => row.item);
  arrange(find("#events .event-list"), items.length === 0 ? [none] : items);
}

/** Says in which lanes it happened. */
function markLanes(row, lanes) {
  if (row.marked === lanes.join()) return;
  row.marked = lanes.join();
  const name = lanes.length > 1 ? t("event_both") : t(`lane_${lanes[0]}`);
  const hidden = h("span", { class: "visually-hidden" }, name);
  row.where.replaceChildren(...lanes.map(laneMark), hidden);
}

function item(entry) {
  const where = h("span", { class: "where" });
  const element = h(
    "li",
    { data: { severity: entry.severity } },
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        title: t("event_jump", { time: seconds(entry.at_s) }),
        on: { click: () => look(entry.at_s) },
      },
      h("span", { class: "at" }, seconds(entry.at_s)),
      h("span", { class: "sign", "aria-hidden": "true" }, SIGNS[entry.severity] ?? "·"),
      h("span", { class: "what" }, say(entry)),
      where,
    ),
  );
  return { item: element, where, marked: "" };
}

// --- the cascade path ---

let drawn = "";

function drawCascade() {
  const paths = state.reports.map((report) => report?.cascade ?? []);
  const signature = state.language + JSON.stringify(paths);
  if (signature === drawn || !state.describe) return;
  drawn = signature;
  find("#cascade .cascade-lanes").replaceChildren(...paths.map(lane));
}

function lane(steps, index) {
  const none = h("p", { class: "none" }, t("cascade_none"));
  const list = h("ol", { class: "cascade-path" }, ...steps.map(step));
  return h(
    "div",
    { class: "cascade-lane" },
    h("h3", {}, laneMark(index), t(`lane_${index}`)),
    steps.length === 0 ? none : list,
  );
}

function step({ at_s, node, stage, ...text }) {
  const name = nameOf(
    state.describe.nodes.find(({ key }) => key === node),
    node,
  );
  const show = () => {
    look(at_s);
    if (state.selected?.key !== node) select("node", node);
  };
  return h(
    "li",
    { data: { stage } },
    h(
      "button",
      {
        type: "button",
        class: "quiet",
        title: t("event_jump", { time: seconds(at_s) }),
        on: { click: show },
      },
      h("span", { class: "at" }, seconds(at_s)),
      h("span", { class: "what" }, h("strong", {}, name), " ", tOr(`stage_${stage}`, stage)),
      h("span", { class: "figure" }, say(text)),
    ),
  );
}
