/**
 * Two windows of a browser lose their network for longer than the focus's patience, and come back. Run inside a network
 * namespace. Arguments: the address that the focus listens on; `chromium` or `firefox`. Prints each step as it is proven.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  BrowserPeer,
  eventually,
  framesFlow,
  newConference,
  startChromium,
  startFirefox,
  startMedia,
  videoOf,
} from './harness.ts';

const [, , address = '', browser] = process.argv;
const run = promisify(execFile);
const proven = (step: string): void => {
  process.stdout.write(`${step}\n`);
};

const media = await startMedia({ listen: [{ ip: address }] });
const pages = await (browser === 'firefox' ? startFirefox() : startChromium());
const conference = newConference();

async function meet(names: [string, string]): Promise<[BrowserPeer, BrowserPeer]> {
  const alice = await BrowserPeer.open(pages, media, conference, names[0]);
  const bob = await BrowserPeer.open(pages, media, conference, names[1]);
  await alice.join(640, 480);
  await bob.join(640, 480);
  await bob.receive(alice.tracks());
  await alice.receive(bob.tracks());
  await picturesFlow(bob, alice);
  return [alice, bob];
}

/** Resolves once the viewer sees more pictures of the other one's camera. */
function picturesFlow(viewer: BrowserPeer, other: BrowserPeer): Promise<void> {
  return framesFlow(viewer, videoOf(other).ref.trackId, { more: 10, withinMs: 30_000 });
}

try {
  const both = await meet(['alice', 'bob']);
  // Everything between browser and focus goes over this interface.
  await run('tc', ['qdisc', 'add', 'dev', 'lo', 'root', 'pfifo', 'limit', '0']);
  await eventually('silence', () => both.every(({ log }) => log.path.at(-1) === 'silent'), 15_000);
  await run('tc', ['qdisc', 'del', 'dev', 'lo', 'root']);
  proven('silent');
  for (const each of both) await each.offer(true);
  if (browser === 'firefox') {
    await eventually(
      'told to join again',
      () => both.every(({ log }) => log.failed[0] === 'WEIR_MEDIA_FAILED'),
      30_000,
    );
    for (const each of both) await each.close();
    await meet(['alice2', 'bob2']);
  } else {
    await eventually('heard again', () => both.every(({ log }) => log.path.at(-1) === 'heard'), 30_000);
    // It gets its pictures again, or it learns soon that it has to join again: never neither.
    const [alice, bob] = both;
    for (const [viewer, other] of [
      [alice, bob],
      [bob, alice],
    ] as const) {
      const told = (): boolean => viewer.log.failed[0] === 'WEIR_MEDIA_FAILED';
      await Promise.race([picturesFlow(viewer, other), eventually('told to join again', told, 30_000)]);
    }
  }
  proven('back');
} finally {
  await pages.close();
  await media.close();
}
process.exit(0);
