// A new simulation, from a scenario that comes with paysim or from a text.

import { get, parse, send } from "./api.js";
import { alertBox, el, fill, say } from "./dom.js";
import { Editor } from "./editor.js";
import { counted } from "./format.js";
import { address } from "./home.js";

const SAVED = "paysim.draft";

export class Create {
  constructor(query) {
    this.title = "New simulation";
    this.query = query;
    this.editor = new Editor("scenario");
    this.alert = alertBox();
    this.errors = el("div", { class: "errors" });
    this.shipped = el(
      "select",
      { id: "shipped", onchange: () => this.#choose() },
      el("option", { value: "" }, "Your own text"),
    );
    this.question = el("p", { class: "quiet question" });
    this.name = el("input", { id: "name", maxlength: "100", autocomplete: "off" });
    this.seed = el("input", {
      id: "seed",
      inputmode: "numeric",
      pattern: "[0-9]*",
      autocomplete: "off",
      placeholder: "as in the text",
    });
    this.file = el("input", {
      id: "file",
      type: "file",
      accept: ".yaml,.yml,.json,.txt",
      onchange: () => this.#read(),
    });
    this.button = el("button", { class: "primary", id: "create" }, "Create simulation");
    this.element = el(
      "div",
      { class: "create" },
      el("h1", { tabindex: "-1" }, "New simulation"),
      el(
        "form",
        {
          novalidate: true,
          onsubmit: (event) => {
            event.preventDefault();
            this.#create();
          },
        },
        el(
          "div",
          { class: "fields" },
          el(
            "div",
            { class: "field wide" },
            el("label", { for: "shipped" }, "Scenario"),
            this.shipped,
            this.question,
          ),
          el("div", { class: "field" }, el("label", { for: "name" }, "Name"), this.name),
          el("div", { class: "field" }, el("label", { for: "seed" }, "Seed"), this.seed),
          el("div", { class: "field" }, el("label", { for: "file" }, "or read a file"), this.file),
        ),
        el("label", { for: "scenario" }, "Text of the scenario, YAML or JSON"),
        this.editor.element,
        el(
          "p",
          { class: "quiet", id: "scenario-help" },
          "Change what you like before it is created. Payments stand in the text under ",
          el("code", {}, "transactions"),
          "; a file cannot be named here.",
        ),
        this.alert,
        this.errors,
        el("div", { class: "buttons" }, this.button),
      ),
    );
  }

  async open() {
    const { scenarios } = await get("api/scenarios");
    this.scenarios = new Map(scenarios.map((each) => [each.name, each]));
    this.shipped.append(...scenarios.map((each) => el("option", { value: each.name }, each.name)));
    const draft = sessionStorage.getItem(SAVED);
    const asked = this.query.get("scenario");
    if (asked && this.scenarios.has(asked)) this.#show(asked);
    else if (draft) this.editor.text = draft;
    else if (scenarios.length) this.#show(scenarios[0].name);
    this.editor.area.addEventListener("input", () => this.#edited());
  }

  close() {
    if (this.shipped.value === "" && this.editor.text)
      sessionStorage.setItem(SAVED, this.editor.text);
  }

  #choose() {
    this.#show(this.shipped.value);
  }

  #show(name) {
    this.shipped.value = name;
    const scenario = this.scenarios.get(name);
    fill(this.question, scenario?.title ?? "");
    this.editor.text = scenario?.text ?? sessionStorage.getItem(SAVED) ?? "";
    this.name.placeholder = scenario?.name ?? "";
    this.#tell([]);
    this.alert.tell(null);
    if (!scenario) this.editor.area.focus();
  }

  // What is no more as it was shipped is one's own.
  #edited() {
    const scenario = this.scenarios.get(this.shipped.value);
    if (scenario && scenario.text !== this.editor.text) {
      this.shipped.value = "";
      this.name.placeholder = `${scenario.name}, changed`;
      fill(this.question, `Changed from ${scenario.name}.`);
    }
  }

  async #read() {
    const [file] = this.file.files;
    if (!file) return;
    this.shipped.value = "";
    fill(this.question, file.name);
    this.editor.text = await file.text();
    this.name.placeholder = file.name.replace(/\.[^.]*$/, "").slice(0, 100);
    this.#tell([]);
  }

  async #create() {
    if (this.isBusy) return;
    this.isBusy = true;
    this.button.disabled = true;
    this.alert.tell(null);
    this.#tell([]);
    const isJson = /^\s*[{[]/.test(this.editor.text);
    const query = new URLSearchParams();
    const name = this.name.value.trim() || this.name.placeholder;
    if (name) query.set("name", name);
    if (this.seed.value.trim()) query.set("seed", this.seed.value.trim());
    try {
      const type = isJson ? "application/json" : "application/yaml";
      const response = await send("POST", `api/simulations?${query}`, {
        body: this.editor.text,
        type,
      });
      const made = parse(await response.text());
      sessionStorage.removeItem(SAVED);
      this.shipped.value = this.shipped.value || "-";
      location.hash = address(made.simulation_id);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.isBusy = false;
      this.button.disabled = false;
    }
  }

  #fail(error) {
    const errors = error.errors ?? [];
    if (!errors.length) {
      this.alert.tell(error);
      return;
    }
    this.#tell(errors, error.omitted);
    say(
      `${counted(errors.length + error.omitted, "error")} in the scenario. ` +
        `The first: ${errors[0].message}`,
    );
    const first = errors.find((error) => error.line);
    if (first) this.editor.reveal(first.line);
    this.errors.querySelector("button, h2")?.focus();
  }

  #tell(errors, omitted = 0) {
    this.editor.mark(errors);
    if (!errors.length) {
      fill(this.errors);
      return;
    }
    const places = errors.map((error) =>
      el(
        "li",
        {},
        error.line
          ? el(
              "button",
              {
                type: "button",
                class: "link",
                onclick: () => this.editor.jump(error.line, error.column ?? 1),
              },
              `Line ${error.line}`,
            )
          : el("span", { class: "quiet" }, "–"),
        el("span", {}, error.message),
      ),
    );
    fill(
      this.errors,
      el(
        "h2",
        { tabindex: "-1" },
        `${counted(errors.length + omitted, "error")}: nothing has been created`,
      ),
      el(
        "ul",
        {},
        places,
        omitted ? el("li", {}, el("span"), el("span", {}, `and ${omitted} more`)) : null,
      ),
    );
  }
}
