import type { HostileTrunk } from './hostile-trunk.ts';
import type { Attempts } from './attempts.ts';
import { HostileFocus } from './hostile-focus.ts';
import { HostileMedia } from './hostile-media.ts';
import type { RefusedStage } from './stage.ts';

/** In which what is said has come, and done what it does. */
const TAKEN_WITHIN_MS = 3_000;
/** More than a second of a voice, and less than reports on media (RTCP) of so long. */
const SOME_PACKETS = 50;

/** A focus that a member names, which is let in, and lies. */
export async function tryLies(stage: RefusedStage, attempts: Attempts): Promise<void> {
  await using focus = await HostileFocus.open(stage, 'eve');
  const member = await stage.member('mandy');
  await stage.name(member, focus.user);
  using trunk = await focus.openTrunk();
  await stage.must('the focus says where its media is', () => trunk.said.some(({ kind }) => kind === 'trunk_media'));
  using media = await HostileMedia.bind();
  trunk.say({ kind: 'trunk_media', end: media.end() });
  await tryStreams(stage, attempts, { trunk, media, member });
  await tryWishes(stage, attempts, { trunk, media });
  await tryPrivateMedia(stage, attempts, focus);
}

interface Said {
  trunk: HostileTrunk;
  media: HostileMedia;
}

/** Streams of other people, and a right one whose packets are under another key. */
async function tryStreams(
  stage: RefusedStage,
  attempts: Attempts,
  { trunk, media, member }: Said & { member: { userId: string; deviceId: string } },
): Promise<void> {
  const [alice, anna, bob] = stage.members;
  if (alice === undefined || anna === undefined || bob === undefined) throw new RangeError('three members are needed');
  const ofUser = (user: { userId: string; deviceId: string } | undefined, trackId: string) => ({
    ...(user !== undefined && { user_id: user.userId, device_id: user.deviceId }),
    purpose: 'm.usermedia',
    tracks: { [trackId]: { kind: 'audio' as const } },
  });
  const lies: [name: string, streamId: string, user: { userId: string; deviceId: string } | undefined][] = [
    ['a stream of a member of the attacked focus', 'as-alice', alice.user],
    ['a stream of a member of a third focus', 'as-bob', bob.user],
    ['a stream of somebody who is not in the room', 'as-ghost', { userId: '@ghost:example.org', deviceId: 'GHOST' }],
    ['a stream of nobody', 'as-nobody', undefined],
  ];
  const taken = alice.peer.streamId;
  const streams = [
    ['honest', member] as const,
    ...lies.map(([, streamId, user]) => [streamId, user] as const),
    [taken, member] as const,
  ];
  const trackOf = (streamId: string): string => `${streamId}-voice`;
  trunk.say({
    kind: 'negotiate',
    description: {
      type: 'offer',
      sdp: media.offer(streams.map(([streamId]) => ({ streamId, trackId: trackOf(streamId) }))),
    },
    metadata: Object.fromEntries(streams.map(([streamId, user]) => [streamId, ofUser(user, trackOf(streamId))])),
  });
  const shown = (streamId: string): boolean => [alice, anna].some(({ peer }) => Object.hasOwn(peer.metadata, streamId));
  const honest = await stage.place.until(TAKEN_WITHIN_MS * 5, () => shown('honest'));
  attempts.control('a stream of a member who is on that focus', honest !== undefined);
  await stage.place.pause(TAKEN_WITHIN_MS);
  for (const [name, streamId] of lies) attempts.note(name, shown(streamId));
  attempts.note('a stream id that somebody else has', anna.peer.metadata[taken]?.user_id !== alice.user.userId);

  const end = trunk.said.find(message => message.kind === 'trunk_media')?.end;
  if (end === undefined) throw new Error('the focus does not say where its media is');
  await media.sendVoice(end, TAKEN_WITHIN_MS);
  const voice = { streamId: 'honest', trackId: trackOf('honest') };
  await stage.place.stack.refresh();
  attempts.note(
    'media under another key',
    [alice, anna].some(({ peer }) => peer.received(voice) > 0),
  );
}

/** Wants what it was not offered; then, as a control, what it was. */
async function tryWishes(stage: RefusedStage, attempts: Attempts, { trunk, media }: Said): Promise<void> {
  const [alice, , bob] = stage.members;
  if (alice === undefined || bob === undefined) throw new RangeError('three members are needed');
  const want = async (tracks: readonly { streamId: string; trackId: string }[]): Promise<number> => {
    const before = media.packets;
    const layers = [{ active: true }, { active: true }, { active: true }];
    trunk.say({ kind: 'layers_wanted', tracks: tracks.map(track => ({ ...track, layers })) });
    await stage.place.pause(TAKEN_WITHIN_MS);
    return media.packets - before;
  };
  const none = await want([{ streamId: 'nothing', trackId: 'nothing' }]);
  attempts.note('wants of tracks that there are not', none > SOME_PACKETS);
  attempts.note('wants of tracks that came by another trunk', (await want(bob.peer.tracks())) > SOME_PACKETS);
  attempts.control('wants of tracks that are offered', (await want(alice.peer.tracks())) > SOME_PACKETS);
}

/** Says that its media is where only the operator's own things are. */
async function tryPrivateMedia(stage: RefusedStage, attempts: Attempts, focus: HostileFocus): Promise<void> {
  using trunk = await focus.openTrunk();
  using media = await HostileMedia.bind();
  trunk.say({ kind: 'trunk_media', end: { ...media.end(), ip: '10.1.2.3' } });
  const ended = await stage.place.until(TAKEN_WITHIN_MS * 3, () => !trunk.isOpen);
  attempts.note('media at a private address', ended === undefined);
}
