// Draws what a [data-charts="URL"] element names: lines or stacked bars, with a table of the same
// values for who can't see them. Every text from elsewhere is set as text, never as markup.
"use strict";

(function () {
  const AGAIN_SECONDS = 15;
  const HEIGHT = 190;
  const PALETTE = ["--kw-line-1", "--kw-line-2", "--kw-line-3", "--kw-line-4"];
  const NAMED = {
    critical: "--kw-critical", warning: "--kw-warning", info: "--kw-info",
    "by an action": "--kw-success", "by itself": "--kw-info", dismissed: "--kw-muted",
    threshold: "--kw-critical", forecast: "--kw-warning",
  };
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colourOf = (name, at) => colour(NAMED[name] || PALETTE[at % PALETTE.length]) || "#888";

  function made(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function shown(value, unit, bare) {
    if (value === null || value === undefined) return "no data";
    if (unit === "ratio") return `${Number((value * 100).toPrecision(4))} %`;
    const sizes = [[1e9, "G"], [1e6, "M"], [1e3, "k"]];
    const [size, letter] = sizes.find(([least]) => Math.abs(value) >= least) || [1, ""];
    const number = Number((value / size).toPrecision(4));
    return `${number}${letter}${unit && !bare ? " " + unit : ""}`;
  }

  const hour = (at) => new Date(at * 1000).toISOString().slice(11, 16);

  function stacked(series) {
    const sums = [];
    return series.map((one) => one.values.map((value, at) => (sums[at] = (sums[at] || 0) + value)));
  }

  // The onset and what else happened, as vertical lines.
  function marks(chart) {
    return { hooks: { draw: (plot) => (chart.marks || []).forEach((mark) => {
      const x = plot.valToPos(mark.at, "x", true);
      if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) return;
      const pen = plot.ctx;
      pen.save();
      pen.strokeStyle = pen.fillStyle = colour("--kw-warning");
      pen.setLineDash([6, 4]);
      pen.beginPath();
      pen.moveTo(x, plot.bbox.top);
      pen.lineTo(x, plot.bbox.top + plot.bbox.height);
      pen.stroke();
      pen.font = `${11 * devicePixelRatio}px sans-serif`;
      const late = x > plot.bbox.left + plot.bbox.width / 2;
      pen.textAlign = late ? "right" : "left";
      pen.textBaseline = "bottom";
      pen.fillText(mark.label, x + (late ? 4 : -4) * devicePixelRatio, plot.bbox.top - 3 * devicePixelRatio);
      pen.restore();
    }) } };
  }

  function options(chart, series, width) {
    const axis = { stroke: colour("--kw-muted"), grid: { stroke: colour("--kw-border"), width: 1 },
      ticks: { stroke: colour("--kw-border"), width: 1 } };
    const bars = chart.bars && uPlot.paths.bars({ size: [0.7, 40] });
    return {
      width, height: HEIGHT, legend: { show: false }, padding: [20, null, null, null], cursor: { show: true, y: false },
      plugins: [marks(chart)], tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "Etc/UTC"),
      scales: { y: { range: (_, low, high) => [Math.min(0, low), high > 0 ? high * 1.1 : 1] } },
      axes: [{ ...axis, values: (_, ticks) => ticks.map(hour) }, { ...axis, size: 64,
        values: (_, ticks) => ticks.map((value) => shown(value, chart.unit, true)) }],
      series: [{}, ...series.map((one) => ({
        stroke: one.colour, width: chart.bars ? 0 : one.dashed ? 1.5 : 2, dash: one.dashed ? [6, 4] : undefined,
        fill: chart.bars ? one.colour : undefined, paths: bars || undefined,
        points: { show: false }, spanGaps: false,
      }))],
    };
  }

  function legend(series, chart) {
    const list = made("ul", "kw-legend");
    for (const one of series) {
      const item = made("li");
      const swatch = made("span", one.dashed ? "kw-swatch kw-dashed" : "kw-swatch");
      swatch.style.setProperty("--swatch", one.colour);
      const known = one.values.filter((value) => value !== null);
      const told = chart.bars
        ? known.reduce((sum, value) => sum + value, 0)
        : shown(known[known.length - 1], chart.unit);
      item.append(swatch, made("span", "", `${one.name}: ${told}`));
      list.append(item);
    }
    return list;
  }

  function table(chart, series) {
    const details = made("details", "kw-data");
    details.append(made("summary", "", "Values as a table"));
    details.addEventListener("toggle", () => {
      if (!details.open || details.querySelector("table")) return;
      const wrap = made("div", "kw-scroll");
      wrap.tabIndex = 0;
      const node = made("table", "kw-table");
      node.append(made("caption", "kw-hidden", chart.title));
      const head = made("tr");
      ["Time (UTC)", ...series.map((one) => one.name)].forEach((name) => {
        const cell = made("th", "", name);
        cell.scope = "col";
        head.append(cell);
      });
      node.append(head);
      chart.times.forEach((time, at) => {
        const row = made("tr");
        row.append(made("td", "", new Date(time * 1000).toISOString().slice(0, 16).replace("T", " ")));
        series.forEach((one) => row.append(made("td", "", shown(one.values[at], chart.unit))));
        node.append(row);
      });
      wrap.append(node);
      details.append(wrap);
    });
    return details;
  }

  function seriesOf(chart) {
    const series = chart.series.map((one, at) => ({ ...one, colour: colourOf(one.name, at) }));
    if (typeof chart.threshold === "number") {
      series.push({ name: "threshold", dashed: true, colour: colourOf("threshold"),
        values: chart.times.map(() => chart.threshold) });
    }
    return series;
  }

  function draw(chart) {
    const figure = made("figure", "kw-chart");
    figure.append(made("figcaption", "", chart.title));
    const series = seriesOf(chart);
    const canvas = made("div", "kw-plot");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", `${chart.title}: ` + series
      .map((one) => `${one.name} ${shown(one.values.findLast((value) => value !== null), chart.unit)}`)
      .join(", "));
    figure.append(canvas, legend(series, chart), table(chart, series));
    figure.plot = (width) => {
      const values = chart.bars ? stacked(series) : series.map((one) => one.values);
      const order = chart.bars ? series.map((_, at) => at).reverse() : series.map((_, at) => at);
      canvas.replaceChildren();
      new uPlot(options(chart, order.map((at) => series[at]), width),
        [chart.times, ...order.map((at) => values[at])], canvas);
    };
    return figure;
  }

  function plotAll(target) {
    target.querySelectorAll("figure").forEach((figure) => {
      const width = Math.floor(figure.clientWidth);
      if (width > 0) figure.plot(width);
    });
  }

  async function load(target) {
    if (document.hidden || target.querySelector("details[open]")) return;
    try {
      const answer = await fetch(target.dataset.charts, { headers: { Accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Error("HTTP " + answer.status);
      const told = await answer.json();
      target.replaceChildren(...told.charts.map(draw));
      if (told.notice) target.append(made("p", "kw-muted", told.notice));
      target.dataset.drawn = told.charts.length;
      plotAll(target);
    } catch {
      if (!target.dataset.drawn) target.replaceChildren(made("p", "kw-muted", "The charts can't be loaded now."));
    }
  }

  document.addEventListener("kubewise:draw", (event) => {
    const { target, charts } = event.detail;
    target.replaceChildren(...charts.map(draw));
    plotAll(target);
  });

  document.querySelectorAll("[data-charts]").forEach((target) => {
    let width = target.clientWidth;
    new ResizeObserver(() => {
      if (Math.abs(target.clientWidth - width) < 2) return;
      width = target.clientWidth;
      plotAll(target);
    }).observe(target);
    new MutationObserver(() => load(target)).observe(document.documentElement, { attributeFilter: ["class"] });
    document.addEventListener("kubewise:charts", () => load(target));
    load(target);
    setInterval(() => load(target), AGAIN_SECONDS * 1000);
  });
})();
