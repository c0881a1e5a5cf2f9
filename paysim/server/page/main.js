// The page: which of its views is shown is said by the address, so that a reload or a bookmark
// finds it again.

import { Beside } from "./beside.js";
import { Create } from "./create.js";
import { Home } from "./home.js";
import { One } from "./one.js";
import { banner } from "./banner.js";
import { el, fill } from "./dom.js";

const ROUTES = [
  [/^#\/simulations\/([^/?]+)\/beside\/([^/?]+)$/, (a, b) => new Beside(a, b)],
  [
    /^#\/simulations\/([^/?]+)(?:\?(.*))?$/,
    (id, query) => new One(id, new URLSearchParams(query ?? "")),
  ],
  [/^#\/new(?:\?(.*))?$/, (query) => new Create(new URLSearchParams(query ?? ""))],
  [/^(#\/?)?$/, () => new Home()],
];

let view = null;
let address = null;

async function show() {
  // What follows "?" says how something is shown, not what: the view sees to it itself.
  const [place] = location.hash.split("?");
  if (view !== null && place === address) {
    view.readdress?.(new URLSearchParams(location.hash.split("?")[1] ?? ""));
    return;
  }
  address = place;
  view?.close?.();
  banner("");
  const own = (view = made());
  const main = document.getElementById("main");
  main.setAttribute("aria-busy", "true");
  fill(main, own.element);
  for (const link of document.querySelectorAll(".top nav a")) {
    const isHere = link.getAttribute("href") === (place || "#/");
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  try {
    await own.open?.();
  } catch (error) {
    if (view === own) {
      own.close?.();
      fill(
        main,
        el("h1", {}, error.title ?? "Something went wrong"),
        el("p", {}, error.detail ?? error.message),
        el("p", {}, el("a", { href: "#/" }, "All simulations")),
      );
    }
  }
  if (view !== own) return;
  main.setAttribute("aria-busy", "false");
  document.title = `${own.title ?? "Simulations"} · paysim`;
  if (wasShown) main.querySelector("h1")?.focus();
  wasShown = true;
}

let wasShown = false;

function made() {
  for (const [pattern, make] of ROUTES) {
    const match = pattern.exec(location.hash);
    if (match)
      return make(
        ...match
          .slice(1)
          .map((part, at) =>
            part && at < 2 && !part.includes("=") ? decodeURIComponent(part) : part,
          ),
      );
  }
  return {
    element: el(
      "div",
      {},
      el("h1", { tabindex: "-1" }, "There is no such page"),
      el("p", {}, el("a", { href: "#/" }, "All simulations")),
    ),
    title: "No such page",
  };
}

// Keys for what is done most often. They do nothing while somebody writes or chooses something.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target.closest("input, textarea, select, [contenteditable], dialog")) return;
  if (event.key === " " && event.target.closest("button, a, summary, [role=button]")) return;
  if (view?.press?.(event.key)) event.preventDefault();
});

addEventListener("hashchange", show);
addEventListener("pagehide", () => view?.close?.());
addEventListener("pageshow", (event) => {
  if (event.persisted) location.reload();
});
show();
