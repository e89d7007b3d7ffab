/**
 * Something answered a call, but not in the words of the API: Operate's gate, its web server, or a proxy before it. The
 * message is for a person; `code` is as tRPC names it, null when Operate itself was not reached.
 */
export class ForeignAnswer extends Error {
  readonly code: string | null;

  constructor(message: string, code: string | null) {
    super(message);
    this.code = code;
  }
}
