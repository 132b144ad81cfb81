import type { ComponentChildren, JSX } from 'preact';
import type { Problem } from '../kit/index.ts';

/** A problem with what to do about it. `children`: buttons that do it. */
export function ProblemCard({ problem, children }: { problem: Problem; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="problem" role="alert">
      <p class="problem-title">{problem.title}</p>
      {problem.detail === '' ? null : <p class="problem-detail">{problem.detail}</p>}
      <p class="problem-remedy">{problem.remedy}</p>
      {children === undefined ? null : <div class="problem-actions">{children}</div>}
    </div>
  );
}
