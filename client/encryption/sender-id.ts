/** Names one sender: one stay of one device in a call. Opaque: made by `senderOf` alone. */
export type SenderId = string;

export function senderOf({ userId, deviceId }: { userId: string; deviceId: string }): SenderId {
  return JSON.stringify([userId, deviceId]);
}
