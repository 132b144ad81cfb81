/** Where a peer takes part, and as whom. */

/** A logged-in device of a user. */
export interface MatrixDevice {
  userId: string;
  deviceId: string;
  accessToken: string;
}

/** A room with a call in it. */
export interface CallRoom {
  roomId: string;
  /** State key of the call. */
  confId: string;
}

/** The device that a focus speaks as. */
export interface FocusDevice {
  userId: string;
  deviceId: string;
}
