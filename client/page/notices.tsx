import type { JSX } from 'preact';
import type { Messages } from './messages.ts';
import { Icon } from './icons.tsx';

/** Short-lived messages, and what only a screen reader says. */
export function Notices({ messages }: { messages: Messages }): JSX.Element {
  return (
    <>
      <div class="notices" role="region" aria-label="Messages" aria-live="assertive">
        {messages.notices.value.map(({ id, problem }) => (
          <div class="notice" key={id}>
            <div>
              <p class="problem-title">{problem.title}</p>
              {problem.detail === '' ? null : <p class="problem-detail">{problem.detail}</p>}
              <p class="problem-remedy">{problem.remedy}</p>
            </div>
            <button class="icon-button" type="button" aria-label="Dismiss" onClick={() => messages.dismiss(id)}>
              <Icon name="close" size={18} />
            </button>
          </div>
        ))}
      </div>
      <div class="unseen" role="status" aria-live="polite" id="announcements">
        {messages.announcement.value}
      </div>
    </>
  );
}
