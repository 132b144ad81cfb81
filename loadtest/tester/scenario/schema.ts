/** A scenario as it stands in its file: who publishes what, who subscribes to what in which sizes, and how that changes. */
import { type Static, Type } from 'typebox';

const Seconds = Type.Number({ minimum: 0.1, maximum: 86_400 });
const SharePct = Type.Number({ exclusiveMinimum: 0, maximum: 100 });
const Count = Type.Integer({ minimum: 1, maximum: 10_000 });
const Pixels = Type.Integer({ minimum: 1, maximum: 16_384 });
const Name = Type.String({ pattern: '^[a-z][a-z0-9-]{0,63}$' });
const closed = { additionalProperties: false };

/** Videos that are drawn at one size in px; those of the first entry are taken first. */
const Tiles = Type.Object({ most: Type.Optional(Count), width: Pixels, height: Pixels }, closed);

const Role = Type.Object(
  {
    name: Name,
    /** Absent in one role at most: it takes the rest. */
    count: Type.Optional(Count),
    publishes: Type.Object(
      {
        /** `speaking`: how many of the role speak at a time, the others are muted; all where it is absent. */
        audio: Type.Optional(Type.Object({ speaking: Type.Optional(Count), turn_s: Type.Optional(Seconds) }, closed)),
        video: Type.Optional(Type.Object({}, closed)),
      },
      closed,
    ),
    subscribes: Type.Object(
      {
        audio: Type.Boolean(),
        video: Type.Array(Tiles, { maxItems: 8 }),
        /** Whose video comes first: that of who follows by user id, or that of who is not muted. */
        order: Type.Optional(Type.Enum(['neighbours', 'speakers'])),
      },
      closed,
    ),
  },
  closed,
);

const Churn = Type.Object({ every_s: Seconds, share_pct: SharePct, away_s: Seconds }, closed);
const Storm = Type.Object({ at_s: Seconds, share_pct: SharePct, within_s: Seconds }, closed);

/** What goes with a number of participants. */
const Preset = Type.Object(
  {
    participants: Count,
    joins_per_second: Type.Number({ minimum: 0.1, maximum: 1_000 }),
    /** Numbers of participants, rising; they are held one after the other. */
    steps: Type.Optional(Type.Array(Count, { minItems: 1, maxItems: 100 })),
    settle_s: Seconds,
    hold_s: Seconds,
  },
  closed,
);

export const ScenarioSchema = Type.Object(
  {
    schema: Type.Literal(1),
    name: Name,
    description: Type.String({ minLength: 1, maxLength: 500 }),
    roles: Type.Array(Role, { minItems: 1, maxItems: 16 }),
    /** Times count from the begin of each hold. */
    changes: Type.Optional(Type.Object({ churn: Type.Optional(Churn), storm: Type.Optional(Storm) }, closed)),
    presets: Type.Array(Preset, { minItems: 1, maxItems: 32 }),
  },
  closed,
);
export type Scenario = Static<typeof ScenarioSchema>;
export type Role = Static<typeof Role>;
export type Preset = Static<typeof Preset>;
export type Changes = NonNullable<Scenario['changes']>;
