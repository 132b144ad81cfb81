import { parseArgs } from 'node:util';
import { Failure } from '../setup/failure.mjs';

export type Mode =
  | { kind: 'help' }
  | { kind: 'show'; federated: boolean }
  | {
      kind: 'check';
      federated: boolean;
      participants: number /** How long the call is measured, s. */;
      seconds: number;
    };

export const USAGE = `npm run demo                     a homeserver, a focus and a call on this machine: open the links
npm run demo -- --federated      two homeservers that federate, a focus each, one call over both
npm run demo -- --check          the same (or with --federated), joined by headless browsers and judged
    --participants N             how many of them (4; 2 to 20)
    --seconds S                  how long the steady call is measured (20; 10 to 600)`;

/** Rejects with a Failure that names what is wrong. */
export function readArguments(args: readonly string[]): Mode {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        federated: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        participants: { type: 'string', default: '4' },
        seconds: { type: 'string', default: '20' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (cause) {
    throw new Failure('The arguments are not understood.', `Usage:\n${USAGE}`, { cause });
  }
  if (values.help) return { kind: 'help' };
  const { federated } = values;
  if (!values.check) return { kind: 'show', federated };
  return {
    kind: 'check',
    federated,
    participants: readCount('participants', values.participants, 2, 20),
    seconds: readCount('seconds', values.seconds, 10, 600),
  };
}

function readCount(name: string, text: string, min: number, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw new Failure(`--${name} ${text}: a whole number from ${min} to ${max} is expected.`, `Usage:\n${USAGE}`);
}
