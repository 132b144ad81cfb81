/** The lists of the status page. On a narrow screen each row is a card, and its cells carry their names. */
import { ERRORS } from '../../../signalling/wire/errors.ts';
import { html, type Markup, NOTHING } from '../../../html/markup.ts';
import { bitrate, bytes, milliseconds, percent, span } from './quantity.ts';
import type { ConferenceBody, StatusBody, TrafficBody, TrunkBody } from './body.ts';

/** In place of what is not known. */
const UNKNOWN = html`–`;
/** Share of lost packets from which on it is marked. */
const MARKED_LOSS = 0.02;

/** A column, and what stands in it for a row. */
type Columns<Row> = readonly [name: string, cell: (row: Row) => Markup | string | number, isNumber?: 'number'][];

function table<Row>(columns: Columns<Row>, rows: readonly Row[]): Markup {
  return html`<table>
<thead><tr>${columns.map(([name, , kind]) => html`<th scope="col" class="${kind ?? ''}">${name}</th>`)}</tr></thead>
<tbody>${rows.map(row => html`<tr>${columns.map(column => cellOf(column, row))}</tr>`)}</tbody>
</table>`;
}

function cellOf<Row>([name, cell, kind]: Columns<Row>[number], row: Row): Markup {
  const content = cell(row);
  const look = content === UNKNOWN ? 'unknown' : '';
  return html`<td data-name="${name}" class="${kind ?? ''} ${look}"><div>${content}</div></td>`;
}

const TRUNK_COLUMNS: Columns<TrunkBody> = [
  ['Focus', ({ user_id: user, device_id: device }) => html`<b>${user}</b> <span class="soft">${device}</span>`],
  ['State', stateOf],
  ['Round trip', roundTripOf, 'number'],
  ['Sent', ({ traffic }) => directionOf(traffic?.sent_bps, traffic?.loss_sent, traffic?.media_bytes_sent), 'number'],
  [
    'Received',
    ({ traffic }) => directionOf(traffic?.received_bps, traffic?.loss_received, traffic?.media_bytes_received),
    'number',
  ],
  ['Tracks out', ({ traffic }) => tracksOut(traffic), 'number'],
  ['Tracks in', ({ traffic }) => traffic?.tracks_received ?? UNKNOWN, 'number'],
  ['Conference', conferenceOf],
];

export function trunkTable(trunks: readonly TrunkBody[]): Markup {
  return table(TRUNK_COLUMNS, trunks);
}

const CONFERENCE_COLUMNS: Columns<ConferenceBody> = [
  ['Conference', conferenceOf],
  ['Here', ({ joining, present, silent }) => hereOf(joining, present, silent), 'number'],
  ['On other foci', ({ remote }) => remote, 'number'],
  ['Trunks', ({ trunks }) => trunks, 'number'],
  ['Tracks', ({ tracks }) => tracks, 'number'],
  ['Forwarded', ({ forwarded }) => forwarded, 'number'],
  ['Viewers held back', ({ deficient }) => deficient, 'number'],
];

export function conferenceTable(conferences: readonly ConferenceBody[]): Markup {
  return table(CONFERENCE_COLUMNS, conferences);
}

const ERROR_COLUMNS: Columns<StatusBody['errors'][number]> = [
  ['Code', ({ code }) => html`<code>${code}</code>`],
  ['Times', ({ count }) => count, 'number'],
  ['Last', ({ last_s_ago: ago }) => `${span(ago)} ago`, 'number'],
  ['What it means', ({ code }) => html`${ERRORS[code].cause} <span class="soft">${ERRORS[code].remedy}</span>`],
];

export function errorTable(errors: StatusBody['errors']): Markup {
  return table(ERROR_COLUMNS, errors);
}

function conferenceOf({ room_id: room, conf_id: conf }: { room_id: string; conf_id: string }): Markup {
  return html`<span class="id">${room}</span> <span class="id soft">${conf}</span>`;
}

function hereOf(joining: number, present: number, silent: number): Markup {
  const aside = [joining > 0 ? `${joining} joining` : [], silent > 0 ? `${silent} silent` : []].flat().join(', ');
  return html`${present} <small>${aside}</small>`;
}

function stateOf({ state, code }: TrunkBody): Markup {
  const look = state === 'open' ? 'good' : state === 'refused' ? 'bad' : 'careful';
  return html`<span class="pill ${look}">${state}</span>${
    code === undefined ? NOTHING : html` <span class="why"><code>${code}</code> ${ERRORS[code].remedy}</span>`
  }`;
}

function roundTripOf({ round_trip_ms: signalling, traffic }: TrunkBody): Markup | string {
  const ms = traffic?.round_trip_ms ?? signalling;
  return ms === undefined ? UNKNOWN : milliseconds(ms);
}

function directionOf(rate: number | undefined, loss: number | undefined, sum: number | undefined): Markup {
  if (rate === undefined || loss === undefined || sum === undefined) return UNKNOWN;
  const look = loss >= MARKED_LOSS ? 'lossy' : 'soft';
  return html`${bitrate(rate)} <small class="${look}">${percent(loss)} lost</small> <small>${bytes(sum)}</small>`;
}

function tracksOut(traffic: TrafficBody | undefined): Markup {
  if (traffic === undefined) return UNKNOWN;
  return html`${traffic.tracks_sent} <small>${traffic.layers_sent} flow</small>`;
}
