// One chart: a figure with title, legend, two canvases painted by the core, and the same values as
// a table. It knows lines and values, nothing of what they mean.

import { ChartPainter, chart_color } from "./pkg/brownout.js";
import { find, h, mark, s, write } from "./dom.js";
import { inUnit, plain, seconds, t } from "./i18n.js";
import { look } from "./session.js";
import { hitsBoth, shown_s, state, update } from "./state.js";

/** Rows of the table twin. */
const TABLE_ROWS = 16;
/** Device pixels per CSS pixel that a canvas is painted with at most. */
const FINEST_SCALE = 4;

export class Chart {
  /** `definition`: {id, title, unit, lines: [{name, color_index, values(history, window)}]}. */
  constructor(definition) {
    this.hidden = new Set();
    this.drawn = "";
    this.visible = true;
    this.width = 0;
    this.height = 0;
    this.build();
    this.painter = new ChartPainter(this.axes, this.curves);
    this.define(definition);
    // Asking the stage for its size at each frame would make the browser lay out the page each time.
    new ResizeObserver(([{ contentRect }]) => {
      this.width = Math.floor(contentRect.width);
      this.height = Math.floor(contentRect.height);
      this.draw();
    }).observe(this.stage);
    new IntersectionObserver(
      ([entry]) => {
        this.visible = entry.isIntersecting;
        this.draw();
      },
      { rootMargin: "100px" },
    ).observe(this.figure);
  }

  build() {
    this.heading = h("h3");
    this.unit = h("span", { class: "chart-unit" });
    this.legend = h("ul", { class: "legend" });
    this.axes = h("canvas", { "aria-hidden": "true" });
    this.curves = h("canvas", { "aria-hidden": "true" });
    this.stage = h("div", { class: "chart-stage", role: "img" }, this.axes, this.curves);
    this.empty = h("p", { class: "chart-empty" });
    this.table = h("table");
    this.summary = h("summary");
    this.scroll = h("div", { class: "table-scroll", role: "region", tabindex: "0" }, this.table);
    this.details = h(
      "details",
      { on: { toggle: () => this.drawTable() } },
      this.summary,
      this.scroll,
    );
    this.figure = h(
      "figure",
      { class: "chart" },
      h("figcaption", {}, this.heading, this.unit),
      this.legend,
      this.stage,
      this.empty,
      this.details,
    );
    this.stage.addEventListener("pointermove", (event) =>
      update({ hover_s: this.momentAt(event) }),
    );
    this.stage.addEventListener("pointerleave", () => update({ hover_s: null }));
    this.stage.addEventListener("click", (event) => look(this.momentAt(event)));
  }

  /** Shows other lines from now on. */
  define(definition) {
    this.definition = definition;
    this.figure.dataset.chart = definition.id;
    this.drawn = "";
    this.buildLegend();
    this.draw();
  }

  buildLegend() {
    const { title, unit, lines } = this.definition;
    write(this.heading, title);
    write(this.unit, t(`unit_${unit}`));
    write(this.summary, t("table"));
    mark(this.scroll, "aria-label", title);
    write(this.empty, lines.length === 0 ? t("chart_empty") : "");
    mark(this.stage, "aria-label", t("chart_label", { title, unit: t(`unit_${unit}`) }));
    this.stage.hidden = lines.length === 0;
    this.details.hidden = lines.length === 0;
    this.entries = lines.map((line) => this.legendEntry(line));
    this.legend.replaceChildren(...this.entries.map(({ item }) => item));
  }

  legendEntry(line) {
    const before = h("span", { class: "value-before" });
    const after = h("span", { class: "value-after" });
    const swatch = s(
      "svg",
      { class: "swatch", viewBox: "0 0 18 8", "aria-hidden": "true" },
      s("path", { class: "swatch-solid", d: "M0 2h18" }),
      s("path", { class: "swatch-dashed", d: "M0 6.5h18" }),
    );
    const button = h(
      "button",
      {
        type: "button",
        "aria-pressed": String(!this.hidden.has(line.name)),
        title: t("legend_hide", { name: line.name }),
        on: { click: () => this.toggle(line.name, button) },
      },
      swatch,
      h("span", { class: "legend-name" }, line.name),
      before,
      after,
    );
    return { line, swatch, before, after, item: h("li", {}, button) };
  }

  toggle(name, button) {
    if (!this.hidden.delete(name)) this.hidden.add(name);
    mark(button, "aria-pressed", String(!this.hidden.has(name)));
    this.drawn = "";
    this.draw();
  }

  /** Simulated moment under the pointer. */
  momentAt(event) {
    const box = this.stage.getBoundingClientRect();
    const [left = 0, , right = box.width] = this.painter.plot_area();
    const share = (event.clientX - box.left - left) / (right - left);
    return Math.max(0, Math.min(1, share)) * state.describe.duration_s;
  }

  draw() {
    const [before, after] = state.lanes;
    const { width, height } = this;
    if (!after || !this.visible || width < 80 || this.definition.lines.length === 0) return;
    const points = Math.min(before.finished, after.finished);
    const cursor_s = state.hover_s ?? state.view_s;
    const signature = [
      points,
      cursor_s,
      width,
      height,
      state.theme,
      state.language,
      state.actions.length,
    ].join();
    if (signature !== this.drawn) {
      this.drawn = signature;
      this.paint(width, height, points, cursor_s);
    }
    this.drawValues();
  }

  paint(width_css, height_css, points, cursor_s) {
    const shown = this.definition.lines.filter(({ name }) => !this.hidden.has(name));
    const lines = [];
    const data = new Float64Array(shown.length * 2 * points);
    for (const [lane, style] of [
      [0, "dashed"],
      [1, "solid"],
    ]) {
      for (const line of shown) {
        const offset = lines.length * points;
        for (let window = 0; window < points; window += 1)
          data[offset + window] = line.values(state.lanes[lane], window);
        lines.push({ color_index: line.color_index, style, label: line.name });
      }
    }
    const { duration_s, window_s } = state.describe;
    const specification = {
      width_css,
      height_css,
      scale: Math.min(FINEST_SCALE, window.devicePixelRatio),
      theme: state.theme,
      lang: state.language,
      duration_s,
      window_s,
      y_unit: this.definition.unit,
      lines,
      points,
      marks: marks(),
      ...(cursor_s === null ? {} : { cursor_s }),
    };
    this.painter.draw(JSON.stringify(specification), data);
    for (const { line, swatch } of this.entries)
      swatch.style.color = chart_color(state.theme, line.color_index);
  }

  drawValues() {
    const moment = state.hover_s ?? shown_s();
    for (const { line, before, after } of this.entries) {
      const values = state.lanes.map((history) => line.values(history, history.windowAt(moment)));
      write(before, plain(values[0], this.definition.unit));
      write(after, plain(values[1], this.definition.unit));
    }
  }

  /** The same values as a table, for those who do not see the curves. */
  drawTable() {
    if (!this.details.open || !state.lanes[1]) return;
    const { lines, unit, title } = this.definition;
    const heads = lines.flatMap(({ name }) =>
      [0, 1].map((lane) => `${name} · ${t(`lane_${lane}`)}`),
    );
    const finished = state.lanes[1].finished;
    const rows = [];
    for (let row = 0; row < TABLE_ROWS && finished > 0; row += 1) {
      const window = Math.min(finished - 1, Math.round(((row + 1) * finished) / TABLE_ROWS) - 1);
      if (window < 0 || rows.at(-1)?.window === window) continue;
      const cells = lines.flatMap((line) =>
        state.lanes.map((history) => inUnit(line.values(history, window), unit)),
      );
      rows.push({ window, cells });
    }
    const { window_s } = state.describe;
    this.table.replaceChildren(
      h("caption", { class: "visually-hidden" }, title),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, t("table_time")),
          ...heads.map((head) => h("th", { scope: "col" }, head)),
        ),
      ),
      h(
        "tbody",
        {},
        ...rows.map(({ window, cells }) =>
          h(
            "tr",
            {},
            h("th", { scope: "row" }, seconds((window + 1) * window_s)),
            ...cells.map((cell) => h("td", {}, cell)),
          ),
        ),
      ),
    );
  }
}

/** Spells of faults and moments of changes, which explain the curves. */
function marks() {
  const faults = Object.values(state.effective.faults ?? {}).map((fault) => ({
    at_s: fault.at_s,
    until_s: Math.min(fault.at_s + (fault.for_s ?? Infinity), state.describe.duration_s),
    kind: "fault",
  }));
  const switches = state.actions
    .filter((action) => !hitsBoth(action))
    .map(({ at_s }) => ({ at_s, kind: "switch" }));
  return [...faults, ...switches];
}

/** The moment under the pointer is forgotten when the pointer leaves the window. */
export function forgetHover() {
  find("html").addEventListener("pointerleave", () => update({ hover_s: null }));
}
