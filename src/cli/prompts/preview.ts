import type { AssayClient } from '../../client/assay-client.js';
import type { ForeseenPush, Prompts } from '../../client/prompts.js';
import { catalogueEntry } from '../../core/errors/catalogue.js';
import type { Cli } from '../cli.js';
import { errorLines } from '../errors/render-error.js';
import { jsonText } from '../io/json-text.js';
import type { Sink } from '../io/sink.js';

type Seen = Awaited<ReturnType<Prompts['foresee']>>;

/** Shows what a push would do. @returns the exit code that it would have where a platform would refuse it. */
export async function preview(
  cli: Cli,
  look: (client: AssayClient, tell: (name: string, seen: Seen) => void) => Promise<void>,
): Promise<number | undefined> {
  const plans: ({ readonly name: string } & Seen[number])[] = [];
  await cli.withClient((client) =>
    look(client, (name, seen) => plans.push(...seen.map((each) => ({ name, ...each })))),
  );
  plans.sort((a, b) => order(a, b));
  const failed = plans.some(({ outcome }) => outcome === 'failed');
  const exit = failed ? catalogueEntry('PROMPT_PUSH_FAILED').exit : undefined;
  if (cli.json) {
    await cli.out.line(jsonText({ dryRun: true, prompts: byPrompt(plans) }));
    return exit;
  }
  const { out, err } = cli;
  const several = new Set(plans.map(({ platform }) => platform)).size > 1;
  for (const plan of plans) {
    const where = several ? ` on ${plan.platform}` : '';
    const title = `${out.colours.bold(out.safe(plan.name))}${where}`;
    if (plan.outcome === 'failed') {
      await err.line(`${title}: ${err.colours.red('would fail')}`);
      await err.line(errorLines(plan.error, err).join('\n'));
      continue;
    }
    await out.line(`${title} ${planText(plan, out)}`);
    for (const note of plan.notes) await err.line(`  note: ${err.safe(note)}`);
  }
  return exit;
}

const order = (a: { name: string; platform: string }, b: { name: string; platform: string }) =>
  a.name === b.name ? (a.platform < b.platform ? -1 : 1) : a.name < b.name ? -1 : 1;

/** As a push itself says it: a prompt, and what becomes of it on each platform. */
const byPrompt = (plans: readonly ({ readonly name: string } & Seen[number])[]) =>
  [...new Set(plans.map(({ name }) => name))].map((name) => ({
    name,
    platforms: plans.filter((plan) => plan.name === name).map(plain),
  }));

/** `labels` stays a list of names, as pipelines read it; where they come from is beside it. */
function plain({ name: _name, ...plan }: { readonly name: string } & Seen[number]) {
  if (plan.outcome === 'failed') return plan;
  return { ...plan, labels: plan.labels.map(({ label }) => label), moves: plan.labels };
}

function planText({ outcome, version, labels }: ForeseenPush, { safe, colours }: Sink): string {
  const named = version === undefined ? 'a new version' : `v${safe(version)}`;
  const what =
    outcome === 'create' ? colours.green(`${named} would be created`) : `unchanged ${named}`;
  if (labels.length === 0) return what;
  const texts = labels.map(
    ({ label, from }) => `${safe(label)}${from === undefined ? '' : ` (from v${safe(from)})`}`,
  );
  return `${what}, would get ${texts.join(', ')}`;
}
