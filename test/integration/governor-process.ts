// A worker's governor in a process of its own, for the tests that kill or freeze it: takes slots of a run and sends
// requests of a key, and says so.
import { createGovernor } from '../../src/models/governor.js';
import { meetInStore } from '../../src/models/governor-meeting.js';
import { openStore } from '../../src/store/store.js';

const [url = '', experimentId = '', slots = '0', key = '', perMinute = '0'] = process.argv.slice(2);
const store = await openStore({ url, applicationName: 'governor child' });
const governor = createGovernor({ place: meetInStore(store), worker: `child ${process.pid}` });
const { signal } = new AbortController();
const run = governor.slotsOf({
  experimentId,
  project: 'shop',
  priority: 'bulk',
  concurrency: 1_000,
});
for (let slot = 0; slot < Number(slots); slot += 1) {
  void run.acquire(signal).then(() => process.stdout.write(`slot ${Date.now()}\n`));
}
const limits = { requestsPerMinute: Number(perMinute) };
while (key !== '') {
  const permit = await governor.enter({ key, limits }, { maxWaitMs: 60_000, signal });
  process.stdout.write(`sent ${Date.now()}\n`);
  permit.end({ kind: 'answered' });
}
process.stdin.resume();
