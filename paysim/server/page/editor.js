// A text with numbered lines, of which some can be marked as wrong.

import { el, fill } from "./dom.js";

export class Editor {
  constructor(id) {
    this.wrong = new Map(); // line -> message
    this.gutter = el("div", { class: "gutter", "aria-hidden": "true" });
    this.area = el("textarea", {
      id,
      spellcheck: "false",
      autocomplete: "off",
      autocapitalize: "off",
      wrap: "off",
      rows: "22",
      "aria-describedby": `${id}-help`,
      oninput: () => this.#edited(),
      onscroll: () => this.#scrolled(),
    });
    this.bands = el("div", { class: "bands", "aria-hidden": "true" });
    this.element = el("div", { class: "editor" }, this.bands, this.area, this.gutter);
    this.count = 0;
    this.#number();
  }

  get text() {
    return this.area.value;
  }

  set text(text) {
    this.area.value = text;
    this.area.scrollTop = 0;
    this.mark([]);
  }

  // Marks the lines of errors; a mark moves with its line while lines before it come and go.
  mark(errors) {
    this.wrong = new Map();
    for (const { line, message } of errors) {
      if (line) this.wrong.set(line, [this.wrong.get(line), message].filter(Boolean).join("\n"));
    }
    if (errors.length) this.area.setAttribute("aria-invalid", "true");
    else this.area.removeAttribute("aria-invalid");
    this.#number(true);
  }

  // Puts the cursor where something is, and what is there in the middle of the view.
  jump(line, column = 1) {
    const lines = this.text.split("\n");
    const at = Math.min(line, lines.length);
    const start = lines.slice(0, at - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const end = start + lines[at - 1].length;
    this.area.focus();
    this.area.setSelectionRange(Math.min(start + column - 1, end), end);
    this.element.scrollIntoView({ block: "nearest" });
    this.reveal(at);
  }

  // Brings a line into the view.
  reveal(line) {
    this.area.scrollTop = (line - 1) * this.#height - this.area.clientHeight / 2;
    this.area.scrollLeft = 0;
    this.#scrolled();
  }

  get #height() {
    return parseFloat(getComputedStyle(this.area).lineHeight);
  }

  #edited() {
    const count = this.#lines();
    const added = count - this.count;
    if (added && this.wrong.size) {
      const here = this.text.slice(0, this.area.selectionStart).split("\n").length;
      const moved = new Map();
      for (const [line, message] of this.wrong) {
        const to = line >= here - Math.max(added, 0) && line !== here ? line + added : line;
        if (to > 0) moved.set(to, message);
      }
      this.wrong = moved;
    }
    this.#number(added !== 0);
  }

  #lines() {
    return this.text.split("\n").length;
  }

  #number(always = false) {
    const count = this.#lines();
    if (count === this.count && !always) return;
    this.count = count;
    const numbers = [];
    let plain = [];
    const flush = () => {
      if (plain.length) numbers.push(el("span", {}, plain.join("\n")));
      plain = [];
    };
    for (let line = 1; line <= count; line += 1) {
      const message = this.wrong.get(line);
      if (message === undefined) {
        plain.push(line);
      } else {
        flush();
        numbers.push(
          el("span", { class: "wrong", title: message, dataset: { line } }, `✕ ${line}`),
        );
      }
    }
    flush();
    fill(this.gutter, numbers);
    fill(
      this.bands,
      [...this.wrong.keys()].map((line) => {
        const band = el("div", { class: "band" });
        band.style.top = `calc(.5rem + ${line - 1} * 1lh)`;
        return band;
      }),
    );
    this.#scrolled();
  }

  #scrolled() {
    this.gutter.scrollTop = this.area.scrollTop;
    this.bands.style.transform = `translateY(${-this.area.scrollTop}px)`;
  }
}
