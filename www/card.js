// The card of a node in the topology: name, health of both lanes, and rows of levels. In each bar the
// upper, hatched half is the lane as it was and the lower, full half the lane with the switches.

import { mark, s, write } from "./dom.js";
import { nameOf, t } from "./i18n.js";
import { levelOf, rowsOf } from "./levels.js";
import { state } from "./state.js";

const HEAD = 38;
const ROW = 19;
const FOOT = 7;
/** A second line of the name. */
const LINE = 14;
/** Room for a row's name, as its longest needs, and for its figure. */
const LEAST_NAME = 40;
const MOST_NAME = 66;
const FIGURE = 48;
const LONG_FIGURE = 60;
/** What the signs of both lanes take from the first line of the name. */
const BESIDE_SIGNS = 48;
/** As in the style sheet, to measure texts before they are drawn. */
const TITLE_FONT = "650 12.5px";
const KIND_FONT = "10px";
const ROW_FONT = "10.5px";
/** More servers than this are counted, not drawn. */
const MOST_SQUARES = 12;

/** Rows of a card and the lines of its name, in a card of this width. */
function planOf(node, width) {
  const name = lines(nameOf(node, node.key), width);
  return { name, rows: rowsOf(node), head: HEAD + (name.length - 1) * LINE };
}

export function cardHeight(node, width) {
  const { rows, head } = planOf(node, width);
  return head + ROW * rows.length + FOOT;
}

/** Draws the card. Gives {node, group, draw(levels of both lanes, healths of both lanes)}. */
export function card(node, { x, y, width, height }) {
  const plan = planOf(node, width);
  const signs = [0, 1].map((lane) =>
    s("text", { class: "health-sign", x: width - 26 + lane * 15, y: 20, "text-anchor": "middle" }),
  );
  const boxes = [0, 1].map((lane) =>
    s("rect", {
      class: `health-box lane-${lane}`,
      x: width - 32.5 + lane * 15,
      y: 8.5,
      width: 13,
      height: 15,
      rx: 3,
    }),
  );
  const titles = plan.name.map((text, index) =>
    s("text", { class: "card-title", x: 10, y: 19 + index * LINE }, text),
  );
  const kind = s("text", { class: "card-kind", x: 10, y: plan.head - 7 });
  const labels = plan.rows.map((row) => (row.kind === "pool" ? row.pool : t(`row_${row.kind}`)));
  const room = Math.max(...labels.map((label) => widthOf(label, ROW_FONT)));
  const name = Math.min(MOST_NAME, Math.max(LEAST_NAME, room + 6));
  const rows = plan.rows.map((row, index) =>
    levelRow(node, row, labels[index], { top: plan.head + index * ROW, width, name }),
  );
  const group = s(
    "g",
    { class: "card", transform: `translate(${x} ${y})` },
    s("rect", { class: "card-box", x: 0, y: 0, width, height, rx: 7 }),
    s("path", { class: "card-edge", d: `M4 6v${height - 12}` }),
    ...titles,
    kind,
    ...boxes,
    ...signs,
    ...rows.map((row) => row.group),
  );
  group.append(s("title", {}, `${nameOf(node, node.key)} · ${node.key}`));
  const draw = (levels, healths) => {
    mark(group, "data-level", healths[1].level);
    healths.forEach((health, lane) => {
      write(signs[lane], health.sign);
      mark(signs[lane], "data-level", health.level);
      mark(boxes[lane], "data-level", health.level);
    });
    write(kind, kindLine(node, healths[1], width));
    rows.forEach((row) => row.draw(levels));
  };
  return { node, group, draw };
}

/** Kind and trouble; where there is no room for both, the trouble. */
function kindLine(node, { level, word }, width) {
  const kind = t(`kind_${node.kind}`);
  if (level === 0) return kind;
  const both = `${kind} · ${t(`health_${word}`)}`;
  return widthOf(both, KIND_FONT) <= width - 16 ? both : t(`health_${word}`);
}

let pen = null;
let family = "";
/** Width of a text in CSS pixels. Asking for a style makes the browser lay out, so it is asked once. */
function widthOf(text, font) {
  pen ??= document.createElement("canvas").getContext("2d");
  family ||= getComputedStyle(document.body).fontFamily;
  pen.font = `${font} ${family}`;
  return pen.measureText(text).width;
}

/** A name in one line, beside the signs, or in two. */
function lines(name, width) {
  const first = width - BESIDE_SIGNS;
  if (widthOf(name, TITLE_FONT) <= first) return [name];
  const words = name.split(" ");
  let taken = words.length;
  while (taken > 0 && widthOf(words.slice(0, taken).join(" "), TITLE_FONT) > first) taken -= 1;
  if (taken === 0) return [shortened(name, TITLE_FONT, first)];
  const rest = words.slice(taken).join(" ");
  return [words.slice(0, taken).join(" "), shortened(rest, TITLE_FONT, width - 18)];
}

function shortened(text, font, room) {
  if (widthOf(text, font) <= room) return text;
  let end = text.length - 1;
  while (end > 1 && widthOf(`${text.slice(0, end)}…`, font) > room) end -= 1;
  return `${text.slice(0, end)}…`;
}

function levelRow(node, row, label, { top, width, name: nameRoom }) {
  const name = s("text", { class: "row-name", x: 10, y: top + 12 });
  const figure = s("text", {
    class: "row-figure",
    x: width - 8,
    y: top + 12,
    "text-anchor": "end",
  });
  const left = 10 + nameRoom;
  const figureRoom = row.kind === "alarms" ? LONG_FIGURE : FIGURE;
  const room = Math.max(12, width - left - figureRoom - 8);
  const meter = s("g", { transform: `translate(${left} ${top + 3})` });
  const drawMeter =
    row.kind === "servers" || row.kind === "rotation" ? squares(meter, room) : bars(meter, room);
  write(name, shortened(label, ROW_FONT, nameRoom - 3));
  const group = s("g", { class: `row row-${row.kind}` }, name, meter, figure);
  const draw = (levels) => {
    const values = [0, 1].map((lane) => levelOf(node, row, levels[lane], state.lanes[lane]));
    drawMeter(values);
    write(figure, values[1].text);
    mark(group, "data-full", values[1].full === true);
  };
  return { group, draw };
}

/** Two bars in one track. */
function bars(meter, room) {
  const before = s("rect", { class: "bar lane-0", x: 0, y: 0, width: 0, height: 4 });
  const after = s("rect", { class: "bar lane-1", x: 0, y: 5, width: 0, height: 6 });
  meter.append(
    s("rect", { class: "track", x: 0, y: 0, width: room, height: 4 }),
    s("rect", { class: "track", x: 0, y: 5, width: room, height: 6 }),
    before,
    after,
  );
  return (values) =>
    [before, after].forEach((bar, lane) => {
      mark(bar, "width", (room * Math.min(1, values[lane].share)).toFixed(1));
      mark(
        bar,
        "data-level",
        values[lane].level ?? (values[lane].share >= 0.999 ? 3 : values[lane].share > 0.8 ? 2 : 0),
      );
    });
}

/** A square for each server: upper row as it was, lower row with the switches. */
function squares(meter, room) {
  let drawn = "";
  return (values) => {
    const signature = values.map(({ up, all }) => `${up}/${all}`).join();
    if (signature === drawn) return;
    drawn = signature;
    const shapes = values.flatMap(({ up, all }, lane) => {
      const count = Math.min(all, MOST_SQUARES);
      const pitch = room / Math.max(count, 4);
      const gap = Math.min(1.5, pitch / 3);
      const size = Math.min(8, pitch - gap);
      const upShown = all > MOST_SQUARES ? Math.round((up / all) * count) : up;
      return Array.from({ length: count }, (_, index) =>
        s("rect", {
          class: `server lane-${lane}`,
          "data-up": index < upShown,
          x: index * (size + gap),
          y: lane * 6.5,
          width: size,
          height: 4.5,
          rx: 1,
        }),
      );
    });
    meter.replaceChildren(...shapes);
  };
}
