import type { GateReport } from '../../core/gate/gate-report.js';
import { gateMarkdown } from '../../core/gate/markdown.js';
import { withGateSection } from '../../core/gate/report-section.js';
import type { Json, JsonObject } from '../../core/json/json.js';
import { getArtefact, putArtefact } from '../../store/artefacts.js';
import type { Store } from '../../store/store.js';

/** Writes a verdict into the report of the run that it is on, and beside it. The last verdict counts; repeats change nothing. */
export async function writeToReport(
  store: Store,
  { experimentId, report }: { readonly experimentId: string; readonly report: GateReport },
): Promise<void> {
  const section = gateMarkdown(report);
  const keep = (name: string, mediaType: string, body: string): Promise<void> =>
    putArtefact(store, { experimentId, name, mediaType, body });
  await keep('gate.json', 'application/json', `${JSON.stringify(report, undefined, 2)}\n`);
  await keep('gate.md', 'text/markdown', section);
  const markdown = await getArtefact(store, { experimentId, name: 'report.md' });
  if (markdown !== undefined) {
    const text = withGateSection(markdown.body.toString('utf8'), section);
    await keep('report.md', 'text/markdown', text);
  }
  const json = await getArtefact(store, { experimentId, name: 'report.json' });
  if (json !== undefined) {
    const model = JSON.parse(json.body.toString('utf8')) as JsonObject;
    const gate = JSON.parse(JSON.stringify(report)) as Json;
    await keep(
      'report.json',
      json.mediaType,
      `${JSON.stringify({ ...model, gate }, undefined, 2)}\n`,
    );
  }
}
