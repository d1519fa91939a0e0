// Draws the charts. Their colours are names of the style, so that a change of theme needs no new drawing.
"use strict";
(() => {
  const FONT = getComputedStyle(document.body).fontFamily;
  const text = { labelFont: FONT, titleFont: FONT, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
  const LOOKS = {
    background: null,
    font: FONT,
    view: { stroke: null },
    axis: {
      ...text,
      labelColor: "var(--ink)",
      titleColor: "var(--muted)",
      gridColor: "var(--line)",
      domain: false,
      ticks: false,
      labelPadding: 8,
      titlePadding: 10,
      labelLimit: 300,
    },
    axisX: { labelColor: "var(--muted)", labelFlush: false, tickCount: 5 },
    axisBand: { grid: false },
    header: { ...text, labelColor: "var(--muted)", labelPadding: 6 },
    legend: { ...text, labelColor: "var(--ink)" },
    text: { font: FONT, fontSize: 12 },
    title: { font: FONT, fontSize: 12, fontWeight: "normal", color: "var(--muted)", anchor: "start", frame: "group" },
  };

  async function draw() {
    const specs = JSON.parse(document.getElementById("specs").textContent);
    for (const place of document.querySelectorAll("[data-chart]")) {
      await vegaEmbed(place, specs[place.dataset.chart], {
        mode: "vega-lite",
        renderer: "svg",
        actions: false,
        config: LOOKS,
        tooltip: { theme: "custom", disableDefaultStyle: true },
      });
    }
    document.documentElement.dataset.drawn = "yes";
  }

  draw();
})();
