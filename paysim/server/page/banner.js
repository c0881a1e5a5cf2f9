// The one line at the top that tells that something is wrong with the connection.

import { el, fill } from "./dom.js";

export function banner(text, action) {
  const element = document.getElementById("banner");
  if (!text) {
    element.hidden = true;
    fill(element);
    return;
  }
  if (element.dataset.text === text && !element.hidden) return;
  element.dataset.text = text;
  element.hidden = false;
  fill(
    element,
    el("span", {}, text),
    action ? el("button", { onclick: action.run }, action.text) : null,
  );
}

// Keeps the banner as the connections of some simulations are.
export function watch(models) {
  const lost = models.find((model) => model.state === "lost");
  const gone = models.find((model) => model.state === "deleted");
  const failed = models.find((model) => model.state === "failed");
  if (gone) banner(`“${gone.label}” has been deleted. What you see is how it was.`);
  else if (failed) banner(`The server sends no more news: ${failed.problem.detail}`);
  else if (lost) {
    const retry = () => models.forEach((model) => model.stream.retry());
    banner(
      "No connection to the server. It is tried again and again, and nothing gets lost meanwhile.",
      { text: "Try now", run: retry },
    );
  } else banner("");
}
