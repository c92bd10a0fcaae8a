// Which column of a frame holds what. This is the one place that knows how series are named:
// `node.measure` and `node.pool.measure`, as `describe()` lists them.

const MEASURES = [
  "offered", "ok", "degraded", "failed", "rejected", "timed_out", "arrivals", "wasted", "p50", "p95", "p99",
];

const cache = new WeakMap();

function index(describe) {
  const nodes = {};
  describe.series.forEach(({ key, node }, column) => {
    nodes[node] ??= { pools: {} };
    const rest = key.slice(node.length + 1);
    const parts = rest.split(".");
    const measure = parts.at(-1).replace(/_(ms|rps)$/, "");
    if (parts.length === 1 && MEASURES.includes(measure)) nodes[node][measure] = column;
    if (parts.length === 2 && (measure === "busy" || measure === "queue")) {
      nodes[node].pools[parts[0]] ??= {};
      nodes[node].pools[parts[0]][measure] = column;
    }
  });
  return nodes;
}

/** Columns of a node by measure; `pools` holds those of its pools. */
export function columnsOf(describe, node) {
  if (!cache.has(describe)) cache.set(describe, index(describe));
  return cache.get(describe)[node] ?? { pools: {} };
}
