/** What a sync of the homeserver tells by to-device messages. Pure. */

/** All strings in all contents, however deep. */
export function stringsOfToDevice(sync: unknown): string[] {
  return stringsIn(fieldOf(fieldOf(sync, 'to_device'), 'events'));
}

function stringsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(stringsIn);
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
