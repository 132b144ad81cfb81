/** The frame of every report: one HTML file that asks for nothing else, and runs nothing. Pure. */
import { html, Markup } from '../../html/markup.ts';
import { STYLE } from './style.ts';

/** The text of the file. */
export function reportDocument(title: string, body: Markup): string {
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
  return page.text;
}

/** "2026-03-01 12:00 UTC" */
export function writeDay(date: Date): string {
  return Number.isNaN(date.getTime())
    ? 'at an unknown time'
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
