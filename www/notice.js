// Messages: a banner for what the user has to know, a quiet line for screen readers otherwise.

import { byId, h, write } from "./dom.js";
import { t } from "./i18n.js";

/** Shows a banner: a heading and paragraphs. It stays until it is dismissed. */
export function notice(heading, ...paragraphs) {
  const banner = byId("notice");
  const close = h(
    "button",
    { type: "button", class: "quiet", on: { click: dismiss } },
    t("dismiss"),
  );
  const lines = paragraphs
    .filter(Boolean)
    .flatMap((text) => text.split("\n"))
    .slice(0, 12);
  banner.replaceChildren(h("strong", {}, heading), ...lines.map((line) => h("p", {}, line)), close);
  banner.hidden = false;
}

export function dismiss() {
  byId("notice").hidden = true;
}

/** Says something to screen readers without moving anything. */
export function announce(text) {
  write(byId("verdict-live"), text);
}
