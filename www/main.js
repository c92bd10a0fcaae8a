// A placeholder until there is a page: loads the module and says so.
import init from "./pkg/brownout.js";

window.brownout = { module: await init() };
document.documentElement.dataset.state = "ready";
