// Owns drawing: lines by uPlot, bars by lists, each with the same numbers as a table.
import { el } from '../dom.js';
import { count, day } from '../format.js';
import { locale } from '../language.js';

const HEIGHT = 230;
/** Lines differ by dash as well as by colour. */
const LINES = [{ color: '--accent', dash: [] }, { color: '--warn', dash: [8, 4] }, { color: '--good', dash: [2, 3] }];
/** Rows of a table: the last ones; an export has all. */
const ROWS_MAX = 200;

/** Around a single point, in units of the axis. */
const PAD = 60;
const compact = new Intl.NumberFormat(locale, { notation: 'compact' });
/** A number as short as an axis wants it. */
export const short = (n) => compact.format(n);

/** What the axis spans: of a single point uPlot would show years. Pure. */
export const xRange = (all, low, high) => (all.length === 1 ? [all[0] - PAD, all[0] + PAD] : [low, high]);

const tone = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A chart with its table. `lines` are { words, format, axis }; `time` whether the axis is one; `xWords` puts a
 * value of the axis into words. { node, update(data) }.
 */
export function lineChart({ title, lines, time = true, xWords, xTitle = 'Time' }) {
  const stage = el('div', { class: 'chart', 'aria-hidden': 'true' });
  const table = el('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${title} as a table` });
  const node = el('section', { class: 'card', 'aria-label': title }, el('h2', { class: 'part-title' }, title), stage,
    el('details', { ontoggle: () => fill() }, el('summary', {}, 'As a table'), table));
  let plot = null;
  let data = [[], ...lines.map(() => [])];

  const said = (line, value) => (value === null || value === undefined ? '–' : line.format(value));
  function options() {
    const axis = { stroke: tone('--quiet'), grid: { stroke: tone('--line'), width: 1 }, ticks: { stroke: tone('--line') } };
    return {
      width: Math.max(240, stage.clientWidth || 600), height: HEIGHT,
      scales: { x: { time, range: (_, low, high) => xRange(data[0], low, high) }, y: { range: (_, low, high) => [Math.min(0, low ?? 0), Math.max(high ?? 0, 1)] } },
      axes: [{ ...axis, ...(xWords && { values: (_, all) => all.map(xWords) }) },
        { ...axis, size: 56, values: (_, all) => all.map((value) => (lines[0].axis || short)(value)) }],
      series: [{ label: xTitle }, ...lines.map((line, at) => ({ label: line.words, width: 2, stroke: tone(LINES[at].color), dash: LINES[at].dash,
        value: (_, value) => said(line, value) }))],
    };
  }
  function draw() {
    if (!globalThis.uPlot || !stage.isConnected) return;
    plot?.destroy();
    plot = new globalThis.uPlot(options(), data, stage);
  }
  function fill() {
    if (!node.querySelector('details').open) return;
    const words = xWords || ((at) => day(new Date(at * 1000).toISOString(), null, { dateStyle: 'medium', timeStyle: 'medium' }));
    const from = Math.max(0, data[0].length - ROWS_MAX);
    const rows = data[0].slice(from).map((at, index) => el('tr', {}, el('th', { scope: 'row' }, words(at)),
      lines.map((line, of) => el('td', { class: 'number' }, said(line, data[of + 1][from + index])))));
    table.replaceChildren(el('table', { class: 'parts' },
      el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, xTitle), lines.map((line) => el('th', { scope: 'col', class: 'number' }, line.words)))),
      el('tbody', {}, rows.reverse())));
  }
  const watcher = new ResizeObserver(() => {
    if (plot) plot.setSize({ width: Math.max(240, stage.clientWidth), height: HEIGHT });
    else draw();
  });
  watcher.observe(stage);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  dark.addEventListener('change', draw);
  return {
    node,
    update(next) {
      data = next;
      if (plot) plot.setData(data);
      else draw();
      fill();
    },
    close() {
      watcher.disconnect();
      dark.removeEventListener('change', draw);
      plot?.destroy();
    },
  };
}

/** Bars with their numbers in words: { words, n, of?, after? }. */
export function bars(rows) {
  const most = Math.max(1, ...rows.map((row) => row.of ?? row.n));
  return el('ul', { class: 'bars' }, rows.map((row) => {
    const fill = el('span', { class: 'fill' });
    fill.style.setProperty('--part', `${(100 * row.n) / (row.of || most)}%`);
    return el('li', {}, el('span', { class: 'words' }, row.words),
      el('span', { class: 'number' }, row.after ? `${count(row.n)} ${row.after}` : count(row.n)),
      el('span', { class: 'track', 'aria-hidden': 'true' }, fill));
  }));
}
