// The sign of a lane: a dashed line for "as it was", a solid one for "with your switches".

import { s } from "./dom.js";

export function laneMark(lane) {
  return s("svg", { class: `lane-mark lane-${lane}`, viewBox: "0 0 24 6", "aria-hidden": "true" },
    s("path", { d: "M0 3h24" }));
}
