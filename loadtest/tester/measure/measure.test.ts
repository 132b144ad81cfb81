import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readProcessMetrics } from './metrics-meter.ts';
import { childrenOf, cpuTimeMs, droppedAtSockets, residentBytes, threadTimesMs, treeOf } from './proc.ts';
import { ProcessMeter } from './process-meter.ts';
import { TesterMeter } from './tester-meter.ts';

function burn(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

describe('a process', () => {
  it('is seen with what it started, its time and its memory', async () => {
    const child = spawn('sleep', ['60']);
    onTestFinished(() => {
      child.kill();
    });
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    expect(childrenOf(process.pid)).toContain(pid);
    expect(treeOf([process.pid]).has(pid)).toBe(true);
    expect(treeOf([process.pid], [pid]).has(pid)).toBe(false);
    expect(cpuTimeMs(process.pid)).toBeGreaterThan(0);
    expect(residentBytes(process.pid)).toBeGreaterThan(1_000_000);
    expect(threadTimesMs(process.pid).size).toBeGreaterThan(1);
  });

  it('that is gone is nothing', () => {
    const gone = 2 ** 30;
    expect([cpuTimeMs(gone), residentBytes(gone), threadTimesMs(gone).size]).toEqual([0, 0, 0]);
    expect(new ProcessMeter(gone).take()).toBeUndefined();
  });

  it('costs what it burns', () => {
    const [meter, tester] = [new ProcessMeter(process.pid), new TesterMeter([process.pid])];
    burn(300);
    expect(meter.take()?.nodePct).toBeGreaterThan(5);
    const figures = tester.take();
    tester.close();
    expect(figures.busiestThreadPct).toBeGreaterThan(5);
    expect(figures.cpuPct).toBeGreaterThanOrEqual(figures.busiestThreadPct);
    expect(figures.machineSharePct).toBeGreaterThan(0);
  });
});

describe('dropped packets', () => {
  it('are those of sockets that nobody reads', async () => {
    const before = droppedAtSockets([process.pid]);
    const [reader, sender] = [createSocket('udp4'), createSocket('udp4')];
    onTestFinished(() => {
      reader.close();
      sender.close();
    });
    reader.bind(0, '127.0.0.1');
    await once(reader, 'listening');
    reader.setRecvBufferSize(2_048);
    const { port } = reader.address();
    // In a burst: the loop reads nothing meanwhile.
    sender.bind(0, '127.0.0.1');
    await once(sender, 'listening');
    sender.connect(port, '127.0.0.1');
    await once(sender, 'connect');
    for (let packet = 0; packet < 200; packet += 1) sender.send(Buffer.alloc(1_000));
    expect(droppedAtSockets([process.pid])).toBeGreaterThan(before);
    expect(droppedAtSockets([])).toBe(0);
  });
});

describe('metrics', () => {
  it('are read under the names that client libraries share', () => {
    const text =
      '# HELP x\nprocess_cpu_seconds_total 12.5\nprocess_resident_memory_bytes 1e+8\nnodejs_eventloop_lag_p99_seconds 0.02\n';
    expect(readProcessMetrics(text)).toEqual({ cpuSeconds: 12.5, rssBytes: 100_000_000, loopLagS: 0.02 });
    expect(readProcessMetrics('up 1\n')).toBeUndefined();
  });
});
