// Explore views: fetch a figure, draw it with Plotly in the colours of the page, keep the plain link when it fails.
"use strict";
addEventListener("DOMContentLoaded", async () => {
  const place = document.querySelector("[data-figure]");
  if (!place || !window.Plotly) return;
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const probe = document.createElement("i");
  place.append(probe);
  const shown = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const answer = await fetch(place.dataset.figure, { headers: { Accept: "application/json" } });
  if (!answer.ok) return;
  const figure = await answer.json();
  const axis = { gridcolor: shown("--hairline"), zerolinecolor: shown("--hairline") };
  const layout = {
    ...figure.layout,
    paper_bgcolor: "transparent",
    plot_bgcolor: "transparent",
    font: { color: shown("--text"), family: colour("--font") || "Inter, system-ui, sans-serif", size: 12 },
    colorway: ["--s1", "--s2", "--s3", "--s4", "--s5"].map(shown),
    margin: { l: 56, r: 16, t: 8, b: 48 },
    height: 520,
    xaxis: { ...axis, ...figure.layout.xaxis },
    yaxis: { ...axis, ...figure.layout.yaxis },
  };
  probe.remove();
  await Plotly.newPlot(place, figure.data, layout, { displayModeBar: false, responsive: true });
  document.querySelector("[data-explore-fallback]")?.remove();
  document.querySelector("[data-explore-reset]")?.addEventListener("click", () => {
    Plotly.relayout(place, { "xaxis.autorange": true, "yaxis.autorange": true });
  });
});
