// Which column of a frame holds what, and nothing else on the page knows it: columns are named
// `owner/measure`, the owner being `node`, `node.pool`, `node.class` or `node.call`. The parts of a
// node have different names, whatever they are.

const cache = new WeakMap();

/** The columns of each owner: Map owner → {measure: column}. */
function ownersOf(describe) {
  if (!cache.has(describe)) {
    const owners = new Map();
    describe.series.forEach(({ key }, column) => {
      const [owner, name] = key.split("/");
      if (!owners.has(owner)) owners.set(owner, {});
      owners.get(owner)[name.replace(/_ms$/, "")] = column;
    });
    cache.set(describe, owners);
  }
  return cache.get(describe);
}

/** Columns by measure of a node, class, pool or call. */
export const columnsOf = (describe, owner) => ownersOf(describe).get(owner) ?? {};

/** Parts of a node that have a measure: its pools have `queue`, its classes `offered`. */
export function partsOf(describe, node, measure) {
  return [...ownersOf(describe)]
    .filter(([owner, columns]) => owner.startsWith(`${node}.`) && measure in columns)
    .map(([owner, columns]) => ({ owner, part: owner.slice(node.length + 1), columns }));
}
