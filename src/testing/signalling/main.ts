/** `npm run -s bench -- signalling`: what signalling costs, by kind and size of the call. Last line of stdout: one JSON object. */
import { parseArgs } from 'node:util';
import { CALL_KINDS } from './calls.ts';
import { type JoinFigures, measureJoins } from './joins.ts';
import { measureRules, type RuleFigures } from './rules.ts';

const { values } = parseArgs({
  options: {
    participants: { type: 'string', default: '10,100,500,1000' },
    calls: { type: 'string', default: CALL_KINDS.join(',') },
    repeats: { type: 'string', default: '20' },
    joins: { type: 'string', default: '10,500' },
  },
});
const tell = (line: string): boolean => process.stderr.write(`${line}\n`);
const numbers = (list: string): number[] => list.split(',').filter(Boolean).map(Number);

const rules: RuleFigures[] = [];
for (const kind of CALL_KINDS.filter(one => values.calls.split(',').includes(one))) {
  for (const size of numbers(values.participants)) {
    const figures = measureRules(kind, size, Number(values.repeats));
    rules.push(figures);
    const line = Object.entries(figures.changes).map(([change, { us, messages }]) => `${change} ${us} µs/${messages}`);
    tell(`${kind} of ${size}: ${line.join(', ')}, ${figures.heap_kb_per_participant} kB each`);
  }
}
const joins: JoinFigures[] = [];
for (const participants of numbers(values.joins)) {
  const figures = await measureJoins(participants, 50);
  joins.push(figures);
  tell(`joins among ${participants}: ${JSON.stringify(figures)}`);
}
process.stdout.write(`${JSON.stringify({ rules, joins })}\n`);
