// Figures beside the verdict that only some stories are about: what became of the data, whether there
// was a primary, who could log in, who was told, and what it cost.

import { has, hasCopies } from "./facets.js";
import { number, percent, seconds, t } from "./i18n.js";
import { state } from "./state.js";

const ofStations = (report, part) =>
  Object.entries(report.stations)
    .map(([key, station]) => part(station, key))
    .filter((value) => Number.isFinite(value));
const total = (report, part) => ofStations(report, part).reduce((sum, value) => sum + value, 0);

/** Of each figure, how it is read from a report, and how it is written. */
const FIGURES = {
  lost: [(report) => total(report, ({ data }) => data?.records?.lost), number],
  duplicated: [(report) => total(report, ({ data }) => data?.store?.duplicated), number],
  lost_writes: [(report) => total(report, ({ copies }) => copies?.lost_writes), number],
  no_primary: [withoutPrimary, seconds],
  logins: [(report) => ofStations(report, ({ logins }) => logins?.success_ratio)[0], percent],
  alarms: [({ alarms }) => alarms?.sent, number],
  alarm_delay: [({ alarms }) => alarms?.detection_delay_s, seconds],
  hours: [serverHours, (value) => t("unit_hours", { value: number(value) })],
};

/** A database without copies has no primary to lose: it is down or not. */
function withoutPrimary(report) {
  return total(report, ({ copies }, key) => (hasCopies(key) ? copies?.no_primary_s : 0));
}

/** Where the number of servers is a matter of choice, it has a price. */
function serverHours({ verdict }) {
  const chosen = state.describe.nodes.some(({ key }) => has(key, "standby", "autoscaler"));
  return chosen ? verdict.server_hours : undefined;
}

/** Keys of the figures. A figure is of interest where it is above 0 in one of the lanes. */
export const SPECIAL = Object.keys(FIGURES);

/** A figure of a report; undefined if the report has none. */
export const special = (key, report) => FIGURES[key][0](report) ?? undefined;

/** The same in words. */
export function specialWords(key, report) {
  const value = special(key, report);
  return value === undefined ? "–" : FIGURES[key][1](value);
}
