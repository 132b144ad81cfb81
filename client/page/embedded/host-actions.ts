/** What host and page tell each other of a call, in the actions that Element and its calls use. */
import type { IWidgetApiRequest } from 'matrix-widget-api';

/** The host asks us to join; we tell that we did. */
const JOIN = 'io.element.join';
/** The host asks us to leave; we tell that we did, and it may close the frame. */
const HANGUP = 'im.vector.hangup';
/** Microphone and camera, either way. */
const DEVICE_MUTE = 'io.element.device_mute';

/** What of the widget API it needs. */
export interface HostApi {
  on(event: string, listener: (event: CustomEvent<IWidgetApiRequest>) => void): unknown;
  off(event: string, listener: (event: CustomEvent<IWidgetApiRequest>) => void): unknown;
  readonly transport: {
    send(action: string, data: Record<string, unknown>): Promise<unknown>;
    reply(request: IWidgetApiRequest, data: Record<string, unknown>): void;
  };
}

export interface OwnDevices {
  audio_enabled: boolean;
  video_enabled: boolean;
}

/** What the host may ask for. */
export interface HostWishes {
  join(): void;
  hangUp(): void;
  /** Switches them as asked, and says how they are. */
  switchDevices(wanted: Partial<OwnDevices>): OwnDevices;
}

export class HostActions {
  readonly #api: HostApi;

  constructor(api: HostApi) {
    this.#api = api;
  }

  joined(): void {
    this.#tell(JOIN, {});
  }

  left(): void {
    this.#tell(HANGUP, {});
  }

  devices(devices: OwnDevices): void {
    this.#tell(DEVICE_MUTE, { ...devices });
  }

  /** Returns what ends the listening. */
  listen(wishes: HostWishes): () => void {
    const stops = [
      this.#on(JOIN, () => {
        wishes.join();
        return {};
      }),
      this.#on(HANGUP, () => {
        wishes.hangUp();
        return {};
      }),
      this.#on(DEVICE_MUTE, data => wishes.switchDevices(readDevices(data))),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }

  #on(action: string, act: (data: object) => object): () => void {
    const received = (event: CustomEvent<IWidgetApiRequest>): void => {
      // Whoever does not say so has the API answer that it is unknown.
      event.preventDefault();
      this.#api.transport.reply(event.detail, { ...act(event.detail.data) });
    };
    this.#api.on(`action:${action}`, received);
    return () => this.#api.off(`action:${action}`, received);
  }

  #tell(action: string, data: Record<string, unknown>): void {
    // A host that does not know it says so; it loses nothing.
    this.#api.transport.send(action, data).catch(() => undefined);
  }
}

function readDevices(data: object): Partial<OwnDevices> {
  const wanted: Partial<OwnDevices> = {};
  for (const key of ['audio_enabled', 'video_enabled'] as const) {
    const value: unknown = Reflect.get(data, key);
    if (typeof value === 'boolean') wanted[key] = value;
  }
  return wanted;
}
