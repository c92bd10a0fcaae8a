// The cascade path: in which order nodes left their normal band, in each lane.

import { find, h } from "./dom.js";
import { nameOf, say, seconds, t, tOr } from "./i18n.js";
import { laneMark } from "./marks.js";
import { look, select } from "./session.js";
import { state, watch } from "./state.js";

let drawn = "";

export function startCascade() {
  watch(["reports", "language", "describe"], draw, { every_ms: 500 });
}

function draw() {
  const paths = state.reports.map((report) => report?.cascade ?? []);
  const signature = state.language + JSON.stringify(paths);
  if (signature === drawn || !state.describe) return;
  drawn = signature;
  find("#cascade .cascade-lanes").replaceChildren(...paths.map(lane));
}

function lane(steps, index) {
  const none = h("p", { class: "none" }, t("cascade_none"));
  const list = h("ol", { class: "cascade-path" }, ...steps.map(step));
  return h("div", { class: "cascade-lane" }, h("h3", {}, laneMark(index), t(`lane_${index}`)), steps.length === 0 ? none : list);
}

function step({ at_s, node, stage, ...text }) {
  const name = nameOf(state.describe.nodes.find(({ key }) => key === node), node);
  const show = () => {
    look(at_s);
    if (state.selected?.key !== node) select("node", node);
  };
  return h("li", { data: { stage } },
    h("button", { type: "button", class: "quiet", title: t("event_jump", { time: seconds(at_s) }), on: { click: show } },
      h("span", { class: "at" }, seconds(at_s)), h("span", { class: "what" }, h("strong", {}, name), " ", tOr(`stage_${stage}`, stage)),
      h("span", { class: "figure" }, say(text))));
}
