// Draws the page's figures with Chart.js and makes the tables behind them.
(() => {
  'use strict';

  const figures = JSON.parse(document.getElementById('figures').textContent);
  const charts = new Map(); // by figure element
  // Lines beyond the number of colours differ by their dashes.
  const dashes = [[], [6, 3], [2, 2], [8, 3, 2, 3]];

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function palette() {
    return colour('--series').split(/\s+/);
  }

  function number(value, percent) {
    if (value === null || value === undefined) return '–';
    if (percent) return (100 * value).toFixed(2) + '%';
    if (Number.isInteger(value)) return value.toLocaleString('en');
    const size = Math.abs(value);
    if (size >= 1e6 || size < 1e-3) return value.toExponential(3);
    return String(Number(value.toPrecision(5)));
  }

  // Values on axes are short: 12k, 3.4M.
  function tick(value, percent) {
    if (percent) return Number((100 * value).toPrecision(6)) + '%';
    const size = Math.abs(value);
    if (size !== 0 && (size < 1e-3 || size >= 1e15)) return value.toExponential(0);
    for (const [unit, name] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k']]) {
      if (size >= unit) return Number((value / unit).toPrecision(4)) + name;
    }
    return String(Number(value.toPrecision(4)));
  }

  // Vertical lines where phases begin, with their names.
  const markers = {
    id: 'markers',
    afterDatasetsDraw(chart, _arguments, options) {
      const { ctx, chartArea: area, scales: { x } } = chart;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour('--faint');
      ctx.setLineDash([3, 3]);
      ctx.font = '11px system-ui, sans-serif';
      for (const marker of options.list || []) {
        const at = x.getPixelForValue(marker.x);
        if (at < area.left - 1 || at > area.right) continue;
        ctx.beginPath();
        ctx.moveTo(at, area.top);
        ctx.lineTo(at, area.bottom);
        ctx.stroke();
        ctx.save();
        ctx.translate(at + 11, area.top + 4);
        ctx.rotate(Math.PI / 2);
        ctx.fillText(marker.label, 0, 4);
        ctx.restore();
      }
      ctx.restore();
    },
  };

  function points(series) {
    return series.y.map((y, i) => ({ x: series.x[i], y }));
  }

  function datasets(figure) {
    const colours = palette();
    return figure.series.map((series, i) => {
      const shade = colours[i % colours.length];
      const set = { label: series.name, borderColor: shade, backgroundColor: shade };
      if (figure.kind === 'bars') {
        return { ...set, data: series.y, borderColor: colour('--paper'), borderWidth: { left: 1 }, stack: 'all' };
      }
      const line = { ...set, data: points(series), borderWidth: 2, pointRadius: 0, pointHitRadius: 8 };
      if (figure.kind === 'steps') return { ...line, stepped: 'before', fill: 'origin', borderWidth: 1 };
      if (figure.kind === 'roofline' && i > 0) {
        return { ...line, showLine: false, pointRadius: 5, pointStyle: ['circle', 'rect', 'triangle', 'star'][i % 4] };
      }
      const dash = dashes[Math.floor(i / colours.length) % dashes.length];
      return { ...line, borderDash: dash, spanGaps: false, pointRadius: series.y.length === 1 ? 4 : 0 };
    });
  }

  function scales(figure) {
    // Where a curve does not come near the ends of the scale, Chart.js leaves room beyond it.
    const clamp = (scale) => {
      scale.min = Math.max(scale.min, 0);
      scale.max = Math.min(scale.max, 1);
    };
    const axis = (title, log, percent) => ({
      type: log ? 'logarithmic' : 'linear',
      title: { display: title !== '', text: title },
      ...(percent ? { afterDataLimits: clamp } : {}),
      grid: { color: colour('--grid') },
      beginAtZero: !log && (figure.fromZero || figure.kind !== 'lines'),
      ticks: { callback: (value) => tick(value, percent), maxRotation: 0, autoSkipPadding: 12 },
    });
    if (figure.kind !== 'bars') {
      return { x: { ...axis(figure.x, figure.logX, false), beginAtZero: false }, y: axis(figure.y, figure.logY, figure.percent) };
    }
    return {
      x: { ...axis(figure.y, figure.logY, figure.percent), stacked: true },
      y: { type: 'category', stacked: true, grid: { display: false }, ticks: { autoSkip: false } },
    };
  }

  function options(figure) {
    const bars = figure.kind === 'bars', roofline = figure.kind === 'roofline';
    const label = (item) => {
      const value = number(bars ? item.parsed.x : item.parsed.y, figure.percent);
      const place = roofline ? ` at ${number(item.parsed.x, false)}` : '';
      return `${item.dataset.label ? item.dataset.label + ': ' : ''}${value}${place}`;
    };
    const title = (items) => {
      if (items.length === 0 || roofline) return '';
      return bars ? items[0].label : `${figure.x} ${number(items[0].parsed.x, false)}`;
    };
    return {
      animation: false,
      maintainAspectRatio: false,
      normalized: true,
      indexAxis: bars ? 'y' : 'x',
      interaction: { mode: bars ? 'index' : 'nearest', axis: bars ? 'y' : roofline ? 'xy' : 'x', intersect: false },
      scales: scales(figure),
      plugins: {
        legend: { display: figure.series.length > 1, labels: { boxWidth: bars ? 12 : 24, boxHeight: bars ? 10 : 2 } },
        tooltip: { callbacks: { label, title }, filter: (item, index) => index < 12 },
        markers: { list: figure.markers },
      },
    };
  }

  function draw(element) {
    if (charts.has(element)) return;
    const figure = figures[element.dataset.figure];
    const holder = element.querySelector('.canvas');
    if (figure.kind === 'bars') holder.style.height = `${8 + 1.6 * figure.categories.length}rem`;
    const type = figure.kind === 'bars' ? 'bar' : figure.kind === 'roofline' ? 'scatter' : 'line';
    const sets = datasets(figure);
    if (figure.kind === 'roofline') sets[0].showLine = true;
    charts.set(element, new Chart(holder.querySelector('canvas'), {
      type,
      data: { labels: figure.kind === 'bars' ? figure.categories : undefined, datasets: sets },
      options: options(figure),
      plugins: [markers],
    }));
  }

  function row(cells, tag) {
    const line = document.createElement('tr');
    cells.forEach((text, i) => {
      const header = tag === 'th' || i === 0;
      const cell = document.createElement(header ? 'th' : 'td');
      if (header) cell.scope = tag === 'th' ? 'col' : 'row';
      cell.textContent = text;
      line.append(cell);
    });
    return line;
  }

  // Points by their x and by how many of the same x came before: two phases meet in a step.
  function byPlace(series) {
    const found = new Map(), values = new Map();
    series.x.forEach((x, i) => {
      const occurrence = found.get(x) || 0;
      found.set(x, occurrence + 1);
      values.set(`${x} ${occurrence}`, { x, occurrence, y: series.y[i] });
    });
    return values;
  }

  // A row for each category or point's place that some series has, a column for each series.
  function rows(figure) {
    if (figure.kind === 'bars') {
      return figure.categories.map((name, i) => [name, ...figure.series.map((s) => number(s.y[i], figure.percent))]);
    }
    if (figure.kind === 'roofline') {
      return figure.series.flatMap((s) => s.x.map((x, i) => [s.name, number(x, false), number(s.y[i], false)]));
    }
    const values = figure.series.map(byPlace);
    const places = [...new Map(values.flatMap((v) => [...v])).entries()];
    places.sort(([, a], [, b]) => a.x - b.x || a.occurrence - b.occurrence);
    return places.map(([place, { x }]) => [number(x, false), ...values.map((v) => number(v.get(place)?.y, figure.percent))]);
  }

  function fillTable(details) {
    if (details.querySelector('table')) return;
    const figure = figures[details.closest('figure').dataset.figure];
    const names = figure.series.map((s) => s.name || figure.y);
    const head = figure.kind === 'roofline' ? ['', figure.x, figure.y] : [figure.x, ...names];
    const table = document.createElement('table');
    table.createTHead().append(row(head, 'th'));
    table.createTBody().append(...rows(figure).map((cells) => row(cells, 'td')));
    const scroll = document.createElement('div');
    scroll.className = 'scroll';
    scroll.tabIndex = 0;
    scroll.append(table);
    details.append(scroll);
  }

  function drawShown() {
    for (const element of document.querySelectorAll('figure')) {
      if (!element.closest('details.group:not([open])')) draw(element);
    }
    document.documentElement.dataset.drawn = charts.size;
  }

  function setColours() {
    Chart.defaults.color = colour('--ink');
    Chart.defaults.font.family = 'system-ui, sans-serif';
  }

  setColours();
  drawShown();
  document.querySelectorAll('details.group').forEach((d) => d.addEventListener('toggle', drawShown));
  document.querySelectorAll('details.values').forEach((d) => d.addEventListener('toggle', () => fillTable(d)));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    charts.forEach((chart) => chart.destroy());
    charts.clear();
    setColours();
    drawShown();
  });
  addEventListener('beforeprint', () => {
    document.querySelectorAll('details.group').forEach((d) => { d.open = true; });
    drawShown();
    charts.forEach((chart) => chart.resize());
  });
})();
