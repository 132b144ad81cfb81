/** The registration file by which a homeserver knows the tester as an application service. */
import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { parse, stringify } from 'yaml';
import { TesterFailure } from '../failure.ts';

export interface Registration {
  /** Where the homeserver sends transactions: the tester listens there. */
  url: string;
  asToken: string;
  hsToken: string;
  senderLocalpart: string;
  /** Local parts of all its users begin with this. */
  prefix: string;
}

const PREFIX = /^[a-z0-9._=-]{1,64}$/;

/** A new one with tokens of its own. */
export function newRegistration(url: string, prefix: string): Registration {
  if (!PREFIX.test(prefix))
    throw new TesterFailure(`--prefix ${prefix}: not the begin of a Matrix user.`, 'Try load-.');
  const token = (): string => randomBytes(32).toString('hex');
  return { url, asToken: token(), hsToken: token(), senderLocalpart: `${prefix}tester`, prefix };
}

/** As YAML, for the homeserver. Secret: whoever has it can act as any of the users in it. */
export function writeRegistration({ url, asToken, hsToken, senderLocalpart, prefix }: Registration): string {
  return stringify({
    id: senderLocalpart,
    url,
    as_token: asToken,
    hs_token: hsToken,
    sender_localpart: senderLocalpart,
    rate_limited: false,
    namespaces: {
      users: [{ exclusive: true, regex: `@${prefix.replaceAll('.', '[.]')}.*` }],
      rooms: [],
      aliases: [],
    },
    // MSC2409: to-device messages come by transaction. Today's name, and that of older homeservers.
    receive_ephemeral: true,
    'de.sorunome.msc2409.push_ephemeral': true,
    // MSC4190: devices are made without logins.
    'io.element.msc4190': true,
  });
}

const Token = Type.String({ minLength: 16, maxLength: 1_024 });
const validator = Compile(
  Type.Object({
    url: Type.String({ pattern: '^https?://' }),
    as_token: Token,
    hs_token: Token,
    sender_localpart: Type.String({ minLength: 1, maxLength: 255 }),
    namespaces: Type.Object({ users: Type.Array(Type.Object({ regex: Type.String() }), { minItems: 1, maxItems: 1 }) }),
  }),
);

/** Reads a file that writeRegistration wrote. Throws a TesterFailure that holds none of its texts. */
export function readRegistration(text: string, file: string): Registration {
  let input: unknown;
  try {
    input = parse(text, { maxAliasCount: 0 });
  } catch {
    throw new TesterFailure(`${file} is not YAML.`, 'Write it anew: weir-loadtest registration > FILE');
  }
  const prefix = validator.Check(input) ? /^@(.*)[.][*]$/.exec(input.namespaces.users[0]?.regex ?? '')?.[1] : undefined;
  if (!validator.Check(input) || prefix === undefined) {
    throw new TesterFailure(
      `${file} is not a registration of this tester.`,
      'Write one: weir-loadtest registration > FILE',
    );
  }
  const { url, as_token: asToken, hs_token: hsToken, sender_localpart: senderLocalpart } = input;
  return { url, asToken, hsToken, senderLocalpart, prefix: prefix.replaceAll('[.]', '.') };
}
