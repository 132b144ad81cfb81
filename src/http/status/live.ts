/** What the status page does in the browser: takes what is new every few seconds, and says when nothing comes. */
export const LIVE_SCRIPT = `
'use strict';
const EVERY_MS = 3000;
const main = document.querySelector('main');
const stale = document.querySelector('#stale');
let answeredAt = performance.now();

/** Whether somebody marks text, which would be gone with it. */
const isMarked = () => !(getSelection()?.isCollapsed ?? true);

async function look() {
  try {
    const answer = await fetch(location.href, { cache: 'no-store', signal: AbortSignal.timeout(5000) });
    if (!answer.ok) throw new Error(String(answer.status));
    const next = new DOMParser().parseFromString(await answer.text(), 'text/html');
    answeredAt = performance.now();
    stale.hidden = true;
    if (isMarked()) return;
    document.title = next.title;
    main.replaceChildren(...next.querySelector('main').childNodes);
  } catch {
    stale.querySelector('b').textContent = Math.round((performance.now() - answeredAt) / 1000) + ' s';
    stale.hidden = false;
  }
}

async function watch() {
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, EVERY_MS));
    if (!document.hidden) await look();
  }
}
watch();
`;
