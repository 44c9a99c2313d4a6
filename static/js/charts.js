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

  // Names beside their points: nobody should have to point at each to learn which it is.
  const names = {
    id: "names",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      ctx.save();
      ctx.font = "11px system-ui, sans-serif";
      ctx.fillStyle = color("--text-soft");
      ctx.textBaseline = "middle";
      const taken = [];
      chart.getDatasetMeta(0).data.forEach((point, index) => {
        const { name } = chart.data.datasets[0].data[index];
        const short = name.length > 28 ? `${name.slice(0, 27)}…` : name;
        const width = ctx.measureText(short).width;
        const left = point.x + 9 + width > chartArea.right ? point.x - 9 - width : point.x + 9;
        const top = [0, 13, -13].map((shift) => point.y + shift).find((y) => taken.every((box) => Math.abs(box.y - y) > 12 || left + width < box.left || left > box.right));
        if (top === undefined || left < chartArea.left) return;
        taken.push({ y: top, left, right: left + width });
        ctx.fillText(short, left, top);
      });
      ctx.restore();
    },
  };

  function scatter(canvas, spec) {
    const x = units[spec.xUnit];
    const y = units[spec.unit];
    const accent = color("--accent-fill");
    const text = color("--text-faint");
    const axis = (title, unit) => ({
      title: { display: true, text: title, color: text, font: { size: 11 } },
      grid: { color: color("--line") },
      border: { display: false },
      grace: "12%",
      ticks: { color: text, maxTicksLimit: 6, font: { size: 11 }, callback: (value) => unit(value) },
    });
    const chart = new Chart(canvas, {
      type: "scatter",
      data: {
        datasets: [{
          data: spec.points,
          pointRadius: 6,
          pointHoverRadius: 7,
          pointBorderWidth: 2,
          pointBorderColor: spec.points.map((point) => (point.front ? accent : text)),
          pointBackgroundColor: spec.points.map((point) => (point.front ? accent : "transparent")),
        }],
      },
      options: {
        animation: false,
        responsive: true,
        maintainAspectRatio: false,
        onClick: (event, points) => { if (points.length) location.href = spec.points[points[0].index].url; },
        onHover: (event, points) => { event.native.target.style.cursor = points.length ? "pointer" : ""; },
        scales: { x: { ...axis(spec.x, x), min: 0 }, y: axis(spec.y, y) },
        plugins: {
          legend: { display: false },
          tooltip: { callbacks: { label: ({ raw }) => `${raw.name}: ${y(raw.y)}, ${x(raw.x)}` } },
        },
      },
      plugins: [names],
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
