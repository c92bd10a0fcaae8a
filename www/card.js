// The card of a node in the topology: name, health of both lanes, and rows of levels. In each bar the
// upper, hatched half is the lane as it was and the lower, full half the lane with the switches.

import { mark, s, write } from "./dom.js";
import { answeredShare, hitShare } from "./health.js";
import { bytes, nameOf, number, percent, t } from "./i18n.js";
import { columnsOf } from "./measures.js";
import { shown_s, state } from "./state.js";

const HEAD = 38;
const ROW = 19;
const FOOT = 7;
/** Width of a row's name and of its figure. */
const NAME = 48;
const FIGURE = 46;
/** More servers than this are counted, not drawn. */
const MOST_SQUARES = 12;

/** Which rows a node has; fixed for the run, as its wiring is. */
function rowsOf(node, scenario) {
  const own = scenario.nodes[node.key] ?? {};
  if (node.kind === "clients") return [{ kind: "answered" }, { kind: "in_flight" }];
  if (node.kind === "balancer") return [{ kind: "rotation" }];
  if (node.kind === "monitor") return [{ kind: "alarms" }, { kind: "interfaces" }];
  const columns = columnsOf(state.describe, node.key);
  const pools = Object.keys(own.pools ?? { sessions: {} }).map((pool) => ({ kind: "pool", pool }));
  const caches = Object.keys(own.caches ?? {});
  return [
    { kind: "servers" },
    ...pools,
    ...(own.cores ? [{ kind: "cpu" }] : []),
    ...(own.memory && (own.memory.gc || caches.length > 0) ? [{ kind: "heap" }] : []),
    ...(caches.length > 0 ? [{ kind: "hits" }] : []),
    ...(own.disk ? [{ kind: "disk" }] : []),
    ...(own.replicas || own.standby ? [{ kind: "primary" }] : []),
    ...(own.tables ? [{ kind: "rows" }] : []),
    ...(columns.spooled === undefined ? [] : [{ kind: "spool" }]),
    ...(columns.queue_depth === undefined ? [] : [{ kind: "depth" }]),
  ];
}

export const cardHeight = (node, scenario) => HEAD + ROW * rowsOf(node, scenario).length + FOOT;

/** Draws the card. Gives {node, group, draw(levels of both lanes, healths of both lanes)}. */
export function card(node, { x, y, width, height }, scenario) {
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
  const title = s("text", { class: "card-title", x: 10, y: 19 });
  const kind = s("text", { class: "card-kind", x: 10, y: 31 });
  const rows = rowsOf(node, scenario).map((row, index) =>
    levelRow(node, row, HEAD + index * ROW, width),
  );
  const group = s(
    "g",
    { class: "card", transform: `translate(${x} ${y})` },
    s("rect", { class: "card-box", x: 0, y: 0, width, height, rx: 7 }),
    s("path", { class: "card-edge", d: `M4 6v${height - 12}` }),
    title,
    kind,
    ...boxes,
    ...signs,
    ...rows.map((row) => row.group),
  );
  write(title, shortened(nameOf(node, node.key), (width - 48) / 6.6));
  write(kind, t(`kind_${node.kind}`));
  group.append(s("title", {}, `${nameOf(node, node.key)} · ${node.key}`));
  const draw = (levels, healths) => {
    mark(group, "data-level", healths[1].level);
    healths.forEach((health, lane) => {
      write(signs[lane], health.sign);
      mark(signs[lane], "data-level", health.level);
      mark(boxes[lane], "data-level", health.level);
    });
    write(
      kind,
      healths[1].level > 0
        ? `${t(`kind_${node.kind}`)} · ${t(`health_${healths[1].word}`)}`
        : t(`kind_${node.kind}`),
    );
    rows.forEach((row) => row.draw(levels));
  };
  return { node, group, draw };
}

/** Hangul and other wide letters count twice. */
function shortened(text, room) {
  let used = 0;
  for (let index = 0; index < text.length; index += 1) {
    used += text.charCodeAt(index) > 0x1100 ? 1.75 : 1;
    if (used > room) return `${text.slice(0, Math.max(1, index - 1))}…`;
  }
  return text;
}

function levelRow(node, row, top, width) {
  const name = s("text", { class: "row-name", x: 10, y: top + 12 });
  const figure = s("text", {
    class: "row-figure",
    x: width - 8,
    y: top + 12,
    "text-anchor": "end",
  });
  const left = 10 + NAME;
  const room = Math.max(12, width - left - FIGURE - 8);
  const meter = s("g", { transform: `translate(${left} ${top + 3})` });
  const drawMeter =
    row.kind === "servers" || row.kind === "rotation" ? squares(meter, room) : bars(meter, room);
  const label = row.kind === "pool" ? row.pool : t(`row_${row.kind}`);
  write(name, shortened(label, NAME / 5));
  const group = s("g", { class: `row row-${row.kind}` }, name, meter, figure);
  const draw = (levels) => {
    const values = [0, 1].map((lane) => levelOf(node, row, levels[lane], state.lanes[lane]));
    drawMeter(values);
    write(figure, values[1].text);
    mark(group, "data-full", values[1].full === true);
  };
  return { group, draw };
}

/** The level of a row in a lane: {share, text} for bars, {up, all, text} for squares. */
function levelOf(node, row, levels, history) {
  const station = levels.stations?.[node.key];
  if (row.kind === "answered") {
    const share = answeredShare(history, shown_s(), node.key);
    return {
      share: share || 0,
      text: percent(share),
      level: share < 0.5 ? 3 : share < 0.9 ? 2 : 0,
    };
  }
  if (row.kind === "in_flight") {
    const count = levels.clients?.[node.key]?.in_flight ?? 0;
    return { share: count / (count + 100), text: number(count), level: 0 };
  }
  if (row.kind === "rotation") {
    const balancer = levels.balancers?.[node.key] ?? { in_rotation: 0, servers: 0 };
    return {
      up: balancer.in_rotation,
      all: balancer.servers,
      text: `${balancer.in_rotation}/${balancer.servers}`,
    };
  }
  if (row.kind === "alarms" || row.kind === "interfaces") {
    const { raised = 0, sent = 0, interfaces = 0 } = levels.monitors?.[node.key] ?? {};
    if (row.kind === "interfaces")
      return { share: interfaces > 0 ? 1 : 0, text: number(interfaces), level: 0 };
    // Of all that occurred, so much was told.
    return { ...share(sent, raised, `${number(sent)}/${number(raised)}`), level: 2 };
  }
  if (!station) return { share: 0, up: 0, all: 0, text: "–" };
  if (row.kind === "servers")
    return { up: station.up, all: station.servers, text: `${station.up}/${station.servers}` };
  if (row.kind === "primary") {
    const there = Number.isInteger(station.primary);
    return { share: there ? 1 : 0, text: there ? `#${station.primary}` : "–", level: 0 };
  }
  if (row.kind === "cpu")
    return share(
      station.cores_busy ?? 0,
      station.cores,
      percent((station.cores_busy ?? 0) / station.cores),
    );
  if (row.kind === "heap")
    return share(station.heap_used ?? 0, station.heap_limit, bytes(station.heap_used ?? 0));
  if (row.kind === "hits") {
    const hits = hitShare(history, shown_s(), node.key);
    return { share: hits || 0, text: hits >= 0 ? percent(hits) : "–", level: 0 };
  }
  if (row.kind === "disk")
    return share(station.disk_used ?? 0, station.disk_capacity, bytes(station.disk_used ?? 0));
  if (row.kind === "rows") {
    // The bar shows how many of them are dead.
    const all = (station.rows ?? 0) + (station.dead_rows ?? 0);
    return share(station.dead_rows ?? 0, all, number(all));
  }
  if (row.kind === "spool") return heap(station.spooled ?? 0, station.spool_limit);
  if (row.kind === "depth") return heap(station.queue_depth ?? 0, station.depth_limit);
  const pool = station.pools?.[row.pool] ?? { busy: 0, threads: 0, queue: 0 };
  const waiting = pool.queue > 0 ? `+${number(pool.queue)}` : `${pool.busy}/${pool.threads}`;
  return { ...share(pool.busy, pool.threads, waiting), full: pool.queue > 0 };
}

/** What piles up: against its limit, or without one against a scale that never ends. */
const heap = (count, limit) => ({
  share: limit > 0 ? count / limit : count / (count + 1_000),
  text: number(count),
});

const share = (value, all, text) => ({ share: all > 0 ? value / all : 0, text });

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
