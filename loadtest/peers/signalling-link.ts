/** How a peer reaches its focus before and beside the control channel. */

/** A to-device event, or what comes in its place by another door. */
export interface ReceivedToDevice {
  type: string;
  sender: string;
  content: unknown;
}

/** What a link hands to its peer, in order. */
export interface LinkEvents {
  toDevice(event: ReceivedToDevice): void;
  /** A control message that came by this link. */
  control(text: string): void;
}

/** One device's way to the focus and to its homeserver. Requests reject where they are refused, or not answered in time. */
export interface SignallingLink {
  /** Resolves when nothing that is sent to the device from now on is missed. */
  open(events: LinkEvents): Promise<void>;
  sendToDevice(userId: string, deviceId: string, type: string, content: unknown): Promise<void>;
  sendState(roomId: string, type: string, stateKey: string, content: unknown): Promise<void>;
  /** Says a control message; false where this link carries none now. */
  sendControl(text: string): boolean;
  /** Resolves when nothing of it is left. */
  close(): Promise<void>;
}
