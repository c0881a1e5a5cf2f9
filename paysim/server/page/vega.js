// The library that draws, loaded when the first chart is asked for, and one view of it.

// Least width of a panel with the gap after it, the gap, and what stands at the left edge.
const PANEL_WIDTH = 196;
const PANEL_GAP = 18;
const PANEL_EDGE = 36;

let library = null;

function load() {
  const address = new URL(document.body.dataset.script, document.baseURI);
  library ??= import(address).then(() => globalThis.paysimDraw);
  return library;
}

// A chart takes the room there is; one with names along its edges keeps its size and is scrolled.
function fitted(given, room, hasNames) {
  // The figure tells as a whole what it shows; each point by itself need not.
  const spec = { ...given, config: { ...given.config, aria: false } };
  if (spec.facet) {
    const columns = Math.max(1, Math.floor((room - PANEL_EDGE) / PANEL_WIDTH));
    const width = Math.floor((room - PANEL_EDGE) / columns) - PANEL_GAP;
    return { ...spec, columns, spec: { ...spec.spec, width } };
  }
  if (!(spec.mark || spec.layer) || hasNames(spec)) return spec;
  const own = { ...spec, width: "container" };
  if (room < 500) own.config = { ...spec.config, legend: { ...spec.config?.legend, columns: 2 } };
  if (typeof own.height === "number" && own.height > 300) own.height = room < 500 ? 240 : 280;
  return own;
}

// A place for a chart. What is drawn anew takes the place of the old when it is ready.
export class View {
  constructor(place) {
    this.place = place;
    this.view = null;
    this.drawn = null;
    this.spec = null;
  }

  // Returns whether it is drawn: not where nobody sees it, as the place is folded or gone.
  async show(spec) {
    const { embed, hasNames } = await load();
    const room = this.place.clientWidth;
    if (!room) return false;
    const chart = document.createElement("div");
    chart.className = "chart waiting";
    this.place.append(chart);
    this.spec = spec;
    try {
      const { view, finalize } = await embed(chart, fitted(spec, room, hasNames));
      chart.classList.remove("waiting");
      this.#release();
      this.view = view;
      this.drawn = { chart, finalize, room };
      return true;
    } catch (error) {
      chart.remove();
      throw error;
    }
  }

  // Changes the data and the parameters of what is drawn.
  async change(rows, params) {
    for (const [name, value] of Object.entries(params)) this.view.signal(name, value);
    await this.view.data("rows", rows).runAsync();
  }

  // Whether the room has become another since it was drawn.
  get isStale() {
    return this.drawn !== null && Math.abs(this.drawn.room - this.place.clientWidth) > 1;
  }

  tell(text) {
    this.#release();
    const note = document.createElement("p");
    note.className = "quiet";
    note.textContent = text;
    this.place.replaceChildren(note);
  }

  #release() {
    this.drawn?.finalize();
    for (const child of [...this.place.children]) {
      if (!child.matches(".chart:last-child")) child.remove();
    }
    this.drawn = null;
    this.view = null;
  }

  close() {
    this.drawn?.finalize();
    this.drawn = null;
    this.view = null;
  }
}
