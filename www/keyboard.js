// Keys that work anywhere on the page, except while something is being typed or chosen.

import { byId } from "./dom.js";
import { share } from "./link.js";
import { changeSpeed, flip, look, playOrPause, restart, select, step } from "./session.js";
import { shown_s, state } from "./state.js";

const lookBy = (windows) => look(shown_s() + windows * 5 * state.describe.window_s);

const KEYS = {
  " ": playOrPause,
  ArrowRight: step,
  r: restart,
  "+": () => changeSpeed(1),
  "=": () => changeSpeed(1),
  "-": () => changeSpeed(-1),
  ",": () => lookBy(-1),
  ".": () => lookBy(1),
  s: share,
  "?": () => byId("help-dialog").showModal(),
  Escape() {
    look(null);
    select(null, null);
  },
};

/** Whether the key belongs to the control that has the focus. */
function belongsElsewhere(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  const { target } = event;
  if (document.querySelector("dialog[open]")) return true;
  const slides = target.matches("input[type=range]");
  if (target.closest("input, select, textarea"))
    return event.key !== "Escape" && !(slides && event.key === " ");
  const presses = event.key === " " || event.key === "Enter";
  return presses && target.closest("button, summary, a, [role=button]") !== null;
}

export function startKeyboard() {
  document.addEventListener("keydown", (event) => {
    if (!state.describe || belongsElsewhere(event)) return;
    const digit = /^[1-9]$/.test(event.key) ? state.describe.toggles[Number(event.key) - 1] : null;
    const action = digit
      ? () => flip(digit.key)
      : KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
