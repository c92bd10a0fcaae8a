// The page, as a table of contents.

import init, { presets } from "./pkg/brownout.js";
import { startCharts } from "./charts.js";
import { frameStatistics, startClock } from "./clock.js";
import { byId, write } from "./dom.js";
import { startEvents } from "./events.js";
import { startFaults } from "./faults.js";
import { startHeader, startTheme } from "./header.js";
import { chooseLanguage, t } from "./i18n.js";
import { startInspector } from "./inspector.js";
import { startKeyboard } from "./keyboard.js";
import { fragment, read, startLinks } from "./link.js";
import { notice } from "./notice.js";
import { open, pause } from "./session.js";
import { digests } from "./simulation.js";
import { state } from "./state.js";
import { startStory } from "./story.js";
import { startSwitches } from "./switches.js";
import { startTopology } from "./topology.js";
import { startTransport } from "./transport.js";
import { startVerdict } from "./verdict.js";

async function main() {
  startTheme();
  chooseLanguage();
  write(byId("loading"), t("loading"));
  await init();
  const tour = JSON.parse(presets());
  startHeader(tour);
  startStory(tour);
  startLinks(open);
  startVerdict();
  startTopology();
  startCharts();
  startSwitches();
  startFaults();
  startInspector();
  startEvents();
  startTransport();
  startKeyboard();
  startClock();
  await open(read());
  byId("loading").remove();
}

function fail(error) {
  document.documentElement.dataset.state = "error";
  byId("loading")?.remove();
  notice(t("worker_failed", { why: error?.message ?? String(error) }));
}

window.addEventListener("brownout-failed", ({ detail }) => {
  pause();
  fail(detail);
});

/** A handle for tests and for the curious. */
window.brownout = { state, digests, frames: frameStatistics, link: fragment };

main().catch(fail);
