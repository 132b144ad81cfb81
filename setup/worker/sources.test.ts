import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { MEDIASOUP } from './obtain.ts';
import { correctBioCallback, listSources, renameFields } from './sources.ts';

const read = (path: string): Promise<string> => readFile(join(MEDIASOUP, 'worker', path), 'utf8');

describe('the sources of the worker', () => {
  test('of the installed mediasoup are all there', async () => {
    const sources = listSources(await read('meson.build'), await read('deps/libwebrtc/meson.build'));
    expect(sources).toContain('src/main.cpp');
    expect(sources).toContain('src/RTC/DtlsTransport.cpp');
    expect(sources).toContain('src/DepLibWebRTC.cpp');
    expect(new Set(sources).size).toBe(sources.length);
    await Promise.all(sources.map(path => read(path)));
  });

  test('that are listed in another way are refused', () => {
    expect(() => listSources("sources = files('a.cpp')", "'b.cc'")).toThrow('list their sources in another way');
  });

  test('the BIO callback of the installed mediasoup can be corrected, once', async () => {
    const corrected = correctBioCallback(await read('src/RTC/DtlsTransport.cpp'));
    expect(corrected).toContain('((operationType & BIO_CB_RETURN) != 0)');
    expect(() => correctBioCallback(corrected)).toThrow('is not the one');
  });
});

describe('renaming the fields of a schema', () => {
  test('changes fields alone', () => {
    const schema =
      'table SomeTable {\n  max_sctp_message_size: uint32 = 10;\n  id: string (required);\n}\nenum a_b: byte { x_y = 0 }\n';
    expect(renameFields(schema)).toBe(
      'table SomeTable {\n  maxSctpMessageSize: uint32 = 10;\n  id: string (required);\n}\nenum a_b: byte { x_y = 0 }\n',
    );
  });
});
