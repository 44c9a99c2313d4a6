// Draws <canvas data-chart> from the JSON beside it. A click on a point leads to the list behind it.
(() => {
  "use strict";
  // light-dark() is resolved by the browser only in real properties: read it through an element.
  const probe = document.body.appendChild(Object.assign(document.createElement("span"), { hidden: true }));
  const color = (name) => { probe.style.color = `var(${name})`; return getComputedStyle(probe).color; };
  const language = document.documentElement.lang;
  const number = (options) => new Intl.NumberFormat(language, options).format;
  const units = {
    count: number({ notation: "compact", maximumFractionDigits: 1 }),
    money: (value) => `$${number({ maximumSignificantDigits: 3 })(value)}`,
    figure: number({ maximumSignificantDigits: 3 }),
    duration: (value) => (value < 1 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(2)} s`),
    percent: (value) => `${Math.round(value * 100)} %`,
  };
  const palette = () => ["--accent-fill", "--good", "--warn", "--info", "--violet", "--bad", "--text-faint", "--line-strong"].map(color);
  // An area lets what lies behind it through.
  const shade = (value) => value.replace(/^rgb\((.*)\)$/, "rgba($1, 0.18)");
  const charts = [];

  const shapes = ["circle", "rect", "triangle", "rectRot"];
  // From the lowest to the highest with some room, but not beyond where a share or a measure can be.
  const range = (values) => {
    const low = Math.min(...values);
    const high = Math.max(...values);
    const room = 0.12 * (high - low || Math.abs(high) || 1);
    return { min: low < 0 ? low - room : Math.max(0, low - room), max: low >= 0 && high <= 1 ? Math.min(1, high + room) : high + room };
  };

  function scatter(canvas, spec) {
    const x = units[spec.xUnit];
    const y = units[spec.unit];
    const text = color("--text-faint");
    const colors = palette();
    const hue = (point) => colors[point.color % colors.length];
    const shape = (point) => shapes[(spec.shapes.length ? point.shape : Math.floor(point.color / colors.length)) % shapes.length];
    const axis = (title, unit, bounds) => ({
      title: { display: true, text: title, color: text, font: { size: 11 } },
      grid: { color: color("--line") },
      border: { display: false },
      ...bounds,
      ticks: { color: text, maxTicksLimit: 6, includeBounds: false, font: { size: 11 }, callback: (value) => unit(value) },
    });
    const legend = () => [
      ...spec.colors.map((name, index) => ({ text: name, fontColor: text, fillStyle: hue({ color: index }), strokeStyle: hue({ color: index }), pointStyle: shape({ color: index, shape: 0 }), lineWidth: 2 })),
      ...spec.shapes.map((name, index) => ({ text: name, fontColor: text, fillStyle: "transparent", strokeStyle: text, pointStyle: shapes[index], lineWidth: 2 })),
    ];
    const chart = new Chart(canvas, {
      type: "scatter",
      data: {
        datasets: [{
          data: spec.points,
          clip: false,
          pointRadius: 6,
          pointHoverRadius: 8,
          pointBorderWidth: 2,
          pointStyle: spec.points.map(shape),
          pointBorderColor: spec.points.map(hue),
          pointBackgroundColor: spec.points.map((point) => (point.front ? hue(point) : "transparent")),
        }],
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        onClick: (event, points) => { if (points.length) location.href = spec.points[points[0].index].url; },
        onHover: (event, points) => { event.native.target.style.cursor = points.length ? "pointer" : ""; },
        scales: {
          x: axis(spec.x, x, { min: 0, grace: "12%" }),
          y: axis(spec.y, y, range(spec.points.map((point) => point.y))),
        },
        plugins: {
          legend: { position: "bottom", onClick: () => {}, labels: { usePointStyle: true, boxHeight: 7, font: { size: 11 }, generateLabels: legend } },
          tooltip: { usePointStyle: true, callbacks: { label: ({ raw }) => ` ${raw.name}: ${y(raw.y)}, ${x(raw.x)}` } },
        },
      },
    });
    charts.push(chart);
  }

  function draw(canvas) {
    const spec = JSON.parse(canvas.nextElementSibling.textContent);
    if (spec.kind === "scatter") { scatter(canvas, spec); return; }
    const colors = spec.tone ? [color(`--${spec.tone}`)] : palette();
    const unit = units[spec.unit] || units.count;
    const grid = color("--line");
    const text = color("--text-faint");
    const line = spec.kind === "line";
    const chart = new Chart(canvas, {
      type: spec.kind,
      data: {
        labels: spec.labels,
        datasets: spec.series.map((series, index) => ({
          label: series.name,
          data: series.data,
          backgroundColor: spec.filled ? shade(colors[index % colors.length]) : colors[index % colors.length],
          borderColor: colors[index % colors.length],
          borderWidth: line ? 2 : 0,
          pointRadius: line ? 2.5 : 0,
          spanGaps: true,
          maxBarThickness: 26,
          tension: 0,
          fill: Boolean(spec.filled),
        })),
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        interaction: { mode: "index", intersect: false },
        onClick: (event, points) => {
          if (!points.length) return;
          const nearest = chart.getElementsAtEventForMode(event, "nearest", { intersect: true }, false)[0];
          const { url } = spec.series[(nearest || points[0]).datasetIndex];
          location.href = `${url}${url.includes("?") ? "&" : "?"}${spec.spans[points[0].index]}`;
        },
        onHover: (event, points) => { event.native.target.style.cursor = points.length ? "pointer" : ""; },
        scales: {
          x: { stacked: spec.stacked, grid: { display: false }, border: { color: grid }, ticks: { color: text, maxRotation: 0, autoSkipPadding: 14, font: { size: 11 } } },
          y: { stacked: spec.stacked, beginAtZero: true, border: { display: false }, grid: { color: grid }, ticks: { color: text, maxTicksLimit: 5, font: { size: 11 }, callback: (value) => unit(value) } },
        },
        plugins: {
          legend: { display: spec.series.length > 1, position: "bottom", labels: { color: text, boxWidth: 10, boxHeight: 10, font: { size: 11 } } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label}: ${unit(item.parsed.y)}` } },
        },
      },
    });
    charts.push(chart);
  }
  function drawAll() {
    charts.splice(0).forEach((chart) => chart.destroy());
    document.querySelectorAll("canvas[data-chart]").forEach(draw);
  }
  drawAll();
  // Charts that came with a fragment.
  document.addEventListener("htmx:load", (event) => event.target.querySelectorAll("canvas[data-chart]").forEach((canvas) => Chart.getChart(canvas) || draw(canvas)));
  document.addEventListener("themechange", drawAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAll);
})();
