// A publisher in a process of its own, for the tests that kill or freeze it: opens the session, writes one intent
// and says so, then waits.
import { openPublisherSession } from '../../src/store/publisher/session.js';

const [url = '', platform = '', partition = ''] = process.argv.slice(2);
const opening = await openPublisherSession(url, { platform, partition, holder: 'child' });
if (opening.state !== 'open') throw new Error('held');
const rows = await opening.session.takeRows({ kind: 'spans', maxBytes: 1e6, maxRecords: 2 });
await opening.session.intend({
  exportId: `export-of-${process.pid}`,
  kind: 'spans',
  rowIds: rows.map(({ rowId }) => rowId),
});
process.stdout.write('intended\n');
setInterval(() => undefined, 60_000);
