// Draws each chart of the report from the specification that stands beside it.

// Where there is less room than a chart asks for, it becomes narrower and its legend taller.
// Panels, and charts with names along the bottom, keep their size and are scrolled.
function fitted(spec, room) {
  const isWide = typeof spec.width === "number" && room < spec.width;
  if (!isWide || !(spec.mark || spec.layer) || hasNames(spec)) return spec;
  const legend = { ...spec.config?.legend, columns: 2 };
  return { ...spec, width: "container", config: { ...spec.config, legend } };
}

async function draw(figure) {
  const chart = figure.querySelector(".chart");
  try {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    await embed(chart, fitted(spec, chart.clientWidth));
    // What scrolls by itself must be reached with the keyboard too.
    const card = chart.closest(".card");
    if (card.scrollWidth > card.clientWidth) card.tabIndex = 0;
    figure.dataset.state = "drawn";
  } catch (error) {
    figure.dataset.state = "failed";
    chart.textContent = "This chart could not be drawn: " + error.message;
  }
}

for (const figure of document.querySelectorAll("figure.plot")) {
  draw(figure);
}
