// What a scenario is about, beyond requests and their times: which nodes scale, keep data, tell
// alarms … A component counts if the scenario has it, or if a switch or an intervention brings it.

import { state } from "./state.js";

/** Faults that take servers away or add some. */
const ENDING = ["crash", "kill", "reclaim", "misread", "stale"];

/** All that is said of a node: its own settings, and what is laid over them. */
function saidOf(key) {
  const { nodes } = state.effective;
  const { toggles = {}, interventions = {} } = state.scenario;
  const patches = [...Object.values(toggles), ...Object.values(interventions)];
  return [nodes[key], ...patches.map(({ patch }) => patch?.nodes?.[key])].filter(Boolean);
}

/** Whether a node has one of these components, or may get it. */
export const has = (key, ...names) =>
  saidOf(key).some((said) => names.some((name) => Boolean(said[name])));

/** Whether the number of a node's servers is likely to change. */
export function scales(key) {
  if (has(key, "autoscaler", "release", "restart")) return true;
  if (saidOf(key).some((said, index) => index > 0 && "servers" in said)) return true;
  return Object.values(state.effective.faults ?? {}).some(
    ({ target, effect }) => ENDING.includes(effect?.kind) && hits(target, key),
  );
}

/** Whether a target is a node, one of its servers, or a group with one of them. */
function hits(target, key) {
  const members = state.effective.groups?.[target]?.members ?? [target];
  return members.some((member) => member.split("#")[0] === key);
}

/** Whether rows of a database die, are purged, or move to another one. */
export function rowsChange(key) {
  const { nodes } = state.effective;
  const moves = (said) => said.migration?.to === key;
  const cleans = ({ tables = {} }) =>
    Object.values(tables).some((table) => table?.purge || table?.dead_rows > 0);
  return (
    has(key, "migration") || Object.values(nodes).some(moves) || saidOf(key).some(cleans)
  );
}

/** Whether a database has copies of itself. */
export const hasCopies = (key) => has(key, "replicas", "standby");

/** Whether what is read may be older than what was written. */
export const readsCopies = (key) =>
  has(key, "standby") || saidOf(key).some(({ reads }) => reads === "replicas");

/** Whether writes wait for each other's rows. */
export const locksRows = (key) =>
  saidOf(key).some(({ queries = {} }) => Object.values(queries).some((query) => query?.locks));
