// How the core names what it measures, and nothing else on the page knows it.
//
// Columns are named `owner/measure`, the owner being `node`, `node.pool`, `node.class` or `node.call`.
// Levels come as lists per kind of thing; the page looks them up by key.

const cache = new WeakMap();

function owners(describe) {
  if (!cache.has(describe)) {
    const found = new Map();
    describe.series.forEach(({ key }, column) => {
      const [owner, measure] = key.split("/");
      if (!found.has(owner)) found.set(owner, {});
      found.get(owner)[measure.replace(/_ms$/, "")] = column;
    });
    cache.set(describe, found);
  }
  return cache.get(describe);
}

/** Columns of a node, a pool, a class or a call, by measure. */
export const columnsOf = (describe, owner) => owners(describe).get(owner) ?? {};

/** Parts of a node that have a measure: its pools have `queue`, its classes `offered`, its calls `attempts`. */
export function partsOf(describe, node, measure) {
  return [...owners(describe)]
    .filter(([owner, columns]) => owner.startsWith(`${node}.`) && measure in columns)
    .map(([owner, columns]) => ({ owner, part: owner.slice(node.length + 1), columns }));
}

const keyed = (list, keyOf, read) =>
  Object.fromEntries((list ?? []).map((one) => [keyOf(one), read(one)]));

const byNode = ({ node }) => node;

/** Levels by key, completed with the capacities that the scenario states. */
export function readLevels(levels, { nodes }) {
  if (!levels) return null;
  const stations = keyed(levels.stations, byNode, (one) => ({
    ...one,
    disk_capacity: nodes[one.node]?.disk?.capacity_bytes,
    pools: keyed(
      one.pools,
      ({ pool }) => pool,
      (pool) => pool,
    ),
  }));
  const balancers = keyed(levels.balancers, byNode, (one) => ({
    ...one,
    servers: stations[nodes[one.node]?.to]?.servers ?? one.in_rotation,
  }));
  const edges = keyed(
    levels.edges,
    ({ node, call }) => `${node}.${call}`,
    (one) => one,
  );
  return { stations, balancers, edges, clients: keyed(levels.clients, byNode, (one) => one) };
}
