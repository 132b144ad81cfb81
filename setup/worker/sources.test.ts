import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { patchedSource } from './build.ts';
import { MEDIASOUP } from './obtain.ts';
import { listSources, renameFields } from './sources.ts';

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

  test('of the installed mediasoup take all our patches, and list what these add', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'weir-worker-source-'));
    try {
      const source = join(folder, 'source');
      await patchedSource(join(MEDIASOUP, 'worker'), source);
      const readPatched = (path: string): Promise<string> => readFile(join(source, path), 'utf8');
      const sources = listSources(await readPatched('meson.build'), await readPatched('deps/libwebrtc/meson.build'));
      const added = sources.find(path => path.endsWith('/busy_link_rate.cc'));
      expect(await readPatched(added ?? '')).toContain('BusyLinkRate::Fastest');
      expect(sources).toContain('src/handles/UdpEgress.cpp');
      expect(await readPatched('src/handles/UdpSocketHandle.cpp')).toContain('UdpEgress::Add(');
      expect(await readPatched('src/RTC/Router.cpp')).toContain('ForwardHeldRtpPackets');
      expect(await readPatched('src/RTC/DtlsTransport.cpp')).toContain('((operationType & BIO_CB_RETURN) != 0)');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
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
