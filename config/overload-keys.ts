/** Keys of the section `overload`. */
import { Type } from 'typebox';
import { notes } from './key-notes.ts';

export const Overload = Type.Object(
  {
    enabled: Type.Boolean(
      notes({
        description:
          'Refuse newcomers, then send less video, while there is too much to do. false: it is only measured.',
        default: true,
      }),
    ),
    refuse_at_percent: Type.Number({
      ...notes({
        description:
          'Load of a media worker, and of the process that signals, from which on newcomers are refused. They are let in again after 10 s below 85 % of it.',
        unit: '% of a core',
        default: 80,
      }),
      minimum: 0.1,
      maximum: 100,
    }),
    shed_at_percent: Type.Number({
      ...notes({
        description:
          'Load of a media worker from which on its viewers get less video, in steps. They get more again, in smaller ones, below 90 % of it.',
        unit: '% of a core',
        default: 92,
      }),
      minimum: 0.1,
      maximum: 100,
    }),
    event_loop_lag_ms: Type.Integer({
      ...notes({
        description:
          'How late the process that signals may be, on average over some seconds, before newcomers are refused.',
        unit: 'ms',
        default: 250,
      }),
      minimum: 10,
      maximum: 10_000,
    }),
  },
  {
    description:
      'What happens when the machine has too much to do. Whoever is refused is told with WEIR_OVERLOADED; running calls go on, video gives way before voices.',
  },
);
