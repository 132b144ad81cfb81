/** The look of the status page: the colours of the call page, by day and by night. */
export const STATUS_STYLE = `
:root {
  color-scheme: light dark;
  --ground: light-dark(#e9f1ef, #0a171b);
  --surface: light-dark(#fbfdfc, #11242a);
  --ink: light-dark(#0f2429, #e4f0ee);
  --ink-soft: light-dark(#496166, #9bb5b7);
  --line: light-dark(#cddcd9, #264149);
  --accent: light-dark(#0c6873, #5ccbc0);
  --good: light-dark(#177a4c, #62cf97);
  --good-ground: light-dark(#dff2e7, #12382a);
  --careful: light-dark(#7a4a06, #f0c161);
  --careful-ground: light-dark(#fdf1d6, #3b2f12);
  --bad: light-dark(#a82e18, #ff9077);
  --bad-ground: light-dark(#fbe4de, #43211b);
  font-family: "Seravek", "Gill Sans Nova", "Source Sans 3", Ubuntu, Calibri, "DejaVu Sans", sans-serif;
  font-size: 16px;
  line-height: 1.45;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); -webkit-font-smoothing: antialiased; }
main, footer { max-width: 1180px; margin: 0 auto; padding: 0 20px; }
main { padding-top: 32px; }
footer { padding-block: 28px 48px; color: var(--ink-soft); font-size: 0.9rem; }
h1, h2, p, ul, dl, dd { margin: 0; }
h1, h2 { font-weight: 600; letter-spacing: -0.01em; line-height: 1.2; }
h1 { display: flex; align-items: center; gap: 14px; font-size: 1.8rem; color: var(--accent); }
h2 { font-size: 1.15rem; }
h2 small { color: var(--ink-soft); font-weight: 400; margin-left: 4px; }
header p { margin-top: 6px; overflow-wrap: anywhere; }
a { color: var(--accent); text-underline-offset: 3px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
small { font-size: 0.8rem; color: var(--ink-soft); }
code { font-family: "DejaVu Sans Mono", ui-monospace, monospace; font-size: 0.84em; }
.soft { color: var(--ink-soft); }
.pill { display: inline-block; padding: 0 12px; border-radius: 999px; font-size: 0.9rem; font-weight: 600; line-height: 1.7; letter-spacing: 0; white-space: nowrap; }
.good { color: var(--good); background: var(--good-ground); }
.careful { color: var(--careful); background: var(--careful-ground); }
.bad { color: var(--bad); background: var(--bad-ground); }
#stale { position: sticky; top: 0; z-index: 1; padding: 10px 20px; text-align: center; font-weight: 600; color: var(--bad); background: var(--bad-ground); }
.reasons { margin-top: 18px; padding: 12px 18px; list-style: none; border-radius: 12px; background: var(--careful-ground); color: var(--careful); }
.reasons li + li { margin-top: 8px; }
.reasons code { font-weight: 600; }
.reasons .soft { color: inherit; opacity: 0.85; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 1px; margin-top: 22px; border: 1px solid var(--line); border-radius: 16px; overflow: hidden; background: var(--line); }
.figures div { padding: 14px 18px; background: var(--surface); display: flex; flex-direction: column; }
.figures dt { color: var(--ink-soft); font-size: 0.85rem; line-height: 1.25; }
.figures dd { margin-top: 4px; font-size: 1.5rem; font-weight: 600; line-height: 1.25; font-variant-numeric: tabular-nums; }
.figures small { display: block; min-height: 1.3em; font-weight: 400; line-height: 1.3; }
section { margin-top: 22px; padding: 18px 20px; background: var(--surface); border: 1px solid var(--line); border-radius: 16px; }
section > p, section > table, section > ul { margin-top: 10px; }
.workers { padding: 0; list-style: none; display: grid; gap: 8px; }
.workers li { display: grid; grid-template-columns: 2ch minmax(80px, 1fr) 5ch minmax(0, 2fr); gap: 12px; align-items: center; }
.number { text-align: right; font-variant-numeric: tabular-nums; }
meter { display: block; width: 100%; height: 10px; appearance: none; background: none; border: 0; }
meter::-webkit-meter-inner-element { display: block; height: 10px; }
meter::-webkit-meter-bar { height: 10px; border: 0; border-radius: 5px; background: var(--line); }
meter::-webkit-meter-optimum-value { border-radius: 5px; background: var(--accent); }
meter::-webkit-meter-suboptimum-value { border-radius: 5px; background: var(--careful); }
meter::-webkit-meter-even-less-good-value { border-radius: 5px; background: var(--bad); }
@-moz-document url-prefix() { meter { border-radius: 5px; background: var(--line); } }
meter::-moz-meter-bar { border-radius: 5px; background: var(--accent); }
table { width: 100%; border-collapse: collapse; font-size: 0.95rem; }
th { padding: 0 14px 6px 0; color: var(--ink-soft); font-size: 0.8rem; font-weight: 400; text-align: left; vertical-align: bottom; }
td { padding: 9px 14px 9px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th:last-child, td:last-child { padding-right: 0; }
th.number { text-align: right; }
td.number { white-space: nowrap; overflow-wrap: normal; }
td small { display: block; }
td small:empty { display: none; }
td b { font-weight: 600; }
td:first-child { min-width: 14em; }
td code, .pill { overflow-wrap: normal; }
.id { display: block; overflow-wrap: anywhere; font-size: 0.85rem; }
.why { display: block; max-width: 34em; margin-top: 4px; font-size: 0.85rem; color: var(--ink-soft); }
.lossy { color: var(--bad); font-weight: 600; }
@media (max-width: 900px) {
  main, footer { padding-inline: 12px; }
  main { padding-top: 20px; }
  section { padding: 16px 14px; }
  .figures { grid-template-columns: repeat(2, 1fr); }
  .figures div:last-child:nth-child(odd) { grid-column: span 2; }
  .workers li { grid-template-columns: 2ch 1fr 5ch; row-gap: 0; }
  .workers li > :last-child { grid-column: 2 / -1; font-size: 0.85rem; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, td { display: block; }
  tr { padding: 10px 0; border-top: 1px solid var(--line); }
  td { display: grid; grid-template-columns: 8.5em minmax(0, 1fr); gap: 10px; padding: 3px 0; border: 0; }
  td.unknown { display: none; }
  td.number { text-align: left; white-space: normal; }
  td::before { content: attr(data-name); color: var(--ink-soft); font-size: 0.85rem; }
  td:first-child { display: block; min-width: 0; padding-bottom: 6px; }
  td:first-child::before { content: none; }
  td small { display: inline; margin-left: 4px; }
}
`;
