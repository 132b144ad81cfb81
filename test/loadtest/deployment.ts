/** A homeserver that knows a load tester as an application service, and a focus. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Focus, startFocus } from '../../demo/focus.ts';
import { findFreePort } from '../../demo/free-port.ts';
import { startSynapse, type Synapse } from '../../demo/synapse.ts';
import { newRegistration, type Registration, writeRegistration } from '../../loadtest/tester/homeserver/registration.ts';

export interface LoadDeployment extends AsyncDisposable {
  readonly synapse: Synapse;
  readonly focus: Focus;
  readonly registration: Registration;
  readonly registrationFile: string;
}

export const FOCUS_DEVICE = 'FOCUSDEV';

export async function startLoadDeployment(): Promise<LoadDeployment> {
  await using starting = new AsyncDisposableStack();
  const directory = starting.adopt(await mkdtemp(join(tmpdir(), 'weir-load-')), made =>
    rm(made, { recursive: true, force: true }),
  );
  const registration = newRegistration(`http://127.0.0.1:${await findFreePort()}`, 'load-');
  const registrationFile = join(directory, 'loadtest.yaml');
  await mkdir(directory, { recursive: true });
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
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
