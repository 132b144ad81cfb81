/** Where the participants' devices come from: a file of tokens, or an application service. */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { FocusDevice, MatrixDevice } from '../../peers/call-place.ts';
import { TesterFailure } from '../failure.ts';
import type { Speaking } from '../share/messages.ts';
import { askHomeserver, MatrixRefusal, type MatrixRequest, textOf } from './api.ts';
import type { Registration } from './registration.ts';

export type Access =
  | { kind: 'tokens'; devices: readonly MatrixDevice[] }
  | { kind: 'appservice'; registration: Registration };

/** Requests at a time: homeservers register and join slowly, and more at once only makes each wait. */
const AT_ONCE = 4;
const DEVICE_ID = 'LOADTEST';

const tokenLine = Compile(
  Type.Object({
    user_id: Type.String({ pattern: '^@.+:.+$', maxLength: 255 }),
    access_token: Type.String({ minLength: 1, maxLength: 4_096 }),
    device_id: Type.String({ minLength: 1, maxLength: 255 }),
  }),
);

/** Reads JSON lines `{user_id, access_token, device_id}`. Throws a TesterFailure with the numbers of the lines that are wrong. */
export function readTokens(text: string, file: string): MatrixDevice[] {
  const devices: MatrixDevice[] = [];
  const wrong: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = parseJson(line);
    if (tokenLine.Check(parsed)) {
      devices.push({ userId: parsed.user_id, accessToken: parsed.access_token, deviceId: parsed.device_id });
    } else wrong.push(index + 1);
  }
  if (wrong.length > 0) {
    throw new TesterFailure(
      `${file}: wrong at ${wrong.length === 1 ? 'line' : 'lines'} ${wrong.slice(0, 20).join(', ')}.`,
      'Each line is JSON: {"user_id": "@a:example.org", "access_token": "…", "device_id": "…"}',
    );
  }
  return devices;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The users of a run on their homeserver. */
export class Users {
  readonly #homeserver: string;
  readonly #access: Access;
  readonly #signal: AbortSignal;
  /** Those who were brought into the room by this run. */
  readonly #joined = new Set<MatrixDevice>();

  constructor(homeserver: string, access: Access, signal: AbortSignal) {
    this.#homeserver = homeserver;
    this.#access = access;
    this.#signal = signal;
  }

  get speaking(): Speaking {
    switch (this.#access.kind) {
      case 'tokens':
        return { kind: 'tokens' };
      case 'appservice':
        return { kind: 'appservice', asToken: this.#access.registration.asToken };
    }
  }

  /** So many devices of different users, registered where they have to be. `tell` hears how far it is. */
  async devices(count: number, focus: FocusDevice, tell: (done: number) => void): Promise<MatrixDevice[]> {
    switch (this.#access.kind) {
      case 'tokens': {
        const { devices } = this.#access;
        if (devices.length < count) {
          throw new TesterFailure(
            `${count} users are needed (the canary is one), and the file of tokens has ${devices.length}.`,
            'Add tokens, or take fewer --participants.',
          );
        }
        return devices.slice(0, count);
      }
      case 'appservice': {
        const { registration } = this.#access;
        // Appservices have users of their own homeserver alone; the sender is one, and says which that is.
        const sender = await this.#whoAmI(registration);
        const server = sender.slice(sender.indexOf(':') + 1);
        const devices = Array.from({ length: count }, (_, index) => ({
          userId: `@${registration.prefix}${index}:${server}`,
          accessToken: registration.asToken,
          deviceId: DEVICE_ID,
        }));
        if (devices.some(({ userId }) => userId === focus.userId)) {
          throw new TesterFailure(
            'The focus has a name of the appservice.',
            'Write a registration with another --prefix.',
          );
        }
        await this.each(devices, device => this.#register(device, registration), tell);
        return devices;
      }
    }
  }

  /** A request as this device. */
  ask(device: MatrixDevice, request: Omit<MatrixRequest, 'token' | 'signal'>): Promise<unknown> {
    const isMasked = this.#access.kind === 'appservice';
    return askHomeserver(this.#homeserver, {
      ...request,
      token: device.accessToken,
      query: { ...request.query, ...(isMasked ? { user_id: device.userId } : {}) },
    });
  }

  /** Brings all into the room. Those who were in it before are not taken out by `leave`. */
  async join(devices: readonly MatrixDevice[], roomId: string, tell: (done: number) => void): Promise<void> {
    await this.each(
      devices,
      async device => {
        const before = await this.ask(device, { method: 'GET', path: ['v3', 'joined_rooms'] });
        const rooms: unknown = typeof before === 'object' && before !== null ? Reflect.get(before, 'joined_rooms') : [];
        if (Array.isArray(rooms) && rooms.includes(roomId)) return;
        await this.ask(device, { method: 'POST', path: ['v3', 'join', roomId], body: {} });
        this.#joined.add(device);
      },
      tell,
    );
  }

  /** The one who made a room leaves it with the others. */
  isIn(device: MatrixDevice): void {
    this.#joined.add(device);
  }

  /** Takes those out of the room again whom `join` brought in. What fails is left as it is. */
  async leave(roomId: string): Promise<void> {
    const waiting = [...this.#joined];
    const worker = async (): Promise<void> => {
      for (let device = waiting.pop(); device !== undefined; device = waiting.pop()) {
        await this.ask(device, { method: 'POST', path: ['v3', 'rooms', roomId, 'leave'], body: {} }).catch(
          () => undefined,
        );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  /** Some at a time; the first that fails ends it. */
  async each(
    devices: readonly MatrixDevice[],
    act: (device: MatrixDevice) => Promise<void>,
    tell: (done: number) => void,
  ): Promise<void> {
    const waiting = devices.toReversed();
    let done = 0;
    let failed = false;
    const worker = async (): Promise<void> => {
      for (let device = waiting.pop(); device !== undefined && !failed; device = waiting.pop()) {
        this.#signal.throwIfAborted();
        try {
          await act(device);
        } catch (error) {
          failed = true;
          throw error;
        }
        done += 1;
        tell(done);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async #whoAmI({ asToken }: Registration): Promise<string> {
    const path = ['v3', 'account', 'whoami'];
    try {
      const answer = await askHomeserver(this.#homeserver, { method: 'GET', path, token: asToken });
      const userId = textOf(answer, 'user_id');
      if (userId !== undefined) return userId;
    } catch (error) {
      if (!(error instanceof MatrixRefusal)) throw error;
    }
    throw new TesterFailure(
      'The homeserver does not know the appservice.',
      'Name the registration file in its configuration (Synapse: app_service_config_files), and restart it.',
    );
  }

  /** Without a login: MSC4190 makes devices. */
  async #register(device: MatrixDevice, { asToken }: Registration): Promise<void> {
    const username = device.userId.slice(1, device.userId.indexOf(':'));
    await askHomeserver(this.#homeserver, {
      method: 'POST',
      path: ['v3', 'register'],
      body: { type: 'm.login.application_service', username, inhibit_login: true },
      token: asToken,
    }).catch((error: unknown) => {
      // Of an earlier run.
      if (!(error instanceof MatrixRefusal && error.errcode === 'M_USER_IN_USE')) throw error;
    });
    await this.ask(device, { method: 'PUT', path: ['v3', 'devices', device.deviceId], body: {} });
  }
}
