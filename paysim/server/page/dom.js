// Elements, made so that whatever comes from a run can only ever be text.

const listeners = /^on[a-z]+$/;

// Makes an element. Attributes: `class`, `dataset`, `onclick` and the like, properties such as
// `value` and `disabled`, anything else as it is written in HTML. Children: elements or texts.
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (listeners.test(name)) element.addEventListener(name.slice(2), value);
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (["value", "disabled", "checked", "open", "hidden", "id"].includes(name))
      element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

// Puts children in the place of those that are there.
export function fill(element, ...children) {
  element.replaceChildren(
    ...children.flat().filter((child) => child !== null && child !== undefined),
  );
  return element;
}

// Sets a text if it is another one: a text that is set anew is read aloud anew.
export function write(element, text) {
  const said = String(text);
  if (element.textContent !== said) element.textContent = said;
}

// A name of somebody else's making; it may read from right to left without turning its neighbours.
export function name(text, attributes = {}) {
  return el(
    "bdi",
    { class: "name", title: text.length > 24 ? text : undefined, ...attributes },
    text,
  );
}

// Tells those who hear the page instead of seeing it. Told politely, and never a stream of it.
export function say(text) {
  const status = document.getElementById("status");
  status.textContent = "";
  status.textContent = text;
}

// Rows of cells as a table. A head is a text, or one of figures: {text, figure: true}.
export function table(
  caption,
  heads,
  rows,
  { rowHeads = true, empty = "nothing to show", label } = {},
) {
  const columns = heads.map((head) => (typeof head === "string" ? { text: head } : head));
  const mark = (column) => (column.figure ? "figure" : undefined);
  const cells = (row) =>
    row.map((cell, at) =>
      at === 0 && rowHeads
        ? el("th", { scope: "row" }, cell)
        : el("td", { class: mark(columns[at]) }, cell),
    );
  const body = rows.length
    ? rows.map((row) => el("tr", {}, cells(row)))
    : el("tr", {}, el("td", { colspan: columns.length, class: "quiet" }, empty));
  return el(
    "div",
    { class: "scroll", role: "region", tabindex: "0", "aria-label": label ?? caption },
    el(
      "table",
      {},
      caption ? el("caption", {}, caption) : null,
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          columns.map((column) => el("th", { scope: "col", class: mark(column) }, column.text)),
        ),
      ),
      el("tbody", {}, body),
    ),
  );
}

// Asks a question, and answers whether it was answered with yes.
export function ask(question, detail, yes) {
  return new Promise((done) => {
    const dialog = el(
      "dialog",
      {
        "aria-labelledby": "question",
        onclose: () => {
          dialog.remove();
          done(dialog.returnValue === "yes");
        },
      },
      el("h2", { id: "question" }, question),
      el("p", {}, detail),
      el(
        "div",
        { class: "buttons" },
        el("button", { class: "danger", onclick: () => dialog.close("yes") }, yes),
        el("button", { autofocus: true, onclick: () => dialog.close("no") }, "Cancel"),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

// A message box for something that went wrong; empty it is not there.
export function alertBox() {
  const box = el("div", { class: "warning", role: "alert", hidden: true });
  box.tell = (problem) => {
    box.hidden = !problem;
    if (!problem) return fill(box);
    const more = (problem.errors ?? []).map((error) => el("li", {}, error.message));
    return fill(
      box,
      el("p", { class: "warning-title" }, problem.title ?? "Something went wrong"),
      el("p", {}, problem.detail ?? String(problem)),
      more.length > 1 ? el("ul", {}, more) : null,
    );
  };
  return box;
}
