/** The page's look: the colours of the call page, by day and by night. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#e9f1ef, #0a171b);
  --surface: light-dark(#fbfdfc, #11242a);
  --surface-2: light-dark(#f0f6f4, #172e35);
  --ink: light-dark(#0f2429, #e4f0ee);
  --ink-soft: light-dark(#496166, #9bb5b7);
  --line: light-dark(#cddcd9, #264149);
  --accent: light-dark(#0c6873, #5ccbc0);
  --good: light-dark(#177a4c, #62cf97);
  --good-ground: light-dark(#dff2e7, #12382a);
  --bad: light-dark(#b2341d, #ff9077);
  --bad-ground: light-dark(#fbe4de, #43211b);
  --told: light-dark(#5f6d1c, #c9d06a);
  --told-ground: light-dark(#f1f3d9, #2f3318);
  --capacity: light-dark(#7b9a9b, #57777c);
  --capacity-fill: light-dark(#dfebe9, #18323a);
  --sent: light-dark(#c2571a, #ff9d5c);
  --received: light-dark(#0c6873, #4fd0c3);
  --estimate: light-dark(#6b4fb3, #b9a2ff);
  --queue: light-dark(#9a6a12, #e6b85c);
  --queue-fill: light-dark(#f3e4c4, #3f3318);
  --concealed: light-dark(#b03a6f, #f086b3);
  --layer-0: light-dark(#a9d6d0, #24545a);
  --layer-1: light-dark(#4ba69f, #3a8f8d);
  --layer-2: light-dark(#0c6873, #74dccf);
  --paused: light-dark(#cbb994, #6d5d36);
  --frozen: light-dark(#d8492c, #f0624a);
  --frozen-veil: light-dark(rgb(216 73 44 / 14%), rgb(240 98 74 / 20%));
  --settling: light-dark(rgb(15 36 41 / 5%), rgb(228 240 238 / 5%));
  --mark: light-dark(#8aa0a3, #6b888c);
  font-family: "Seravek", "Gill Sans Nova", "Source Sans 3", Ubuntu, Calibri, "DejaVu Sans", sans-serif;
  font-size: 16px;
  line-height: 1.5;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); -webkit-font-smoothing: antialiased; }
main { max-width: 1120px; margin: 0 auto; padding: 40px 20px 80px; }
h1, h2, h3, p, dl, dd, figure { margin: 0; }
h1, h2 { font-weight: 600; letter-spacing: -0.01em; line-height: 1.2; text-wrap: balance; }
h1 { font-size: 2rem; }
h2 { font-size: 1.35rem; }
a { color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
.soft { color: var(--ink-soft); }
.head { display: flex; flex-wrap: wrap; gap: 8px 24px; align-items: end; justify-content: space-between; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 8px; color: var(--ink-soft); font-size: 0.9rem; }
.verdict { font-size: 1.1rem; font-weight: 600; padding: 6px 16px; border-radius: 999px; white-space: nowrap; }
.pill { display: inline-block; padding: 0 10px; border-radius: 999px; font-size: 0.85rem; font-weight: 600; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
.told { color: var(--told); background: var(--told-ground); }
.card { background: var(--surface); border: 1px solid var(--line); border-radius: 16px; margin-top: 24px; padding: 20px 24px; overflow: hidden; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
.summary { padding: 8px 24px; }
.summary td, .summary th { padding: 7px 12px 7px 0; text-align: left; vertical-align: baseline; font-weight: 400; border-top: 1px solid var(--line); }
.summary thead > tr > * { border-top: 0; color: var(--ink-soft); font-size: 0.85rem; }
.summary tr.more > * { border-top: 0; padding-top: 0; }
.summary td:last-child { text-align: right; padding-right: 0; }
.summary th a { font-weight: 600; }
.number { white-space: nowrap; }
code { font-family: "DejaVu Sans Mono", ui-monospace, monospace; font-size: 0.84em; }
.plan { display: grid; grid-template-columns: max-content 1fr; gap: 2px 14px; margin-top: 10px; font-size: 0.95rem; }
.plan dt { color: var(--ink-soft); }
.failures { margin: 12px 0 0; padding: 10px 14px 10px 32px; border-radius: 10px; background: var(--bad-ground); color: var(--bad); font-size: 0.95rem; }
.figures { display: flex; flex-wrap: wrap; gap: 10px 28px; margin-top: 16px; }
.figures dt { color: var(--ink-soft); font-size: 0.8rem; line-height: 1.3; }
.figures dd { font-size: 1.15rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin-top: 18px; font-size: 0.85rem; color: var(--ink-soft); }
.legend span { display: inline-flex; align-items: center; gap: 7px; }
.legend i { width: 18px; height: 10px; border-radius: 3px; background: var(--of); }
.legend i.line { height: 3px; }
.legend i.dashes { height: 3px; background: repeating-linear-gradient(90deg, var(--of) 0 5px, transparent 5px 8px); }
.plot { margin-top: 14px; }
.plot figcaption { font-size: 0.85rem; color: var(--ink-soft); }
.plot svg { display: block; width: 100%; height: auto; color: var(--ink-soft); overflow: visible; }
.plot-narrow { display: none !important; }
@media (max-width: 760px) {
  main { padding: 24px 12px 56px; }
  h1 { font-size: 1.6rem; }
  .card { padding: 16px 14px; border-radius: 14px; }
  .plan { grid-template-columns: 1fr; }
  .plan dd { margin-bottom: 6px; }
  .plot-wide { display: none !important; }
  .plot-narrow { display: block !important; }
  .summary { padding: 4px 14px; }
  .summary thead { display: none; }
  .summary tr { display: grid; grid-template-columns: 1fr auto; padding: 6px 0; border-top: 1px solid var(--line); }
  .summary tbody:first-of-type tr:first-child { border-top: 0; }
  .summary tr.more { border-top: 0; padding-top: 0; }
  .summary td, .summary th { border: 0; padding: 1px 0; }
  .summary th { grid-column: 1 / -1; }
  .summary tr.more th { display: none; }
  .summary td.number { color: var(--ink-soft); font-size: 0.9rem; }
  .summary td.figure, .summary td:last-child { grid-row: auto; }
  .summary td.measured { text-align: right; color: var(--ink); font-weight: 600; }
  .summary td:nth-child(2) { grid-column: 1; }
  .summary td:last-child { grid-column: 2; grid-row: span 3; align-self: center; }
}
@media print { .card { break-inside: avoid; } }
`;
