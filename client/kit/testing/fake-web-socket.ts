/** A stand-in for the browser's WebSocket, with the focus's end in the hands of the test. */
export class FakeWebSocket extends EventTarget {
  /** All that were made, oldest first. */
  static made: FakeWebSocket[] = [];

  readonly url: string;
  readonly protocols: string[];
  readyState = 0;
  bufferedAmount = 0;
  readonly sent: string[] = [];

  constructor(url: string, protocols: string[]) {
    super();
    this.url = url;
    this.protocols = protocols;
    FakeWebSocket.made.push(this);
  }

  static get latest(): FakeWebSocket {
    const latest = FakeWebSocket.made.at(-1);
    if (latest === undefined) throw new Error('no socket was made');
    return latest;
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.readyState = 3;
  }

  /** All that was sent, read. */
  get frames(): { type: string; content: Record<string, unknown> }[] {
    return this.sent.map(text => JSON.parse(text) as { type: string; content: Record<string, unknown> });
  }

  get types(): string[] {
    return this.frames.map(({ type }) => type);
  }

  /** The latest frame of this type. */
  content(type: string): Record<string, unknown> {
    const frame = this.frames.findLast(candidate => candidate.type === type);
    if (frame === undefined) throw new Error(`no ${type} was sent`);
    return frame.content;
  }

  fakeOpen(): void {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  fakeFrame(type: string, content: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify({ type, content }) }));
  }

  /** Opens, and the focus welcomes. */
  fakeWelcome(resumed = false): void {
    this.fakeOpen();
    this.fakeFrame('org.weir.welcome', { resumed, user_id: '@focus:f.example', device_id: 'FOCUSDEV' });
  }

  /** The focus, or the network, cuts it. */
  fakeClose(code = 1006): void {
    this.readyState = 3;
    const event = new Event('close');
    Object.defineProperty(event, 'code', { value: code });
    this.dispatchEvent(event);
  }
}
