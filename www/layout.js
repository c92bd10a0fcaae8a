// Where the nodes of the topology stand: in layers from the clients to the leaves, left to right
// where there is room, top to bottom on a narrow screen.

/** Below this width in CSS pixels layers lie under each other. */
const NARROW = 560;
const GAP = 16;
const CARD_MIN = 126;
const CARD_MAX = 208;
/** Room between two layers for the calls and their signs. */
const BETWEEN = 40;
/** The same where there are many layers. */
const BETWEEN_MANY = 28;

/** The layer of each node: one more than the furthest of its callers. */
function layersOf(nodes) {
  const layer = new Map(nodes.map(({ key }) => [key, 0]));
  // As many rounds as there are nodes settle everything that is not a circle.
  for (let round = 0; round < nodes.length; round += 1) {
    let moved = false;
    for (const { key, callees } of nodes) {
      for (const { to } of callees) {
        if (to === key || layer.get(to) > layer.get(key) || layer.get(key) + 1 >= nodes.length)
          continue;
        layer.set(to, layer.get(key) + 1);
        moved = true;
      }
    }
    if (!moved) break;
  }
  const layers = [];
  for (const node of nodes) (layers[layer.get(node.key)] ??= []).push(node);
  return layers.filter(Boolean).map((_, index, all) => ordered(all, index));
}

/** Within a layer, nodes stand near the middle of their callers. */
function ordered(layers, index) {
  if (index === 0) return layers[0];
  const before = layers[index - 1];
  const middle = ({ key }) => {
    const places = before.flatMap(({ callees }, place) =>
      callees.some(({ to }) => to === key) ? [place] : [],
    );
    return places.length === 0
      ? before.length
      : places.reduce((sum, place) => sum + place, 0) / places.length;
  };
  return [...layers[index]].sort((one, other) => middle(one) - middle(other));
}

/** Places for all nodes: {width, height, narrow, places: Map key → {x, y, width, height}}. */
export function place(nodes, heightOf, available) {
  const layers = layersOf(nodes);
  return available < NARROW
    ? below(layers, heightOf, available)
    : beside(layers, heightOf, available);
}

function beside(layers, heightOf, available) {
  const roomy = layers.length * (CARD_MIN + BETWEEN) - BETWEEN + 2 <= available;
  const least = roomy ? BETWEEN : BETWEEN_MANY;
  const fits = (available - 2 - least * (layers.length - 1)) / layers.length;
  const cardWidth = Math.max(CARD_MIN, Math.min(CARD_MAX, fits));
  const tall = (node) => heightOf(node, cardWidth);
  const heights = layers.map((layer) => layer.reduce((sum, node) => sum + tall(node) + GAP, -GAP));
  const height = Math.max(...heights) + 2;
  const between =
    layers.length > 1
      ? Math.max(least, (available - 2 - cardWidth * layers.length) / (layers.length - 1))
      : 0;
  const places = new Map();
  layers.forEach((layer, index) => {
    let y = 1 + (height - 2 - heights[index]) / 2;
    for (const node of layer) {
      places.set(node.key, {
        x: 1 + index * (cardWidth + between),
        y,
        width: cardWidth,
        height: tall(node),
      });
      y += tall(node) + GAP;
    }
  });
  const width = Math.max(available, 2 + layers.length * cardWidth + (layers.length - 1) * between);
  return { width, height, narrow: false, places };
}

function below(layers, heightOf, available) {
  const places = new Map();
  let y = 1;
  for (const layer of layers) {
    const columns = Math.max(
      1,
      Math.min(layer.length, Math.floor((available - 2 + GAP) / (CARD_MIN + GAP))),
    );
    const cardWidth = Math.min(CARD_MAX + 40, (available - 2 - GAP * (columns - 1)) / columns);
    const tall = (node) => heightOf(node, cardWidth);
    for (let start = 0; start < layer.length; start += columns) {
      const row = layer.slice(start, start + columns);
      const left = 1 + (available - 2 - row.length * cardWidth - (row.length - 1) * GAP) / 2;
      row.forEach((node, index) =>
        places.set(node.key, {
          x: left + index * (cardWidth + GAP),
          y,
          width: cardWidth,
          height: tall(node),
        }),
      );
      y += Math.max(...row.map(tall)) + (start + columns < layer.length ? GAP : 0);
    }
    y += BETWEEN;
  }
  return { width: available, height: y - BETWEEN + 1, narrow: true, places };
}

/**
 * A curve from the caller to the callee, its middle, and the place of its number near the end.
 * `shift` moves calls with the same ends apart.
 */
export function curve(from, to, narrow, shift = 0) {
  if (narrow) {
    const [x1, y1] = [from.x + from.width / 2 + shift, from.y + from.height];
    const [x2, y2] = [to.x + to.width / 2 + shift, to.y - 5];
    const middle = (y1 + y2) / 2;
    return {
      path: `M${x1} ${y1}C${x1} ${middle} ${x2} ${middle} ${x2} ${y2}`,
      x: (x1 + x2) / 2,
      y: middle,
      label: { x: x2 + 7, y: y2 - 2, anchor: "start" },
    };
  }
  const forward = to.x > from.x;
  const [x1, y1] = [forward ? from.x + from.width : from.x, from.y + from.height / 2 + shift];
  const [x2, y2] = [forward ? to.x - 5 : to.x + to.width + 5, to.y + to.height / 2 + shift];
  const middle = (x1 + x2) / 2;
  return {
    path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`,
    x: middle,
    y: (y1 + y2) / 2,
    label: { x: x2 + (forward ? -3 : 3), y: y2 - 7, anchor: forward ? "end" : "start" },
  };
}
