// Which column of a frame holds what, and nothing else on the page knows it: columns are named
// `owner/measure`, the owner being `node`, `node.pool`, `node.class` or `node.call`.
//
// A class and a call of one node may have the same name. They are told apart by what is measured:
// only requests of classes are offered, only calls have attempts, only pools have a queue.

const cache = new WeakMap();

/** The columns of each owner stand together: [{owner, columns: {measure: column}}]. */
function groupsOf(describe) {
  if (!cache.has(describe)) {
    const groups = [];
    describe.series.forEach(({ key }, column) => {
      const [owner, name] = key.split("/");
      const measure = name.replace(/_ms$/, "");
      const last = groups.at(-1);
      if (last?.owner === owner && !(measure in last.columns)) last.columns[measure] = column;
      else groups.push({ owner, columns: { [measure]: column } });
    });
    cache.set(describe, groups);
  }
  return cache.get(describe);
}

/** Columns by measure of the node, class, pool or call of that name which has the measure `mark`. */
export function columnsOf(describe, owner, mark = "offered") {
  const found = groupsOf(describe).find((group) => group.owner === owner && mark in group.columns);
  return found?.columns ?? {};
}

/** Parts of a node that have a measure: its pools have `queue`, its classes `offered`. */
export function partsOf(describe, node, mark) {
  return groupsOf(describe)
    .filter(({ owner, columns }) => owner.startsWith(`${node}.`) && mark in columns)
    .map(({ owner, columns }) => ({ owner, part: owner.slice(node.length + 1), columns }));
}
