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
  --hue-1: var(--received);
  --hue-2: var(--sent);
  --hue-3: var(--estimate);
  --hue-4: var(--queue);
  --hue-5: var(--concealed);
  --quiet: var(--mark);
  --bad-line: var(--frozen);
  --void: light-dark(#8a5a00, #f0c161);
  --void-ground: light-dark(#fdf1d6, #3b2f12);
  --veil-step: var(--settling);
  --veil-failed: var(--frozen-veil);
  --veil-void: light-dark(rgb(196 138 20 / 20%), rgb(240 193 97 / 18%));
  --veil-judged: light-dark(rgb(12 104 115 / 12%), rgb(92 203 192 / 14%));
  --failed-mark: var(--bad);
  --void-mark: var(--void);
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
.void { color: var(--void); background: var(--void-ground); }
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
.legend i.dot { width: 8px; height: 8px; border-radius: 50%; }
.plot { margin-top: 14px; }
.plot figcaption { font-size: 0.85rem; color: var(--ink-soft); }
.plot figcaption b { font-weight: 600; color: var(--ink); margin-right: 14px; }
.plot figcaption .legend { display: inline-flex; margin: 0; gap: 2px 14px; font-size: 0.8rem; }
.hero { padding: 8px 4px 0; }
.hero h1 { font-size: clamp(2rem, 5.4vw, 3.1rem); margin-top: 14px; letter-spacing: -0.025em; }
.hero .facts { align-items: center; margin-top: 0; }
.hero .lead { font-size: 1.2rem; line-height: 1.45; max-width: 46em; margin-top: 10px; text-wrap: pretty; }
.hero.is-void { padding: 34px 24px 24px; border: 1px solid var(--void); border-radius: 16px; background: repeating-linear-gradient(-45deg, var(--void) 0 12px, var(--void-ground) 12px 24px) top / 100% 12px no-repeat, var(--void-ground); overflow: hidden; }
.hero.is-void .pill { background: var(--void); color: var(--void-ground); }
.hero.is-void h1 { color: var(--void); }
.hero .figures dd { white-space: nowrap; }
.findings { margin: 14px 0 0; padding-left: 1.1em; font-size: 1.08rem; line-height: 1.5; max-width: 54em; }
.findings li { text-wrap: pretty; }
.findings li + li { margin-top: 4px; }
.findings li::marker { color: var(--accent); }
.stairs { display: flex; align-items: flex-end; gap: 4px; list-style: none; margin: 26px 0 0; padding: 0; font-variant-numeric: tabular-nums; }
.stairs li { flex: 1 1 0; min-width: 0; max-width: 170px; text-align: center; font-size: 0.85rem; color: var(--ink-soft); }
.stairs i { display: block; border-radius: 5px 5px 0 0; background: var(--accent); opacity: 0.85; }
.stairs .failed i { background: var(--frozen); }
.stairs .void i { background: var(--void); }
.stairs .failed, .stairs .void { font-weight: 600; color: var(--ink); }
.stairs .outcome { display: block; border-top: 1px solid var(--line); font-size: 0.75rem; line-height: 1.7; overflow: hidden; text-overflow: ellipsis; }
.rows { margin-top: 10px; }
.rows th, .rows td { padding: 7px 10px 7px 0; text-align: right; font-weight: 400; border-top: 1px solid var(--line); white-space: nowrap; }
.rows th:first-child, .rows td:first-child, .rows td:nth-child(2), .rows th:nth-child(2) { text-align: left; }
.plain-rows th:nth-child(2), .plain-rows td:nth-child(2) { text-align: right; }
.rows thead th { border-top: 0; color: var(--ink-soft); font-size: 0.8rem; white-space: normal; vertical-align: bottom; }
.rows tbody th { font-weight: 600; }
.rows .reason td { border-top: 0; padding-top: 0; text-align: left; color: var(--bad); white-space: normal; }
.rows .pill.plain { color: var(--ink-soft); padding: 0; font-weight: 400; }
.runs { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 16px; margin-top: 20px; }
.run { background: var(--surface); border: 1px solid var(--line); border-top: 4px solid var(--of); border-radius: 12px; padding: 14px 18px 16px; min-width: 0; overflow-wrap: anywhere; }
.run .facts { gap: 2px 12px; }
.run b { color: var(--of); }
.run .headline { font-size: 1.3rem; font-weight: 600; margin-top: 6px; line-height: 1.25; }
.notes { margin: 16px 0 0; padding: 10px 14px 10px 32px; border-radius: 10px; background: var(--void-ground); color: var(--void); font-size: 0.95rem; overflow-wrap: anywhere; }
.after { margin-top: 14px; }
.plots { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 8px 28px; align-items: end; }
.plots > * { min-width: 0; }
.plot-of-wide { grid-column: 1 / -1; }
.plot svg { display: block; width: 100%; height: auto; color: var(--ink-soft); overflow: visible; }
.plot-narrow { display: none !important; }
@media (max-width: 760px) {
  main { padding: 24px 12px 56px; }
  h1 { font-size: 1.6rem; }
  .card { padding: 16px 14px; border-radius: 14px; }
  .plan { grid-template-columns: 1fr; }
  .plan dd { margin-bottom: 6px; }
  .plot-wide, .plot-half { display: none !important; }
  .plots { grid-template-columns: minmax(0, 1fr); }
  .hero .lead { font-size: 1.08rem; }
  .hero .figures { display: grid; grid-template-columns: 1fr 1fr; gap: 12px 16px; }
  .stairs { gap: 3px; }
  .stairs li { font-size: 0.75rem; }
  .stairs .outcome { font-size: 0; line-height: 0; }
  .rows thead { display: none; }
  .rows tr { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.25fr); font-size: 0.92rem; gap: 0 20px; padding: 9px 0; border-top: 1px solid var(--line); }
  .rows tbody tr:first-child { border-top: 0; }
  .rows tr.reason { display: block; border-top: 0; padding-top: 0; }
  .rows th, .rows td, .rows td:last-child { border-top: 0; padding: 1px 0; }
  .rows .pill { align-self: center; }
  .rows tbody th { white-space: normal; }
  .plain-rows tr { grid-template-columns: minmax(0, 1fr); }
  .rows td[data-label]:not([data-label="Outcome"]) { white-space: normal; text-align: right; }
  .compared tr { grid-template-columns: 1fr 1fr 0.8fr; }
  .compared tbody th { grid-column: 1 / 3; }
  .compared td[data-label] { flex-direction: column; gap: 0; align-items: flex-start; justify-content: flex-start; line-height: 1.35; }
  .compared td[data-label]::before { font-size: 0.8rem; }
  .compared td[data-label]:not([data-label="Outcome"]) { text-align: left; }
  .compared .pill { align-self: flex-end; line-height: 1.5; }
  .rows tbody th { font-size: 1.1rem; }
  .rows td[data-label] { display: flex; justify-content: space-between; gap: 8px; }
  .rows td[data-label]::before { content: attr(data-label); color: var(--ink-soft); }
  .rows td[data-label="Outcome"] { justify-content: flex-end; }
  .rows td[data-label="Outcome"]::before { content: none; }
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
