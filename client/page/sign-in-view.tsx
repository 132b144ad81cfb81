import { useSignal } from '@preact/signals';
import type { JSX, TargetedSubmitEvent } from 'preact';
import { serverOf } from '../kit/index.ts';
import type { AppModel } from './app-model.ts';
import { Wordmark } from './icons.tsx';
import { ProblemCard } from './problem-card.tsx';
import { River } from './river.tsx';

type Way = 'password' | 'token';

export function SignInView({ app }: { app: AppModel }): JSX.Element {
  const way = useSignal<Way>('password');
  const server = useSignal('');
  const user = useSignal('');
  const secret = useSignal('');
  const firstGuess = app.target?.homeserverUrl ?? app.foci.serving.value?.homeserverUrl ?? '';
  const chosen = (): string => server.value.trim() || serverOf(user.value) || firstGuess;

  const submit = (event: TargetedSubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const { value } = secret;
    secret.value = '';
    if (way.value === 'password') app.signIn(chosen(), user.value, value);
    else app.signInWithToken(chosen(), value);
  };

  return (
    <main class="gate">
      <River />
      <div class="gate-card">
        <h1 class="gate-title">
          <Wordmark large />
        </h1>
        <p class="gate-lead">
          {app.target === undefined
            ? 'Calls in your Matrix rooms. Sign in with the account you have.'
            : 'You are invited to a call. Sign in with your Matrix account to join.'}
        </p>
        {app.problem.value === undefined ? null : <ProblemCard problem={app.problem.value} />}
        <form class="form" onSubmit={submit}>
          <label class="field">
            <span>Homeserver</span>
            <input
              name="homeserver"
              autocomplete="url"
              inputMode="url"
              spellcheck={false}
              placeholder={firstGuess || 'example.org'}
              value={server.value}
              onInput={event => {
                server.value = event.currentTarget.value;
              }}
            />
          </label>
          {way.value === 'password' ? (
            <label class="field">
              <span>User name</span>
              <input
                name="user"
                autocomplete="username"
                autocapitalize="none"
                spellcheck={false}
                required
                placeholder="@you:example.org"
                value={user.value}
                onInput={event => {
                  user.value = event.currentTarget.value;
                }}
              />
            </label>
          ) : null}
          <label class="field">
            <span>{way.value === 'password' ? 'Password' : 'Access token'}</span>
            <input
              name="secret"
              type="password"
              autocomplete={way.value === 'password' ? 'current-password' : 'off'}
              required
              value={secret.value}
              onInput={event => {
                secret.value = event.currentTarget.value;
              }}
            />
          </label>
          <button class="button button-main" type="submit" disabled={app.busy.value}>
            {app.busy.value ? 'Signing in…' : 'Sign in'}
          </button>
        </form>
        <div class="gate-more">
          <button class="link-button" type="button" onClick={() => app.signInElsewhere(chosen())}>
            Sign in by another site
          </button>
          <button
            class="link-button"
            type="button"
            onClick={() => {
              way.value = way.value === 'password' ? 'token' : 'password';
            }}
          >
            {way.value === 'password' ? 'Use an access token' : 'Use a password'}
          </button>
        </div>
      </div>
    </main>
  );
}
