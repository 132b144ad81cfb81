/** A device in a call, as the homeserver names it. */
export interface Device {
  readonly userId: string;
  readonly deviceId: string;
}
