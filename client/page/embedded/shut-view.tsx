import type { JSX } from 'preact';
import type { AppModel } from '../app-model.ts';
import { Wordmark } from '../icons.tsx';
import { ProblemCard } from '../problem-card.tsx';
import { River } from '../river.tsx';

/** Another app shows this page, and it did not come into the room. */
export function ShutView({ app }: { app: AppModel }): JSX.Element {
  const reason = app.problem.value;
  return (
    <main class="gate">
      <River />
      <div class="gate-card">
        <Wordmark large />
        {reason === undefined ? null : (
          <ProblemCard problem={reason}>
            {reason.code === 'HOST_UNKNOWN' ? null : (
              <button class="button" type="button" onClick={() => location.reload()}>
                Try again
              </button>
            )}
          </ProblemCard>
        )}
      </div>
    </main>
  );
}
