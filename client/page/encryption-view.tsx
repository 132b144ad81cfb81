import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import type { Device, EncryptionState, KeyHolder } from '../kit/index.ts';
import {
  codeGroups,
  countHolders,
  type ListedHolder,
  listHolders,
  type LockLook,
  lockWords,
  MARK_WORDS,
  marksInWords,
  spokenCode,
} from './encryption-words.ts';
import { Icon, type IconName } from './icons.tsx';
import { ProblemCard } from './problem-card.tsx';
import { Sheet } from './sheet.tsx';

const LOCKS: Readonly<Record<LockLook, IconName>> = {
  checked: 'lockChecked',
  closed: 'lock',
  open: 'lockOpen',
  broken: 'lockBroken',
};

const MARKS: Readonly<Record<ListedHolder['mark'], IconName>> = {
  self: 'person',
  verified: 'check',
  unverified: 'unverified',
  unknown: 'unknown',
};

export interface EncryptionProps {
  state: EncryptionState;
  self: Device;
  nameOf: (userId: string) => string;
}

/** The lock in the call's bar, and the panel that says what it means. */
export function EncryptionLock(props: EncryptionProps): JSX.Element {
  const sheet = useRef<HTMLDialogElement>(null);
  const { look, short, title } = lockWords(props.state, props.self);
  return (
    <>
      <button
        id="lock"
        class={`bar-button lock lock-${look}`}
        type="button"
        aria-haspopup="dialog"
        aria-label={`${title}. What it means`}
        title={title}
        onClick={() => sheet.current?.showModal()}
      >
        <Icon name={LOCKS[look]} size={20} />
        <span class="bar-text">{short}</span>
      </button>
      <Sheet
        sheet={sheet}
        id="encryption"
        title={
          <span class={`sheet-title lock-${look}`}>
            <Icon name={LOCKS[look]} size={26} />
            {title}
          </span>
        }
      >
        <EncryptionMeaning {...props} />
      </Sheet>
    </>
  );
}

/** What the lock means, in words. */
export function EncryptionMeaning({ state, self, nameOf }: EncryptionProps): JSX.Element {
  const { meaning } = lockWords(state, self);
  switch (state.kind) {
    case 'on':
      return (
        <>
          <p>{meaning}</p>
          <Code code={state.code} />
          <Holders holders={state.holders} self={self} nameOf={nameOf} />
        </>
      );
    case 'off':
      return (
        <>
          <p>{meaning}</p>
          <p class="soft">
            To have calls that nobody else can open, turn on encryption in the settings of the room, in any Matrix chat
            app. It stays on from then.
          </p>
        </>
      );
    case 'unavailable':
      return (
        <>
          <p>{meaning}</p>
          <ProblemCard problem={state.problem} />
        </>
      );
  }
}

function Code({ code }: { code: string | undefined }): JSX.Element {
  return (
    <section class="code" aria-labelledby="code-title">
      <h3 id="code-title">Verification code</h3>
      {code === undefined ? (
        <p class="soft" role="status">
          It appears once the keys of all devices are here.
        </p>
      ) : (
        <>
          <p class="code-groups" role="img" aria-label={spokenCode(code)}>
            {codeGroups(code).map((group, index) => (
              <span key={index} class="code-group" aria-hidden="true">
                {group}
              </span>
            ))}
          </p>
          <p class="soft">
            Let one person read it aloud. If everybody sees the same digits, nobody sits in between and listens. It
            changes when somebody joins or leaves.
          </p>
        </>
      )}
    </section>
  );
}

function Holders({
  holders,
  self,
  nameOf,
}: {
  holders: readonly KeyHolder[];
  self: Device;
  nameOf: (userId: string) => string;
}): JSX.Element {
  const listed = listHolders(holders, self, nameOf);
  return (
    <section class="holders" aria-labelledby="holders-title">
      <h3 id="holders-title">
        Devices with keys <span class="soft">{countHolders(listed)}</span>
      </h3>
      <ul>
        {listed.map(({ holder, name, mark }) => (
          <li key={`${holder.userId} ${holder.deviceId}`}>
            <span class="holder">
              <span class="holder-name">{name}</span>
              <span class="holder-device" title={`${holder.userId}, device ${holder.deviceId}`}>
                <span class="holder-user">{holder.userId}</span>
                <span class="holder-id">· {holder.deviceId}</span>
              </span>
            </span>
            <span class={`mark mark-${mark}`}>
              <Icon name={MARKS[mark]} size={16} />
              {MARK_WORDS[mark]}
            </span>
          </li>
        ))}
      </ul>
      <p class="soft">{marksInWords(listed)}</p>
    </section>
  );
}
