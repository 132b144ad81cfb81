/** The page's end of the worker: questions and answers, and what it says by itself. */
import { EncryptionError } from './errors.ts';
import type { Answer, FromWorker, Question, ToWorker } from './messages.ts';

/** What a Worker is to us. */
export interface WorkerPort {
  postMessage(message: ToWorker<unknown>, transfer: Transferable[]): void;
  addEventListener(type: string, listener: (event: Event) => void): void;
  terminate(): void;
}

export interface WorkerLinkEvents {
  said(message: Exclude<FromWorker, { type: 'answer' | 'failed' }>): void;
  /** It was ended. */
  failed(cause: EncryptionError): void;
}

interface Asked {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (cause: EncryptionError) => void;
}

type LinkState = { readonly kind: 'open' } | { readonly kind: 'ended'; readonly cause: EncryptionError };

export class WorkerLink {
  readonly #worker: WorkerPort;
  readonly #events: WorkerLinkEvents;
  readonly #asked = new Map<number, Asked>();
  #requests = 0;
  #state: LinkState = { kind: 'open' };

  constructor(worker: WorkerPort, events: WorkerLinkEvents) {
    this.#worker = worker;
    this.#events = events;
    worker.addEventListener('message', event => this.#take(messageIn(event)));
    worker.addEventListener('messageerror', () =>
      this.#fail('worker_failed', 'A message of the worker is not readable.'),
    );
    worker.addEventListener('error', event => this.#fail('worker_failed', messageOf(event)));
  }

  /** Says nothing to a worker that was ended. */
  tell(message: ToWorker<unknown>, transfer: Transferable[] = []): void {
    if (this.#state.kind === 'open') this.#worker.postMessage(message, transfer);
  }

  /** Rejects with an EncryptionError. */
  ask(question: Question): Promise<Exclude<Answer, { kind: 'failed' }>> {
    if (this.#state.kind === 'ended') return Promise.reject(this.#state.cause);
    this.#requests += 1;
    const request = this.#requests;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    this.#asked.set(request, { resolve, reject });
    this.tell({ type: 'ask', request, question });
    return promise.then(answer => {
      if (answer.kind === 'failed') throw new EncryptionError(answer.code, answer.message);
      return answer;
    });
  }

  close(): void {
    this.#end(new EncryptionError('closed', 'The encryption of this call was closed.'));
  }

  #take(message: FromWorker): void {
    if (this.#state.kind === 'ended') return;
    switch (message.type) {
      case 'answer':
        this.#asked.get(message.request)?.resolve(message.answer);
        this.#asked.delete(message.request);
        return;
      case 'failed':
        this.#fail(message.code, message.message);
        return;
      case 'state':
      case 'codecs_wanted':
      case 'witness':
        this.#events.said(message);
        return;
    }
  }

  #fail(code: EncryptionError['code'], message: string): void {
    if (this.#state.kind === 'ended') return;
    const cause = new EncryptionError(code, message);
    this.#end(cause);
    this.#events.failed(cause);
  }

  #end(cause: EncryptionError): void {
    if (this.#state.kind === 'ended') return;
    this.#state = { kind: 'ended', cause };
    this.#worker.terminate();
    for (const { reject } of this.#asked.values()) reject(cause);
    this.#asked.clear();
  }
}

function messageIn(event: Event): FromWorker {
  return (event as MessageEvent<FromWorker>).data;
}

function messageOf(event: Event): string {
  return 'message' in event && typeof event.message === 'string' && event.message !== ''
    ? event.message
    : 'The worker did not start.';
}
