// The verdict on both lanes, side by side: a state in words with its sign, and the figures behind it.

import { h, laneMark, mark, write } from "./dom.js";
import { milliseconds, number, percent, say, seconds, t, tOr } from "./i18n.js";
import { SPECIAL, special, specialWords } from "./figures.js";
import { answeredShare } from "./health.js";
import { announce } from "./notice.js";
import { isOn, shown_s, state, watch } from "./state.js";

/** Signs of the states, so that colour is never alone. */
const SIGNS = {
  healthy: "✓",
  contained: "◐",
  recovered: "↺",
  down: "✕",
  metastable: "∞",
  running: "…",
};
const LEVELS = { healthy: 0, contained: 1, recovered: 1, down: 3, metastable: 3, running: 0 };
/** Pause between two announcements, in milliseconds. */
const ANNOUNCE_MS = 5_000;

const FIGURES = ["now", "availability", "p99", "amplification", "wasted", "recovery"];
const ALL_FIGURES = [...FIGURES, ...SPECIAL];
const cards = [];
let spoken = ["", ""];

export function startVerdict() {
  document
    .querySelectorAll("#verdict .lane")
    .forEach((article, index) => cards.push(build(article, index)));
  watch(["language", "describe", "actions"], drawNames);
  watch(["reports", "lanes", "view_s", "language"], () => cards.forEach(draw), { every_ms: 250 });
  // What was said in another language is silenced.
  watch(["language"], () => announce(""));
  watch(["reports"], speak, { every_ms: ANNOUNCE_MS });
}

function build(article, index) {
  const name = h("h3", { class: "lane-name" });
  const sign = h("span", { class: "verdict-sign", "aria-hidden": "true" });
  const word = h("strong", { class: "verdict-word" });
  const text = h("p", { class: "verdict-text" });
  const figures = {};
  const list = h("dl", { class: "figures" });
  for (const key of ALL_FIGURES) {
    const [name, value] = [h("dt"), h("dd")];
    const item = h("div", { data: { figure: key }, hidden: SPECIAL.includes(key) }, name, value);
    figures[key] = { name, value, item };
    list.append(item);
  }
  article.append(
    h(
      "div",
      { class: "lane-head" },
      laneMark(index),
      name,
      h("p", { class: "verdict-state" }, sign, word),
    ),
    text,
    list,
  );
  return { article, index, name, sign, word, text, figures };
}

function drawNames() {
  const some = state.describe?.toggles.some(({ key }) => isOn(key)) || state.actions.length > 0;
  write(cards[0].name, t("lane_0"));
  write(cards[1].name, t(some ? "lane_1" : "lane_1_none"));
  for (const card of cards)
    for (const key of ALL_FIGURES) write(card.figures[key].name, t(`figure_${key}`));
}

function draw(card) {
  const report = state.reports[card.index];
  const history = state.lanes[card.index];
  if (!report || !history) {
    card.article.removeAttribute("data-level");
    for (const element of [card.sign, card.word, card.text]) write(element, "");
    for (const key of FIGURES) write(card.figures[key].value, "–");
    for (const key of SPECIAL) card.figures[key].item.hidden = true;
    return;
  }
  const { verdict, totals } = report;
  const judged = verdict.state || "running";
  mark(card.article, "data-level", LEVELS[judged] ?? 0);
  write(card.sign, SIGNS[judged] ?? "");
  write(card.word, tOr(`state_${judged}`, judged));
  write(card.text, sentence(report, history));
  const values = {
    now: percent(answeredShare(history, shown_s())),
    availability: percent(verdict.availability),
    p99: milliseconds(totals.response?.p99_ms),
    amplification: `${number(verdict.retry_amplification)}×`,
    wasted: percent(verdict.wasted_ratio),
    recovery: recovery(verdict),
  };
  for (const key of FIGURES) write(card.figures[key].value, values[key]);
  card.figures.recovery.item.hidden = verdict.trigger_at_s === null;
  for (const key of SPECIAL) {
    // What happens in one lane only is worth a figure in both.
    card.figures[key].item.hidden = !state.reports.some((one) => one && special(key, one) > 0);
    write(card.figures[key].value, specialWords(key, report));
  }
}

/** Time from the end of the trigger until all was well; while the trigger lasts there is none. */
function recovery({ trigger_end_s: end_s, recovery_time_s: time_s }) {
  if (end_s === null || state.now_s < end_s) return "–";
  return time_s === null ? t("figure_never") : seconds(time_s);
}

function sentence({ verdict, invariants }, { stopped_early: why }) {
  // A run that breaks an invariant shows a bug of ours; no figure of it is to be trusted.
  const [broken] = invariants.broken;
  if (broken) return t("invariant_broken", { subject: broken.subject, what: say(broken) });
  return why ? t("stopped_early", { why }) : say(verdict, t("verdict_waiting"));
}

/** Tells screen readers when a verdict has changed, not each time a figure moves. */
function speak() {
  state.reports.forEach((report, index) => {
    const word = report?.verdict.state ?? "";
    if (word === "" || word === spoken[index]) return;
    spoken[index] = word;
    announce(
      t("verdict_changed", {
        lane: t(`lane_${index}`),
        state: tOr(`state_${word}`, word),
        text: say(report.verdict),
      }),
    );
  });
}
