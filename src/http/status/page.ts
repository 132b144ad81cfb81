/** The page that an operator watches: one HTML document, whole in itself, made of what /status.json says. */
import { LIVE_SCRIPT } from './live.ts';
import { html, Markup, NOTHING } from '../../../html/markup.ts';
import { milliseconds, percent, span } from './quantity.ts';
import type { StatusBody } from './body.ts';
import { STATUS_STYLE } from './style.ts';
import { conferenceTable, errorTable, trunkTable } from './tables.ts';

export function statusPage(status: StatusBody): string {
  const standing = standingOf(status);
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>weir: ${standing.words}</title>
<link rel="icon" href="data:,">
<style>${new Markup(STATUS_STYLE)}</style>
<noscript><meta http-equiv="refresh" content="5"></noscript>
</head>
<body>
<p id="stale" role="alert" hidden>No answer from the focus for <b></b>. What is shown here is that old.</p>
<main>
${header(status, standing)}
${reasons(status)}
${totals(status)}
${workers(status)}
${section('trunks', 'Trunks to other foci', status.totals.trunks, status.trunks.length, trunkTable(status.trunks))}
${section('conferences', 'Conferences', status.totals.conferences, status.conferences.length, conferenceTable(status.conferences))}
${section('errors', 'Errors since the start', status.errors.length, status.errors.length, errorTable(status.errors))}
</main>
<footer>The same for programs: <a href="status.json">status.json</a>, <a href="metrics">metrics</a>.</footer>
<script>${new Markup(LIVE_SCRIPT)}</script>
</body>
</html>
`.text;
}

interface Standing {
  words: string;
  look: 'good' | 'careful' | 'bad';
}

function standingOf({ ready, overload, reasons: [first] }: StatusBody): Standing {
  if (!ready) return { words: 'not ready', look: 'bad' };
  switch (overload) {
    case 'shedding':
      return { words: 'sheds video', look: 'bad' };
    case 'careful':
      return { words: 'full', look: 'careful' };
    case 'calm':
      return first === undefined ? { words: 'well', look: 'good' } : { words: 'needs a look', look: 'careful' };
  }
}

function header(status: StatusBody, { words, look }: Standing): Markup {
  return html`<header>
<h1>weir <span class="pill ${look}">${words}</span></h1>
<p class="soft">${status.user_id ?? 'not logged in yet'} · version ${status.version} · up ${span(status.uptime_s)}</p>
</header>`;
}

function reasons({ reasons: all }: StatusBody): Markup {
  if (all.length === 0) return NOTHING;
  return html`<ul class="reasons">${all.map(
    ({ code, message, remedy }) => html`<li><code>${code}</code> ${message}. <span class="soft">${remedy}</span></li>`,
  )}</ul>`;
}

function totals({ totals: all, process, workers: { video_share: share } }: StatusBody): Markup {
  const figures: [string, string | number, string][] = [
    ['Conferences', all.conferences, ''],
    ['Participants here', all.present, asides([all.joining, 'joining'], [all.silent, 'silent'])],
    ['On other foci', all.remote, ''],
    ['Tracks', all.tracks, asides([all.forwarded, 'forwarded'])],
    ['Viewers held back', all.viewers_deficient, ''],
    ['Event loop late by', milliseconds(process.lag_ms), process.level === 'calm' ? '' : process.level],
    ['Video that viewers get', percent(share), ''],
  ];
  return html`<dl class="figures">${figures.map(
    ([name, value, aside]) => html`<div><dt>${name}</dt><dd>${value} <small>${aside}</small></dd></div>`,
  )}</dl>`;
}

function asides(...all: [number, string][]): string {
  return all.flatMap(([count, word]) => (count === 0 ? [] : `${count} ${word}`)).join(', ');
}

function workers({ workers: { alive, wanted, level, each } }: StatusBody): Markup {
  const state = alive < wanted ? `${alive} of ${wanted} alive` : level === 'calm' ? '' : level;
  return html`<section aria-labelledby="workers">
<h2 id="workers">Media workers <small>${state}</small></h2>
<ul class="workers">${each.map(
    ({ worker, load, routers, participants, consumers }) => html`<li>
<b>${worker}</b>
<meter min="0" max="1" low="0.7" high="0.85" optimum="0" value="${load}" aria-label="Load of worker ${worker}"></meter>
<span class="number">${percent(load)}</span>
<span class="soft">${routers} conferences, ${participants} participants, ${consumers} tracks out</span>
</li>`,
  )}</ul>
</section>`;
}

function section(id: string, title: string, total: number, shown: number, table: Markup): Markup {
  return html`<section aria-labelledby="${id}">
<h2 id="${id}">${title} <small>${total}</small></h2>
${total === 0 ? html`<p class="soft">None.</p>` : table}
${shown < total ? html`<p class="soft">${total - shown} more are not listed.</p>` : NOTHING}
</section>`;
}
