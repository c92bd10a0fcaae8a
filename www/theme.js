// Light and dark: the system's choice, or the user's.

import { byId } from "./dom.js";
import { update } from "./state.js";

const STORED = "brownout-theme";
const system = matchMedia("(prefers-color-scheme: light)");

export function startTheme() {
  const choice = byId("theme");
  choice.value = stored();
  if (choice.value === "") choice.value = "auto";
  choice.addEventListener("change", () => {
    try {
      localStorage.setItem(STORED, choice.value);
    } catch {
      // Without storage the choice lasts as long as the page.
    }
    apply(choice.value);
  });
  system.addEventListener("change", () => apply(choice.value));
  apply(choice.value);
}

function stored() {
  const asked = new URLSearchParams(location.search).get("theme");
  try {
    return asked ?? localStorage.getItem(STORED) ?? "auto";
  } catch {
    return asked ?? "auto";
  }
}

function apply(choice) {
  const theme = choice === "auto" ? (system.matches ? "light" : "dark") : choice;
  document.documentElement.dataset.theme = theme;
  update({ theme });
}
