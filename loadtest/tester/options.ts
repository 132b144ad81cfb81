import type { CallRoom, FocusDevice } from '../peers/call-place.ts';
import type { Access } from './homeserver/access.ts';
import type { MeasuredAt } from './measure/process-meter.ts';
import type { Sample } from './result.ts';
import type { RampPlan } from './rules/ramp.ts';
import type { Scenario } from './scenario/schema.ts';
import type { LocalOptions } from './share/local-share.ts';
import type { EndpointKind, Via } from './share/messages.ts';
import type { Phase } from './view/phase.ts';

/** What is to be loaded, how, and by whom. */
export interface LoadTestOptions {
  scenario: Scenario;
  /** Client API of the homeserver. */
  homeserver: string;
  focus: FocusDevice;
  via: Via;
  /** Where the focus serves /v1/focus; needed for `ws`. */
  focusUrl?: string;
  access: Access;
  /** A room with a call, whose members the users can become; one is made otherwise. */
  call?: CallRoom;
  ramp: RampPlan;
  /** Participants write their member events, as clients do: each costs the homeserver a resolution of state. */
  memberEvents: boolean;
  /** `native` needs the binary in `local.engine`. */
  endpoint: EndpointKind;
  local: LocalOptions;
  /** Address that the peers' sockets are bound to. */
  bindAddress: string;
  /** Where these can be measured; not measured otherwise. */
  measured: { focus?: MeasuredAt; homeserver?: MeasuredAt };
  /** A real browser in the call; `false`: none. */
  canary: { executablePath: string } | false;
  /** Other testers that join this one. */
  lead?: { host: string; port: number; token: string; testers: number };
  /** Is told what is done before the first sample. */
  tell?: (text: string) => void;
  onSample?: (sample: Sample, phase: Phase) => void;
  signal: AbortSignal;
}
