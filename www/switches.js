// The switches of the scenario: what each does in one line, whether it is on at the moment shown,
// and when it will flip by itself because a link says so.

import { find, h, mark, write } from "./dom.js";
import { say, seconds, t } from "./i18n.js";
import { flip, flipAll, select } from "./session.js";
import { isOn, shown_s, state, watch } from "./state.js";

let rows = [];

export function startSwitches() {
  watch(["describe", "language"], build);
  watch(["actions", "now_s", "view_s", "describe", "language", "selected"], draw, {
    every_ms: 100,
  });
}

function build() {
  if (!state.describe) return;
  const { toggles } = state.describe;
  rows = toggles.map(row);
  const list = find("#switches .switch-list");
  const bulk = h(
    "li",
    { class: "switch-bulk" },
    h(
      "button",
      { type: "button", class: "quiet", on: { click: () => flipAll(true) } },
      t("switch_all"),
    ),
    h(
      "button",
      { type: "button", class: "quiet", on: { click: () => flipAll(false) } },
      t("switch_all_off"),
    ),
  );
  const none = h("li", { class: "switch-none" }, t("switch_none"));
  list.replaceChildren(
    ...(rows.length === 0 ? [none] : rows.map(({ item }) => item)),
    ...(rows.length > 1 ? [bulk] : []),
  );
  draw();
}

function row(toggle, index) {
  const name = say(toggle.name, toggle.key);
  const id = `switch-${toggle.key}`;
  const button = h(
    "button",
    {
      type: "button",
      role: "switch",
      class: "switch",
      id,
      "aria-describedby": `${id}-help`,
      "aria-keyshortcuts": index < 9 ? String(index + 1) : null,
      on: { click: () => flip(toggle.key) },
    },
    h("span", { class: "switch-track", "aria-hidden": "true" }),
    h("span", { class: "switch-name" }, name),
  );
  const inspect = h(
    "button",
    {
      type: "button",
      class: "quiet switch-inspect",
      "aria-label": t("switch_inspect", { name }),
      title: t("switch_inspect", { name }),
      on: { click: () => select("toggle", toggle.key) },
    },
    "⋯",
  );
  const when = h("span", { class: "switch-when" });
  const help = h("p", { class: "switch-help", id: `${id}-help` }, say(toggle.help));
  const item = h("li", {}, h("div", { class: "switch-line" }, button, inspect), help, when);
  return { toggle, button, inspect, when, item };
}

function draw() {
  const moment = shown_s();
  for (const { toggle, button, inspect, when, item } of rows) {
    const on = isOn(toggle.key, moment);
    mark(button, "aria-checked", on);
    mark(item, "data-on", on);
    mark(
      inspect,
      "aria-pressed",
      state.selected?.kind === "toggle" && state.selected.key === toggle.key,
    );
    write(when, timesOf(toggle.key, moment));
  }
}

function timesOf(key, moment) {
  const flips = state.actions.filter(({ toggle }) => toggle === key);
  const past = flips.filter(({ at_s, on }) => at_s <= moment && on).at(-1);
  const words = flips
    .filter(({ at_s }) => at_s > moment)
    .map(({ at_s, on }) => t(on ? "switch_will_on" : "switch_will_off", { time: seconds(at_s) }));
  if (past && isOn(key, moment)) words.unshift(t("switch_since", { time: seconds(past.at_s) }));
  return words.slice(0, 3).join(" · ");
}
