/** The floor of a call over several foci: what each focus says of it to the others, so that one of them hands it out. */
import { type Static, Type } from 'typebox';
import { Device, type FloorDevice, readDevice, writeDevice } from './floor.ts';
import { ok, type Parsed, parserOf } from './parse.ts';

export const FLOOR_ACROSS = 'org.weir.floor_across';
/** Most foci, and most devices in a list, that one message may name. */
const MAX_LINKS = 64;
const MAX_DEVICES = 128;

/** `org.weir.floor_across`, focus to focus: all that it has to say of the floor, each time. */
export interface FloorAcross {
  kind: 'floor_across';
  /** Foci that it hears of the floor from, now. */
  links: FloorDevice[];
  /** Its own clients that want the floor, whether they have it or not, in the order in which they asked. */
  wantedBy: FloorDevice[];
  /** Whose turn it is, where it is this focus that hands it out. */
  decided: FloorDecision | undefined;
}

export interface FloorDecision {
  holder: FloorDevice | undefined;
  /** Who waits, the next one first. */
  queue: FloorDevice[];
  /** When the holder has to go at the latest, in ms since 1970 by the clock of the focus that says it; only while others wait. */
  until?: number;
}

type Wire = Static<typeof Wire>;
const Wire = Type.Object({
  links: Type.Array(Device, { maxItems: MAX_LINKS }),
  wanted_by: Type.Array(Device, { maxItems: MAX_DEVICES }),
  decided: Type.Optional(
    Type.Object({
      holder: Type.Union([Device, Type.Null()]),
      queue: Type.Array(Device, { maxItems: MAX_DEVICES }),
      until: Type.Optional(Type.Number({ minimum: 0 })),
    }),
  ),
});
const parseWire = parserOf(FLOOR_ACROSS, Wire);

export function parseFloorAcross(content: object): Parsed<FloorAcross> {
  const parsed = parseWire(content);
  if (parsed.kind === 'bad') return parsed;
  const { links, wanted_by: wantedBy, decided } = parsed.value;
  return ok({
    kind: 'floor_across',
    links: links.map(readDevice),
    wantedBy: wantedBy.map(readDevice),
    decided: decided && readDecision(decided),
  });
}

function readDecision({ holder, queue, until }: NonNullable<Wire['decided']>): FloorDecision {
  return {
    holder: holder === null ? undefined : readDevice(holder),
    queue: queue.map(readDevice),
    ...(until === undefined ? {} : { until }),
  };
}

/** The content of the message. */
export function writeFloorAcross({ links, wantedBy, decided }: FloorAcross): Record<string, unknown> {
  return {
    links: links.map(writeDevice),
    wanted_by: wantedBy.map(writeDevice),
    ...(decided === undefined
      ? {}
      : {
          decided: {
            holder: decided.holder === undefined ? null : writeDevice(decided.holder),
            queue: decided.queue.map(writeDevice),
            ...(decided.until === undefined ? {} : { until: decided.until }),
          },
        }),
  };
}
