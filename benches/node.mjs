// One run in WebAssembly: `node node.mjs FOLDER` with the folder of the page's module, and the run as the
// page takes it on standard input. Prints nanoseconds of processor time.

import {readFileSync} from 'node:fs';
import {join} from 'node:path';

const folder = process.argv[2];
// As data, because Node takes a .js file for CommonJS where no package.json says otherwise.
const source = readFileSync(join(folder, 'brownout.js')).toString('base64');
const {initSync, Lane} = await import(`data:text/javascript;base64,${source}`);
initSync({module: readFileSync(join(folder, 'brownout_bg.wasm'))});

// Linux tells it to the nanosecond; elsewhere the time that passes has to do.
function nanos() {
  try {
    return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]);
  } catch {
    return performance.now() * 1e6;
  }
}

const run = readFileSync(0, 'utf8');
// Once to warm up: the engine compiles in two steps, the second when it sees what is hot.
for (const lane = new Lane(run); lane.now_s() < 20;) lane.advance(20, 1e6);
const lane = new Lane(run);
const start = nanos();
while (!lane.done()) lane.advance(Number.MAX_VALUE, 1e7);
console.log(nanos() - start);
