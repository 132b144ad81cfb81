/** The line to the focus that a call would be held with: opened as soon as both are known. */
import type { SignalDoor } from './focus-info.ts';
import type { Homeserver } from './homeserver.ts';
import { SignalLine, type SignalLineEvents } from './signal-line.ts';
import { SignalToken } from './signal-token.ts';
import type { FocusRef } from './wire.ts';

/** Who calls where. */
export interface CallerInRoom {
  roomId: string;
  self: { deviceId: string };
  homeserver: Pick<Homeserver, 'openIdToken'>;
}

/** Where a focus takes fast signalling; `undefined` where it does not, or nobody knows. */
export type DoorOf = (focus: FocusRef) => SignalDoor | undefined;

export class CallSignalling {
  readonly #caller: CallerInRoom;
  readonly #doorOf: DoorOf;
  readonly #events: SignalLineEvents;
  #line: SignalLine | undefined;
  /** What the line leads to. */
  #leadsTo = '';
  #wasOpen = false;

  constructor(caller: CallerInRoom, doorOf: DoorOf, events: SignalLineEvents) {
    this.#caller = caller;
    this.#doorOf = doorOf;
    this.#events = {
      ...events,
      opened: () => {
        this.#wasOpen = true;
        events.opened();
      },
    };
  }

  get line(): SignalLine | undefined {
    return this.#line;
  }

  /** `cut`: it was open, and will be again; `none`: it never was, or the focus does not want it. */
  get state(): 'open' | 'cut' | 'none' {
    if (this.#line === undefined || this.#line.isShut) return 'none';
    if (this.#line.isOpen) return 'open';
    return this.#wasOpen ? 'cut' : 'none';
  }

  /** The line to this focus for this conference, open or opening; `undefined` where the focus has none. */
  prepare(confId: string, focus: FocusRef): SignalLine | undefined {
    const door = this.#doorOf(focus);
    const leadsTo = door === undefined ? '' : JSON.stringify([door, confId]);
    if (leadsTo === this.#leadsTo) return this.#line;
    this.close();
    this.#leadsTo = leadsTo;
    if (door === undefined) return undefined;
    const { roomId, self, homeserver } = this.#caller;
    const token = new SignalToken({
      url: door.tokenUrl,
      roomId,
      confId,
      deviceId: self.deviceId,
      openIdToken: () => homeserver.openIdToken(),
    });
    this.#line = new SignalLine(door.socketUrl, token, this.#events);
    this.#line.open();
    return this.#line;
  }

  close(): void {
    this.#line?.close();
    this.#line = undefined;
    this.#leadsTo = '';
    this.#wasOpen = false;
  }
}
