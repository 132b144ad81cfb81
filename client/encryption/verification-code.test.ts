import { pbkdf2Sync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DeviceIdentity, verificationCode } from './verification-code.ts';

const ana = {
  userId: '@ana:example.org',
  deviceId: 'ANADEV',
  fingerprint: 'wZ1eBq3tOF7oVnlgGa2ZNSqfDUWbV3xXvw1W4zTpOuY',
};
const bo = { userId: '@bo:example.org', deviceId: 'BODEV', fingerprint: 'Q9r0mJ4l6nYkHf8X0pEwHn2aYl7bq3r5TsvUoG1dKcM' };
const cy = {
  userId: '@čy:example.org',
  deviceId: 'CY "DEV"',
  fingerprint: 'Nk4Lw7z0cC9bB2xX5vV8mM1qQ6wW3eE7rR0tT4yYuUi',
};

/** Computed by Python's hashlib. */
const TEST_VECTOR = ['2803', '8098', '7685', '4093', '3070', '9350', '2981', '4555'];

/** As it is defined, by another implementation. */
function expectedCode(devices: DeviceIdentity[]): string[] {
  const list = devices.map(one => JSON.stringify([one.userId, one.deviceId, one.fingerprint])).sort();
  const bytes = pbkdf2Sync(`[${list.join(',')}]`, 'org.weir.call.verification-code.1', 131_072, 32, 'sha256');
  return Array.from({ length: 8 }, (_, group) => String(bytes.readUInt32BE(4 * group) % 10_000).padStart(4, '0'));
}

describe('the code of a call', () => {
  it('is this one for these devices', async () => {
    expect(await verificationCode([ana, bo, cy])).toEqual(TEST_VECTOR);
    expect(expectedCode([ana, bo, cy])).toEqual(TEST_VECTOR);
  });

  it('is the same for everybody, in whatever order they see the devices, and however often', async () => {
    const code = await verificationCode([ana, bo, cy]);
    expect(await verificationCode([cy, ana, bo, ana])).toEqual(code);
    expect(code.join(' ')).toMatch(/^(\d{4} ){7}\d{4}$/);
  });

  it('is another one where a device is more or less, or anything of one differs', async () => {
    const others = [
      [ana, bo],
      [ana, bo, cy, { ...cy, deviceId: 'ANOTHER' }],
      [ana, bo, { ...cy, fingerprint: cy.fingerprint.replace('N', 'M') }],
      [{ ...ana, fingerprint: bo.fingerprint }, { ...bo, fingerprint: ana.fingerprint }, cy],
      [ana, bo, { ...cy, userId: '@cy:example.org' }],
      [ana, bo, { userId: `${cy.userId},`, deviceId: cy.deviceId, fingerprint: cy.fingerprint }],
      [],
    ];
    const codes = await Promise.all([[ana, bo, cy], ...others].map(devices => verificationCode(devices)));
    expect(new Set(codes.map(code => code.join(' '))).size).toBe(others.length + 1);
  });

  it('is what it is defined as, for any devices', async () => {
    const text = fc.string({ unit: 'binary', maxLength: 12 });
    const one = fc.record({ userId: text, deviceId: text, fingerprint: text });
    const several = fc.uniqueArray(one, { maxLength: 6, selector: device => JSON.stringify(Object.values(device)) });
    await fc.assert(
      fc.asyncProperty(several, async devices => {
        expect(await verificationCode(devices)).toEqual(expectedCode(devices));
      }),
      { numRuns: 3 },
    );
  });
});
