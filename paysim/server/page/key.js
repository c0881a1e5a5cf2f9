// The key that a server with keys asks for. It stays in this tab and is forgotten with it.

import { el } from "./dom.js";

const PLACE = "paysim.key";
let asking = null;

export const key = () => sessionStorage.getItem(PLACE) ?? "";

export const forgetKey = () => sessionStorage.removeItem(PLACE);

// Asks for the key, once however many requests need it; done when there is one to be tried.
export function askKey(wasRefused) {
  asking ??= new Promise((done) => {
    const input = el("input", {
      id: "key",
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      autofocus: true,
    });
    const take = (event) => {
      event.preventDefault();
      const given = input.value.trim();
      if (!given) return;
      sessionStorage.setItem(PLACE, given);
      asking = null;
      dialog.close();
      dialog.remove();
      done();
    };
    const dialog = el(
      "dialog",
      { class: "key", "aria-labelledby": "key-title", oncancel: (event) => event.preventDefault() },
      el("h2", { id: "key-title" }, "This server asks for a key"),
      wasRefused
        ? el("p", { class: "wrong", role: "alert" }, "The server does not know this key.")
        : null,
      el(
        "p",
        {},
        "Whoever runs the server makes one with ",
        el("code", {}, "paysim keys add NAME --scope run"),
        ".",
      ),
      el(
        "form",
        { onsubmit: take },
        el("label", { for: "key" }, "Key"),
        input,
        el("div", { class: "buttons" }, el("button", { class: "primary" }, "Use this key")),
        el("p", { class: "quiet" }, "It is kept in this tab only, until the tab is closed."),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
  return asking;
}
