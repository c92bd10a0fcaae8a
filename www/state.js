// What the page knows. Everything shown follows from this object and from nothing else:
// a change is written with `update`, and at the next frame whoever listens to it draws again.

export const state = {
  /** Preset that the scenario came from, or null for a scenario of the user's own. */
  preset: null,
  /** The scenario as it was loaded. */
  scenario: null,
  /** Seed of the run. */
  seed: 1,
  /** What was switched, edited and injected in the solid lane, in the order of time. */
  actions: [],
  /** What the core says about the wiring of the run. */
  describe: null,
  /** The scenario of the solid lane with all edits and switches in force. */
  effective: null,
  /** Histories of the two lanes: as it was, with your switches. */
  lanes: [null, null],
  /** Newest reports of the two lanes. */
  reports: [null, null],
  /** Simulated moment that both lanes have reached, in seconds. */
  now_s: 0,
  /** Whether both lanes are at the end. */
  ended: false,
  /** A past moment being looked at, or null while following the run. */
  view_s: null,
  /** Moment under the pointer in a chart, or null. */
  hover_s: null,
  playing: false,
  /** Simulated seconds per second; Infinity is as fast as it goes. */
  speed: 1,
  /** What is selected: {kind: 'node' | 'edge' | 'toggle' | 'fault', key} or null. */
  selected: null,
  language: "en",
  /** Theme in force: 'light' or 'dark'. */
  theme: "dark",
};

const listeners = [];
const changed = new Set();

/** Changes the state and notes what has changed. */
export function update(patch) {
  for (const [key, value] of Object.entries(patch)) {
    if (state[key] !== value) {
      state[key] = value;
      changed.add(key);
    }
  }
}

/** Notes that something inside a value has changed. */
export function touch(key) {
  changed.add(key);
}

/** Calls `draw` at the next frame, and then at the next frame after one of the keys has changed. */
export function watch(keys, draw, { every_ms = 0 } = {}) {
  listeners.push({ keys, draw, every_ms, due: true, last: -Infinity });
}

/** Draws what has changed. Called once a frame. */
export function render(time) {
  for (const listener of listeners) {
    if (listener.keys.some((key) => changed.has(key))) listener.due = true;
  }
  changed.clear();
  for (const listener of listeners) {
    if (listener.due && time - listener.last >= listener.every_ms) {
      listener.due = false;
      listener.last = time;
      listener.draw();
    }
  }
}

/** The moment that the page shows. */
export const shown_s = () => state.view_s ?? state.now_s;

/** Whether a switch of the solid lane is on at a moment. */
export function isOn(toggle, at_s = shown_s()) {
  let on = false;
  for (const action of state.actions) {
    if (action.toggle === toggle && action.at_s <= at_s) on = action.on;
  }
  return on;
}

/** Faults hit both lanes; switches and edits are the difference between them. */
export const hitsBoth = (action) => action.path?.startsWith("faults.") ?? false;
