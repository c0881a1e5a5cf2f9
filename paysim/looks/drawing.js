// How the pages draw charts with Vega-Embed.
//
// The interpreter (`ast`) evaluates Vega's expressions without `eval`, which the pages forbid, and
// the loader refuses every address.

const refuse = () => Promise.reject(new Error("a chart loads nothing"));

const OPTIONS = {
  mode: "vega-lite",
  renderer: "svg",
  actions: false,
  ast: true,
  logLevel: 1, // errors only
  defaultStyle: false,
  tooltip: { disableDefaultStyle: true, theme: "paysim" },
  loader: { load: refuse, sanitize: refuse, http: refuse, file: refuse },
};

const embed = (place, spec) => vegaEmbed(place, spec, OPTIONS);

// Whether a chart has names along its edges, so that it needs the width that it asks for.
const hasNames = ({ encoding = {}, layer = [] }) =>
  ["nominal", "ordinal"].includes(encoding.x?.type) || layer.some(hasNames);
