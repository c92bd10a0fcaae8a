// Links: what stands after `#` is made and read by the core, the same code as on the command line.

import { decode_link, encode_link, preset as presetJson } from "./pkg/brownout.js";
import { byId, find, write } from "./dom.js";
import { say, t } from "./i18n.js";
import { state } from "./state.js";

/** The incident that the page opens on. */
const DEFAULT_PRESET = "slow-dependency";

/** What the page shows now, as the fragment of a link. */
export function fragment() {
  const { preset, scenario, seed, actions } = state;
  return encode_link(
    JSON.stringify(preset ? { preset, seed, actions } : { scenario, seed, actions }),
  );
}

/** Reads the address. Gives {run} or, where the link is broken, {run: the default, problem: text}. */
export function read() {
  const text = location.hash.slice(1);
  if (text === "") return { run: presetRun(DEFAULT_PRESET) };
  try {
    const run = JSON.parse(decode_link(text));
    const scenario = run.scenario ?? presetRun(run.preset).scenario;
    return { run: { preset: null, actions: [], ...run, scenario } };
  } catch (error) {
    return { run: presetRun(DEFAULT_PRESET), problem: readable(error) };
  }
}

/** A preset as it is, nothing switched. */
export function presetRun(id) {
  const scenario = JSON.parse(presetJson(id));
  return { preset: id, scenario, seed: scenario.seed ?? 1, actions: [] };
}

/** What the core threw, in words. */
export function readable(error) {
  const text = typeof error === "string" ? error : (error?.message ?? String(error));
  try {
    const parsed = JSON.parse(text);
    if (Array.isArray(parsed))
      return parsed.map(({ path, message }) => `${path}: ${message}`).join("\n");
    return say(parsed, text);
  } catch {
    return text;
  }
}

/** Puts the run into the address without a new entry in the browser's history. */
export function writeAddress() {
  const link = `#${fragment()}`;
  if (location.hash !== link) history.replaceState(null, "", link);
}

/** Writes the link into the address and onto the clipboard, and shows it to be copied by hand. */
export async function share() {
  writeAddress();
  const field = byId("share-link");
  const status = byId("share-status");
  const link = location.origin + location.pathname + location.hash;
  field.value = link;
  write(status, "");
  byId("share-dialog").showModal();
  field.select();
  try {
    await navigator.clipboard.writeText(link);
    write(status, t("share_copied"));
  } catch {
    write(status, t("share_select"));
  }
}

export function startLinks(open) {
  byId("share").addEventListener("click", share);
  window.addEventListener("hashchange", () => open(read()));
  for (const dialog of document.querySelectorAll("dialog")) {
    // A click beside the dialog closes it.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    find("form", dialog).addEventListener("click", (event) => event.stopPropagation());
  }
}
