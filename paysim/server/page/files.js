// What can be taken along: the report, the tables as CSV, the API.

import { download } from "./api.js";
import { el } from "./dom.js";
import { key } from "./key.js";

const TABLES = [
  "agents",
  "bilateral",
  "costs",
  "days",
  "delays",
  "events",
  "positions",
  "queues",
  "ticks",
  "transactions",
];

export class Files {
  constructor(model, alert) {
    this.model = model;
    this.alert = alert;
    this.select = el(
      "select",
      { id: "table" },
      TABLES.map((name) => el("option", { value: name }, name)),
    );
    this.select.value = "transactions";
    this.element = el(
      "section",
      { class: "files", "aria-labelledby": "files" },
      el("h2", { id: "files" }, "Take it along"),
      el(
        "ul",
        {},
        el(
          "li",
          {},
          el(
            "a",
            {
              href: `${model.path}/report`,
              target: "_blank",
              rel: "noopener",
              onclick: (event) => this.#report(event),
            },
            "Report of the run",
          ),
          el(
            "span",
            { class: "quiet" },
            ": one HTML file with warnings, figures, charts and tables",
          ),
        ),
        el(
          "li",
          {},
          el("label", { for: "table" }, "Table "),
          this.select,
          " ",
          el("button", { class: "small", onclick: () => this.#csv() }, "Save as CSV"),
        ),
        el(
          "li",
          {},
          el("a", { href: "docs" }, "The API"),
          el("span", { class: "quiet" }, ", by which programs do all of this: this one is "),
          el("code", {}, model.id),
        ),
      ),
    );
  }

  // A link does not carry a key, so with one the report is fetched and saved.
  #report(event) {
    if (!key()) return;
    event.preventDefault();
    this.#save(`${this.model.path}/report`, "text/html", `${this.model.id}.html`);
  }

  #csv() {
    const name = this.select.value;
    this.#save(`${this.model.path}/results?table=${name}`, "text/csv", `${name}.csv`);
  }

  async #save(path, type, name) {
    try {
      await download(path, type, name);
      this.alert.tell(null);
    } catch (error) {
      this.alert.tell(error);
    }
  }
}
