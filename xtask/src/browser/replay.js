// Repeats runs in Web Workers, one for each core, each with its own copy of the page's module. The
// body of a function with the address of the module as its argument; afterwards `window.replay` has
// `jobs` to add to and `answers` to take from, both [number, …].

const [module, settings] = arguments;

const source = `
  import init, { Lane } from "${module}";
  const { far_s, all_events, astray_events } = ${JSON.stringify(settings)};
  const ready = init();
  // The message of a panic goes to the console.
  let said = "";
  console.error = (...words) => { said = words.join(" ").split("\\n\\nStack:")[0]; };

  function replay({ run, pieces }) {
    let lane = new Lane(JSON.stringify(run));
    for (const [until_s, events, checkpoint] of pieces) {
      lane.advance(until_s, events);
      if (checkpoint) {
        const copy = lane.checkpoint();
        lane.advance(far_s, astray_events);
        lane.free();
        lane = copy;
      }
    }
    while (!lane.done()) lane.advance(far_s, all_events);
    const stopped = lane.stopped_early() ?? null;
    const [windows, digest, report] = [lane.window_digests(), lane.digest(), lane.report()];
    lane.free();
    return { windows, digest, stopped, report };
  }

  self.onmessage = async ({ data: [number, job] }) => {
    try {
      await ready;
      postMessage([number, replay(job), false]);
    } catch (error) {
      // A user's mistakes are thrown as text; after anything else the module must not be used again.
      const broken = typeof error !== "string";
      postMessage([number, { error: broken ? said + " " + error : error }, broken]);
    }
  };`;

const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
const replay = { jobs: [], answers: [], add };
const idle = [];

function spawn() {
  const worker = new Worker(address, { type: "module" });
  let current = null;
  const next = () => {
    current = replay.jobs.shift() ?? null;
    if (current) worker.postMessage(current);
    else idle.push(next);
  };
  const give_up = (error) => {
    if (current) replay.answers.push([current[0], { error }]);
    worker.terminate();
    spawn();
  };
  worker.onmessage = ({ data: [number, answer, broken] }) => {
    if (broken) return give_up(answer.error);
    replay.answers.push([number, answer]);
    next();
  };
  worker.onerror = (event) => give_up(`the worker failed: ${event.message}`);
  next();
}

function add(jobs) {
  replay.jobs.push(...jobs);
  while (replay.jobs.length > 0 && idle.length > 0) idle.pop()();
}

for (let core = 0; core < navigator.hardwareConcurrency; core += 1) spawn();
window.replay = replay;
