// Play, step, restart, speed, seed, and the bar that scrubs through what has happened.

import { byId, find, h, mark, write } from "./dom.js";
import { seconds, t } from "./i18n.js";
import { notice } from "./notice.js";
import { fork, look, playOrPause, reseed, restart, SPEEDS, step } from "./session.js";
import { shown_s, state, update, watch } from "./state.js";

export function startTransport() {
  byId("play").addEventListener("click", playOrPause);
  byId("step").addEventListener("click", step);
  byId("restart").addEventListener("click", restart);
  byId("fork").addEventListener("click", () => fork());
  byId("live").addEventListener("click", () => look(null));
  startSpeed();
  startSeed();
  startScrub();
  watch(["language", "playing", "ended"], drawButtons);
  watch(["lanes", "now_s", "view_s", "describe", "language"], drawScrub);
  watch(["timeline", "describe"], drawMarks, { every_ms: 200 });
}

function startSpeed() {
  const choice = byId("speed");
  choice.addEventListener("change", () => update({ speed: Number(choice.value) }));
  watch(["language"], () => {
    const name = (speed) =>
      speed === Infinity ? t("speed_max") : `${speed.toLocaleString(state.language)}×`;
    choice.replaceChildren(...SPEEDS.map((speed) => h("option", { value: speed }, name(speed))));
    choice.value = String(state.speed);
  });
  watch(["speed"], () => {
    choice.value = String(state.speed);
  });
}

function startSeed() {
  const field = byId("seed");
  field.addEventListener("change", () => {
    const seed = field.valueAsNumber;
    if (Number.isSafeInteger(seed) && seed >= 0) reseed(seed);
    else notice(t("seed_bad"));
  });
  watch(["seed"], () => {
    field.value = String(state.seed);
  });
}

function startScrub() {
  const bar = byId("scrub");
  bar.addEventListener("input", () => look(Math.min(bar.valueAsNumber, state.now_s)));
  bar.addEventListener("change", drawScrub);
}

function label(button, key) {
  mark(button, "aria-label", t(key));
  mark(button, "title", t(key));
}

function drawButtons() {
  const running = state.playing && !state.ended;
  const play = byId("play");
  play.dataset.playing = running;
  label(play, running ? "pause" : state.ended ? "again" : "play");
  mark(play, "aria-keyshortcuts", "Space");
  label(byId("step"), "step");
  label(byId("restart"), "restart");
  byId("step").disabled = state.ended;
}

function drawScrub() {
  if (!state.describe) return;
  const bar = byId("scrub");
  const end = state.describe.duration_s;
  const moment = shown_s();
  mark(bar, "max", end);
  mark(bar, "aria-label", t("progress"));
  mark(bar, "aria-valuetext", seconds(moment));
  bar.value = String(moment);
  const style = find(".scrub-track").style;
  style.setProperty("--done", `${(100 * state.now_s) / end}%`);
  style.setProperty("--shown", `${(100 * moment) / end}%`);
  const past = state.view_s !== null;
  byId("past").hidden = !past;
  byId("transport").dataset.past = past;
  const values = { now: seconds(state.now_s), end: seconds(end), view: seconds(moment) };
  write(byId("clock"), t(past ? "clock_past" : "clock", values));
}

/** Marks what mattered on the bar: warnings, bad news and what the user did. */
function drawMarks() {
  const marks = find(".scrub-marks");
  if (!state.describe) return;
  const entries = (state.lanes[1]?.timeline ?? []).concat(state.lanes[0]?.timeline ?? []);
  const seen = new Set();
  const elements = [];
  for (const { at_s, kind, severity } of entries) {
    const percent = ((100 * at_s) / state.describe.duration_s).toFixed(1);
    const shows = severity >= 2 || kind.startsWith("switched") || kind === "fault_ended";
    const key = `${percent}/${severity}`;
    if (!shows || seen.has(key) || elements.length > 150) continue;
    seen.add(key);
    const element = h("i", { data: { severity } });
    element.style.left = `${percent}%`;
    elements.push(element);
  }
  marks.replaceChildren(...elements);
}
