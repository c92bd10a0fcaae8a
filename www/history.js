// What a lane has shown so far: one row of numbers per finished window, the levels at the end of
// each window, and the timeline. The page scrubs through this; the simulation never looks back.

export class History {
  constructor(describe) {
    this.window_s = describe.window_s;
    this.width = describe.series.length;
    this.capacity = describe.windows;
    this.values = new Float64Array(this.width * this.capacity);
    this.finished = 0;
    this.levels = [];
    this.newest = null;
    this.timeline = [];
  }

  /** Adds the rows of finished windows, starting with the window `from`. */
  addRows(from, rows) {
    const count = Math.min(rows.length / this.width, this.capacity - from);
    if (!(count > 0)) return;
    this.values.set(rows.subarray(0, count * this.width), from * this.width);
    this.finished = Math.max(this.finished, from + count);
  }

  /** Keeps the levels at the end of a window. They stay text until somebody looks at them. */
  addLevels(window, json) {
    this.levels[window] = json;
  }

  /** The value of a series in a window; -1 where there is none. */
  value(series, window) {
    if (series < 0 || window < 0 || window >= this.finished) return -1;
    return this.values[window * this.width + series];
  }

  /** Mean of the values that exist in the `count` windows up to and including `window`. */
  mean(series, window, count) {
    let sum = 0;
    let seen = 0;
    for (let index = Math.max(0, window - count + 1); index <= window; index += 1) {
      const value = this.value(series, index);
      if (value >= 0) {
        sum += value;
        seen += 1;
      }
    }
    return seen > 0 ? sum / seen : -1;
  }

  /** The last finished window at a moment, or -1. */
  windowAt(at_s) {
    return Math.min(this.finished - 1, Math.floor(at_s / this.window_s - 1e-6));
  }

  /** Levels at a past moment, or the newest ones for `null`, as the core wrote them. */
  levelsAt(at_s) {
    if (at_s === null && this.newest) return JSON.parse(this.newest);
    let window = at_s === null ? this.levels.length - 1 : this.windowAt(at_s);
    while (window >= 0 && !this.levels[window]) window -= 1;
    return window >= 0 ? JSON.parse(this.levels[window]) : null;
  }
}
