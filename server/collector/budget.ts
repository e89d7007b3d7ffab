/** what a request takes besides its body: its socket, its buffers, its place in the queues */
const REQUEST_BYTES = 16 * 1024;

/** The bytes of all requests being worked on, bounded: beyond them senders are told to come again. */
export interface Budget {
  /** Opens a request's share; null when there is no room for it. */
  open(declaredBytes: number): Share | null;
  used(): number;
}

export interface Share {
  /** Counts bytes that arrived; false when there is no room for them beyond what was declared. */
  arrived(bytes: number): boolean;
  close(): void;
}

export function createBudget(mostBytes: number): Budget {
  let used = 0;
  return {
    open(declaredBytes) {
      let held = REQUEST_BYTES + declaredBytes;
      let unspent = declaredBytes;
      // one request is always taken: its own size is bounded elsewhere
      if (used > 0 && used + held > mostBytes) return null;
      used += held;
      return {
        arrived(bytes) {
          const beyond = Math.max(0, bytes - unspent);
          unspent = Math.max(0, unspent - bytes);
          if (beyond > 0 && used > held && used + beyond > mostBytes) return false;
          used += beyond;
          held += beyond;
          return true;
        },
        close() {
          used -= held;
          held = 0;
        },
      };
    },
    used: () => used,
  };
}
