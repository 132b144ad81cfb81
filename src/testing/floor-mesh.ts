/** A walkie-talkie over up to three foci, on the bench: who is told what, and who hears whom. */
import type { FloorState } from '../../signalling/wire/floor.ts';
import { keyOfSubscription } from '../session.ts';
import { audioOf, type BenchClient, benchClient, newsIn } from './conference-bench.ts';
import { Mesh } from './mesh.ts';
import { letGo, press, WALKIE_TALKIE } from './walkie-talkie.ts';

/** Ann and Abe are on the focus whose name comes first, Bea and Bob on the second one, Cy on the third. */
export function call(...names: ('ash' | 'birch' | 'cedar')[]) {
  const [ann, abe, bea, bob, cy] = ['ann', 'abe', 'bea', 'bob', 'cy'].map(name => benchClient(name)) as [
    BenchClient,
    BenchClient,
    BenchClient,
    BenchClient,
    BenchClient,
  ];
  const all = { ash: [ann, abe], birch: [bea, bob], cedar: [cy] };
  const clients = Object.fromEntries(names.map(name => [name, all[name]]));
  const mesh = new Mesh(clients, WALKIE_TALKIE);
  const everybody = names.flatMap(name => all[name]);
  return { mesh, ann, abe, bea, bob, cy, everybody };
}

export type Call = ReturnType<typeof call>;

/** Everybody listens to everybody. */
export function listen({ mesh, everybody }: Call): void {
  for (const viewer of everybody)
    for (const other of everybody) if (other !== viewer) mesh.of(viewer).bench.subscribe(viewer, other);
  mesh.settle();
}

export function linked(...names: ('ash' | 'birch' | 'cedar')[]): Call {
  const it = call(...names);
  it.mesh.openAll();
  listen(it);
  return it;
}

export function down({ mesh }: Call, client: BenchClient): void {
  press(mesh.of(client).bench, client);
  mesh.settle();
}

export function up({ mesh }: Call, client: BenchClient): void {
  letGo(mesh.of(client).bench, client);
  mesh.settle();
}

/** What a client was told of the floor last. */
export function told({ mesh }: Call, client: BenchClient): FloorState | undefined {
  const news = newsIn(mesh.of(client).bench.effects, client, 'floor').at(-1);
  return news?.kind === 'floor' ? news.message : undefined;
}

/** Whose voices flow to a client: those that its focus lets through, and that reach it. */
export function heardBy({ mesh, everybody }: Call, viewer: BenchClient): string[] {
  const near = mesh.of(viewer);
  const flows = (other: BenchClient): boolean => {
    const key = keyOfSubscription(audioOf(other));
    const participant = near.bench.conference.participants.get(viewer.call.key);
    if (participant?.offered.get(key)?.paused !== false) return false;
    const far = mesh.of(other);
    if (far === near) return true;
    const end = far.ends.get(near.name);
    const trunk = end && far.bench.conference.participants.get(end.call.key);
    return trunk?.offered.get(key)?.paused === false;
  };
  return everybody.filter(flows).map(({ session }) => session.userId);
}

/** Whose voices any client hears, by everybody. */
export function heard(it: Call): string[][] {
  return it.everybody.map(viewer => heardBy(it, viewer));
}

export function holders(it: Call): BenchClient[] {
  return it.everybody.filter(client => told(it, client)?.you === 'holder');
}

/** Names of the foci that hand out the floor. */
export function arbiters({ mesh }: Call): string[] {
  return [...mesh.sites.values()]
    .filter(({ bench }) => bench.conference.turns.arbiter.kind === 'self')
    .map(({ name }) => name);
}
