import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrunkHello } from '../../signalling/wire/trunk.ts';
import { dials, linkOf, openEnd, type OwnEnd } from './handshake.ts';

// The same cases in each run: what fails here fails again.
fc.configureGlobal({ seed: 20_261_129 });

const ONE = { userId: '@focus:one.example', deviceId: 'WEIR' };
const TWO = { userId: '@focus:two.example', deviceId: 'WEIR' };
const CALL = { roomId: '!room:one', confId: 'conf' };

const endOf = (from: TrunkHello['from'], more: Partial<TrunkHello> = {}): OwnEnd =>
  openEnd({ from, ...CALL, versions: [1], url: 'wss://focus/v1/trunk', ...more });
const saidBy = ({ hello }: OwnEnd): TrunkHello => ({ ...hello, answers: [] });

function secretOf(own: OwnEnd, far: TrunkHello): string {
  const link = linkOf(own, far);
  if (typeof link === 'string') throw new Error(link);
  return link.secret.toString('hex');
}

describe('two hellos', () => {
  it('make the same secret at both ends, and another one for each pair of ends', () => {
    const [one, two] = [endOf(ONE), endOf(TWO)];
    expect(secretOf(one, saidBy(two))).toBe(secretOf(two, saidBy(one)));
    expect(secretOf(endOf(ONE), saidBy(two))).not.toBe(secretOf(one, saidBy(two)));
  });

  it('make another secret when anything of them was changed on its way', () => {
    const [one, two] = [endOf(ONE), endOf(TWO)];
    const honest = saidBy(two);
    const right = secretOf(two, saidBy(one));
    const changes = fc.oneof(
      fc.record({ url: fc.constantFrom('wss://evil/v1/trunk', 'wss://focus/v1/trunk ') }),
      fc.record({ roomId: fc.constantFrom('!other:one', '') }),
      fc.record({ confId: fc.constantFrom('other', 'con') }),
      fc.record({ epoch: fc.constantFrom('AAAAAAAAAAAAAAAAAAAAAA') }),
      fc.record({ versions: fc.constantFrom([1, 2], [1, 1]) }),
      fc.record({ publicKey: fc.constant(endOf(TWO).hello.publicKey) }),
      fc.record({
        from: fc.constantFrom(
          { userId: '@focus:two.example', deviceId: 'EVIL' },
          { userId: '@evil:x', deviceId: 'WEIR' },
        ),
      }),
    );
    fc.assert(fc.property(changes, change => secretOf(one, { ...honest, ...change }) !== right));
    // What may differ from hello to hello of one end is no part of it.
    expect(secretOf(one, { ...honest, answers: ['AAAAAAAAAAAAAAAAAAAAAA'] })).toBe(right);
  });

  it('make the secret that docs/protocol.md describes, as another program computes it, too', () => {
    const own: OwnEnd = {
      hello: {
        ...{ from: ONE, ...CALL, versions: [1], url: 'wss://one.example/v1/trunk', epoch: 'AAAAAAAAAAAAAAAAAAAAAA' },
        publicKey: 'hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo',
      },
      // Key pair of Alice, public key of Bob: RFC 7748, section 6.1.
      privateKey: 'dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo',
    };
    const far: TrunkHello = {
      ...{ from: TWO, ...CALL, versions: [1], url: 'wss://two.example/v1/trunk', epoch: 'BBBBBBBBBBBBBBBBBBBBBB' },
      publicKey: '3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08',
      answers: [],
    };
    expect(secretOf(own, far)).toBe('2d38bf8240c5c396378375472756ef341acc0db17e43315580e6d26fe1e6cb35');
  });

  it.each([
    ['of nothing but zeroes', Buffer.alloc(32)],
    ['of small order', Buffer.from('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800', 'hex')],
    ['that is too short', Buffer.alloc(31, 7)],
  ])('make none with a key %s', (_, key) => {
    expect(linkOf(endOf(ONE), { ...saidBy(endOf(TWO)), publicKey: key.toString('base64url') })).toBe('bad key');
  });

  it('agree on the best version that both speak, or on none', () => {
    const [old, both, later] = [[1], [1, 2], [2, 3]].map(versions => endOf(TWO, { versions }));
    const one = endOf(ONE, { versions: [1, 2] });
    const versions = [old, both, later].map(end => linkOf(one, saidBy(end!)));
    expect(versions.map(link => (typeof link === 'string' ? link : link.version))).toEqual([1, 2, 2]);
    expect(linkOf(endOf(ONE), saidBy(later!))).toBe('no version');
  });
});

it('one of two foci dials, whoever asks', () => {
  const focus = fc.record({ userId: fc.string(), deviceId: fc.string() });
  fc.assert(
    fc.property(focus, focus, (a, b) => {
      fc.pre(`${a.userId} ${a.deviceId}` !== `${b.userId} ${b.deviceId}`);
      return dials(a, b) !== dials(b, a);
    }),
  );
  expect(dials(ONE, TWO)).toBe(true);
});
