import jwt from 'jsonwebtoken';
import { setTimeout as delay } from 'node:timers/promises';
import type { Attempts } from './attempts.ts';
import { HostileFocus } from './hostile-focus.ts';
import { HostileTrunk } from './hostile-trunk.ts';
import type { RefusedStage } from './stage.ts';

const ANOTHER_SECRET = Buffer.alloc(32, 1);
const ANOTHER_EPOCH = 'AAAAAAAAAAAAAAAAAAAAAA';
const REDELIVERED_TIMES = 20;
/** In which what is said has come, and done what it does. */
const TAKEN_WITHIN_MS = 3_000;

const seconds = (): number => Math.floor(Date.now() / 1_000);

const WRONG: readonly [name: string, tokenOf: (focus: HostileFocus) => string | undefined, protocol?: string][] = [
  ['no token', () => undefined],
  ['a token that is none', () => 'nothing'],
  ['a token of great length', () => 'a'.repeat(4_000)],
  ['a token under another secret', it => jwt.sign(it.claims(), ANOTHER_SECRET, { algorithm: 'HS256' })],
  ['a token of another algorithm', it => jwt.sign(it.claims(), it.link().secret, { algorithm: 'HS512' })],
  ['a token without a signature', it => jwt.sign(it.claims(), null, { algorithm: 'none' })],
  ['a token of another room', it => it.sign({ room_id: '!other:example.org' })],
  ['a token of another call', it => it.sign({ conf_id: 'other' })],
  ['a token in the name of another focus', it => it.sign({ iss: '@focus:example.org FOCUS' })],
  ['a token for another focus', it => it.sign({ aud: '@focus:example.org FOCUS' })],
  ['a token of an epoch that there was not', it => it.sign({ epoch: ANOTHER_EPOCH })],
  ['a token for an epoch that there was not', it => it.sign({ aud_epoch: ANOTHER_EPOCH })],
  ['a token of another version', it => it.sign({ version: 2 })],
  ['an expired token', it => it.sign({ iat: seconds() - 300, exp: seconds() - 240 })],
  ['an old token that says it is good for an hour', it => it.sign({ iat: seconds() - 300, exp: seconds() + 3_600 })],
  ['an answer in place of a token', it => it.sign({ answers: 'x' })],
  ['a token that lacks a claim', it => it.sign({ jti: undefined })],
  ['a right token with another subprotocol', it => it.sign(), 'weir.trunk.v9'],
];

/** A focus that a member names shakes hands; then it tries tokens and hellos that are not right any more, or never were. */
export async function tryTokens(stage: RefusedStage, attempts: Attempts): Promise<void> {
  await using focus = await HostileFocus.open(stage, 'evil');
  const member = await stage.member('mara');
  await stage.name(member, focus.user);
  using first = await focus.openTrunk();
  attempts.control('a focus that a member names', first.isOpen);
  for (const [name, tokenOf, protocol] of WRONG) attempts.note(name, await isLetIn(focus, tokenOf(focus), protocol));
  const token = focus.sign();
  attempts.control('a right token', await isLetIn(focus, token));
  attempts.note('the same token again', await isLetIn(focus, token));

  for (let times = 0; times < REDELIVERED_TIMES; times += 1) await focus.sayHello(focus.end);
  await delay(TAKEN_WITHIN_MS);
  attempts.note('hellos that are delivered again end the trunk', !first.isOpen);

  const old = focus.end;
  using second = await focus.openTrunk();
  attempts.control('a focus that began anew', second.isOpen);
  await focus.sayHello(old);
  await delay(TAKEN_WITHIN_MS);
  attempts.note('a replayed hello ends the trunk', !second.isOpen);
  attempts.note('a token of an epoch that is over', await isLetIn(focus, focus.sign({}, old)));

  await stage.name(member, undefined);
  const ended = await stage.place.until(TAKEN_WITHIN_MS * 5, () => !second.isOpen);
  attempts.note('a trunk once no member names the focus', ended === undefined);
  attempts.note('a token once no member names the focus', await isLetIn(focus, focus.sign()));
}

async function isLetIn(focus: HostileFocus, token: string | undefined, protocol?: string): Promise<boolean> {
  const dialled = await focus.dial(token, protocol);
  if (!(dialled instanceof HostileTrunk)) return false;
  dialled[Symbol.dispose]();
  return true;
}
