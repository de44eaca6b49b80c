/** The demo model's own account of what it was asked, and the way to order its faults. */
export interface ModelLog {
  /** How often each call was paid, by its `x-assay-call`; everything that the model has received until now. */
  paidCalls(): Promise<ReadonlyMap<string, number>>;
  admin(method: string, path: string, body?: unknown): Promise<unknown>;
}

interface Page {
  readonly calls: readonly {
    readonly seq: number;
    readonly call: string | null;
    readonly paid: boolean;
  }[];
}

/** @param service the model's base URL, with or without `/v1`, and its key */
export const openModelLog = (service: { url: string; apiKey: string }): ModelLog => {
  const paid = new Map<string, number>();
  let after = 0;
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(new URL(path, service.url), {
      method,
      headers: { authorization: `Bearer ${service.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  let reading: Promise<unknown> = Promise.resolve();
  const readOn = async (): Promise<ReadonlyMap<string, number>> => {
    for (;;) {
      const { calls } = (await admin('GET', `/admin/calls?after=${after}&limit=5000`)) as Page;
      for (const { seq, call, paid: isPaid } of calls) {
        after = seq;
        if (call !== null && isPaid) paid.set(call, (paid.get(call) ?? 0) + 1);
      }
      if (calls.length < 5_000) return paid;
    }
  };
  return {
    admin,
    paidCalls: () => {
      // One at a time: two readers would count a page twice.
      const turn = reading.then(readOn);
      reading = turn.catch(() => undefined);
      return turn;
    },
  };
};
