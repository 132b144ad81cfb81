/** A homeserver that knows a load tester as an application service, and a focus. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CallRoom, createCallRoom, joinedMembers } from '../../demo/call-room.ts';
import { type Focus, startFocus } from '../../demo/focus.ts';
import { findFreePort } from '../../demo/free-port.ts';
import { type MatrixUser, startSynapse, type Synapse } from '../../demo/synapse.ts';
import {
  newRegistration,
  type Registration,
  writeRegistration,
} from '../../loadtest/tester/homeserver/registration.ts';

export interface LoadDeployment extends AsyncDisposable {
  readonly synapse: Synapse;
  readonly focus: Focus;
  readonly registration: Registration;
  readonly registrationFile: string;
  /** What the focus tells of itself; undefined where it does not answer. */
  metrics(): Promise<string | undefined>;
  /** A call room that its members and the focus have joined. */
  callRoom(creator: MatrixUser, members: readonly MatrixUser[]): Promise<CallRoom>;
}

const FOCUS_JOINS_WITHIN_MS = 45_000;

const FOCUS_DEVICE = 'FOCUSDEV';

export async function startLoadDeployment(): Promise<LoadDeployment> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.adopt(await mkdtemp(join(tmpdir(), 'weir-load-')), made =>
    rm(made, { recursive: true, force: true }),
  );
  const registration = newRegistration(`http://127.0.0.1:${await findFreePort()}`, 'load-');
  const registrationFile = join(directory, 'loadtest.yaml');
  await writeFile(registrationFile, writeRegistration(registration), { mode: 0o600 });
  const synapse = starting.use(
    await startSynapse({
      stateDir: join(directory, 'synapse'),
      config: {
        app_service_config_files: [registrationFile],
        experimental_features: { msc2409_to_device_messages_enabled: true },
      },
    }),
  );
  const user = await synapse.registerUser({ localpart: 'focus', deviceId: FOCUS_DEVICE });
  const focus = starting.use(
    await startFocus({ stateDir: join(directory, 'focus'), homeserverUrl: synapse.baseUrl, user }),
  );
  const owned = starting.move();
  return {
    synapse,
    focus,
    registration,
    registrationFile,
    async metrics() {
      const answer = await fetch(`${focus.baseUrl}/metrics`, { signal: AbortSignal.timeout(5_000) });
      return answer.ok ? answer.text() : undefined;
    },
    async callRoom(creator, members) {
      const { baseUrl } = synapse;
      const room = await createCallRoom({ baseUrl, creator, members, invited: [user.userId] });
      const deadline = performance.now() + FOCUS_JOINS_WITHIN_MS;
      while (!(await joinedMembers(baseUrl, creator, room.roomId)).includes(user.userId)) {
        if (performance.now() > deadline) throw new Error('the focus did not join the room that it was invited to');
        await delay(50);
      }
      return room;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
