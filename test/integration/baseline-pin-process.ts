// A worker in the midst of a pin, for the tests that kill it: saves or renews a baseline, says so at the place that it is told,
// and goes no further.
import { asyncLocalStorage, type Context } from '@temporalio/activity';

import { createBaselines } from '../../src/activities/regression/baselines.js';
import type { RegressionPorts } from '../../src/activities/regression/ports.js';
import { openStore } from '../../src/store/store.js';
import { isPlace, places } from './baseline-pin-places.js';

const [url = '', kind = '', name = '', run = '', at = ''] = process.argv.slice(2);
if (!isPlace(at)) throw new Error(`no place "${at}"`);
const { statement, count } = places[at];
const store = await openStore({ url, applicationName: 'assay pin' });

let seen = 0;
const stoppedAt = async (text: unknown): Promise<void> => {
  if (!String(text).includes(statement)) return;
  seen += 1;
  if (seen < count) return;
  process.stdout.write('there\n');
  await new Promise(() => setInterval(() => undefined, 60_000));
};
const pool = new Proxy(store.pool, {
  get: (of, member) =>
    member !== 'connect'
      ? (Reflect.get(of, member, of) as unknown)
      : async () => {
          const client = await of.connect();
          return {
            query: async (text: string, values?: unknown[]) => {
              if (!places[at].after) await stoppedAt(text);
              const answer = await client.query(text, values);
              if (places[at].after) await stoppedAt(text);
              return answer;
            },
            release: (broken?: Error) => {
              client.release(broken);
            },
          };
        },
});
const context: Pick<Context, 'heartbeat' | 'cancellationSignal'> & { info: object } = {
  info: {},
  heartbeat: () => undefined,
  cancellationSignal: new AbortController().signal,
};
const { saveBaseline, renewBaseline } = createBaselines({
  store: { ...store, pool },
} as unknown as RegressionPorts);
const key = { project: 'shop', name };
await asyncLocalStorage.run(context as unknown as Context, () =>
  kind === 'save'
    ? saveBaseline({ kind: 'save', ...key, run, promote: true })
    : renewBaseline({ kind: 'rejudge', ...key }),
);
throw new Error('it went through');
