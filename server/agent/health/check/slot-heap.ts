interface Due {
  atMs: number;
}

/** A binary min-heap by time: one timer can wait for thousands of checks. */
export class SlotHeap<T extends Due> {
  #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    let at = items.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (!above || above.atMs <= item.atMs) break;
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last === undefined || items.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const left = items[child];
      if (left === undefined) break;
      const right = items[child + 1];
      const smaller = right !== undefined && right.atMs < left.atMs ? right : left;
      if (smaller === right) child++;
      if (smaller.atMs >= last.atMs) break;
      items[at] = smaller;
      at = child;
    }
    items[at] = last;
    return first;
  }

  clear(): void {
    this.#items = [];
  }
}
