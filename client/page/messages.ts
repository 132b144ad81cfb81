/** What the page tells for a moment: notices for all, announcements for screen readers. */
import { type Signal, signal } from '@preact/signals';
import type { Problem } from '../kit/index.ts';

/** Something to tell the person for a moment. */
export interface Notice {
  id: number;
  problem: Problem;
}

const NOTICE_MS = 9_000;
const MOST_NOTICES = 3;

export class Messages {
  readonly notices: Signal<Notice[]> = signal([]);
  readonly announcement = signal('');
  #count = 0;

  /** Shows a problem for some seconds; the same kind of problem once only. */
  notify(reason: Problem): void {
    this.#count += 1;
    const notice = { id: this.#count, problem: reason };
    const others = this.notices.value.filter(other => other.problem.code !== reason.code);
    this.notices.value = [...others, notice].slice(-MOST_NOTICES);
    setTimeout(() => this.dismiss(notice.id), NOTICE_MS);
  }

  dismiss(id: number): void {
    this.notices.value = this.notices.value.filter(notice => notice.id !== id);
  }

  announce(text: string): void {
    // The same sentence twice must be read twice: a space more makes it another.
    // Whoever announces in an effect must not be run again by it.
    this.announcement.value = this.announcement.peek() === text ? `${text} ` : text;
  }
}
