/** The keys of this page's device, by which others encrypt for it (Olm): in a store of the browser, one for each device. */
import type { MatrixClient } from 'matrix-js-sdk/lib/client.js';
import { type ClientHomeserver, type Device, problem, ProblemError } from '../kit/index.ts';

/** A tab that is being reloaded lets go of its store within this time. */
const OTHER_TAB_PATIENCE_MS = 3_000;
/** Databases that the library makes beneath a prefix. */
const DATABASES = ['matrix-sdk-crypto', 'matrix-sdk-crypto-meta'];

const storeOf = ({ userId, deviceId }: Device): string => `weir:${userId}:${deviceId}`;

/**
 * Sets encryption up on a client that was not started. Resolves to what lets go of the keys, once the client is stopped. Rejects
 * with OPEN_ELSEWHERE, DEVICE_OF_ANOTHER_APP or ENCRYPTION_UNAVAILABLE.
 */
export async function startEncryption(client: MatrixClient, homeserver: ClientHomeserver): Promise<() => void> {
  const store = storeOf(homeserver.self);
  const letGo = await holdAlone(store);
  try {
    await client.initRustCrypto({ useIndexedDB: true, cryptoDatabasePrefix: store }).catch((thrown: unknown) => {
      throw new ProblemError(problem('ENCRYPTION_UNAVAILABLE', thrown instanceof Error ? thrown.message : ''), {
        cause: thrown,
      });
    });
    const ours = await client.getCrypto()?.getOwnDeviceKeys();
    const published = await homeserver.deviceKey(homeserver.self);
    // Before the client has started, nothing of ours was published: what others encrypt for must not change beneath them.
    if (published === undefined || published === ours?.ed25519) return letGo;
    client.stopClient();
    await deleteStore(store);
    throw new ProblemError(problem('DEVICE_OF_ANOTHER_APP'));
  } catch (thrown) {
    letGo();
    throw thrown;
  }
}

/** Forgets the keys of a device that is signed out. */
export async function forgetDeviceKeys(device: Device): Promise<void> {
  await deleteStore(storeOf(device));
}

/** Two tabs with one store would take keys from each other. Resolves to what lets go of it. */
async function holdAlone(store: string): Promise<() => void> {
  if (!('locks' in navigator)) throw new ProblemError(problem('ENCRYPTION_UNAVAILABLE'));
  const held = Promise.withResolvers<() => void>();
  const { promise: over, resolve: letGo } = Promise.withResolvers<void>();
  const options = { signal: AbortSignal.timeout(OTHER_TAB_PATIENCE_MS) };
  navigator.locks
    .request(store, options, () => {
      held.resolve(letGo);
      return over;
    })
    .catch(() => held.reject(new ProblemError(problem('OPEN_ELSEWHERE'))));
  return held.promise;
}

async function deleteStore(store: string): Promise<void> {
  await Promise.all(
    DATABASES.map(
      name =>
        new Promise<void>(resolve => {
          const request = indexedDB.deleteDatabase(`${store}::${name}`);
          // Where it is still open it goes when it is closed.
          for (const type of ['success', 'error', 'blocked']) request.addEventListener(type, () => resolve());
        }),
    ),
  );
}
