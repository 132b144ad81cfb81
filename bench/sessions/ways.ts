/** Ways of signalling, and who plays. */
import type { Call } from '../../demo/check/call.ts';

export const WAYS = ['ws', 'data_channel'] as const;
/** `data_channel`: without a ws, so that invites go by to-device message and the rest by data channel. */
export type Way = (typeof WAYS)[number];

export const NAMES: [string, ...string[]] = ['participant1', 'participant2', 'participant3', 'participant4'];

/** The same call, whose pages are told more in their links. */
export function withPages(call: Call, parameters: Record<string, string>): Call {
  const { deployment } = call;
  const suffix = Object.entries(parameters).map(([name, value]) => `&${name}=${encodeURIComponent(value)}`);
  return { ...call, deployment: { ...deployment, link: user => `${deployment.link(user)}${suffix.join('')}` } };
}

/** The same call, whose pages signal in one way alone. */
export function byWay(call: Call, way: Way): Call {
  return way === 'ws' ? call : withPages(call, { signalling: 'to-device' });
}
