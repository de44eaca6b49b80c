import type { PromptVersion } from '../../client/prompts.js';
import { diffLines, promptDifferences, promptLines, unifiedDiff } from '../../core/prompts/diff.js';
import type { ChangedValue } from '../../core/json/changed-values.js';
import { latestLabel } from '../../core/prompts/labels.js';
import { readPromptFolders } from '../../prompts/prompt-folders.js';
import type { PromptSource } from '../../prompts/prompt-source.js';
import { readBackend } from '../backend-option.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';
import { driftExit } from '../drift.js';
import { rootOf, type BackendOptions, type FolderOptions } from './options.js';

export interface DiffCommand extends FolderOptions, BackendOptions {
  readonly label?: string;
  readonly strict?: boolean;
}

/** How one prompt stands. */
interface Standing {
  readonly name: string;
  readonly platform: string;
  readonly state: 'equal' | 'differs' | 'not-pushed' | 'only-there';
  /** What git was compared with. */
  readonly label: string;
  readonly version?: string;
  /** Labels of the metadata that are not on that version. */
  readonly labels: readonly string[];
  readonly differences: readonly ChangedValue[];
  readonly diff: readonly string[];
}

/** Tells where git and the platforms differ. */
export async function diff(
  cli: Cli,
  names: readonly string[],
  options: DiffCommand,
): Promise<number | undefined> {
  const sources = await readPromptFolders(rootOf(cli, options), names);
  const backend = await readBackend(cli, options.backend);
  const standings: Standing[] = [];
  await cli.withClient(async (client) => {
    for (const { platform, prompts } of client.prompts.libraries(backend)) {
      for (const source of sources) {
        const label = options.label ?? source.metadata.labels?.[0] ?? latestLabel;
        const found = await prompts.get(source.name, { label }, AbortSignal.timeout(30_000));
        standings.push(standingOf(source, found, { label, platform }));
      }
      // Only where all of git was looked at is it known what is missing there.
      if (names.length > 0) continue;
      for await (const page of prompts.list(AbortSignal.timeout(60_000))) {
        for (const { name } of page) {
          if (sources.some((source) => source.name === name)) continue;
          const none = { labels: [], differences: [], diff: [] };
          standings.push({ name, platform, state: 'only-there', label: latestLabel, ...none });
        }
      }
    }
  });
  const isDrift = ({ state, labels }: Standing): boolean =>
    state === 'only-there' ? options.strict === true : state !== 'equal' || labels.length > 0;
  const drift = standings.some(isDrift);
  if (cli.json) await cli.out.line(jsonText({ drift, prompts: standings }));
  else await tell(cli, standings);
  return drift ? driftExit : undefined;
}

function standingOf(
  source: PromptSource,
  found: PromptVersion | undefined,
  { label, platform }: { readonly label: string; readonly platform: string },
): Standing {
  const { name, content, metadata } = source;
  const common = { name, platform, label };
  if (found === undefined) {
    const labels = metadata.labels ?? [];
    return { ...common, state: 'not-pushed', labels, differences: [], diff: [] };
  }
  const differences = promptDifferences(found, content);
  return {
    ...common,
    state: differences.length === 0 ? 'equal' : 'differs',
    version: found.version,
    labels: (metadata.labels ?? []).filter((each) => !found.labels.includes(each)),
    differences,
    diff: unifiedDiff(
      { before: `${platform}/${name} v${found.version}`, after: `git/${source.folder}` },
      diffLines(promptLines(found), promptLines(content)),
    ),
  };
}

async function tell(cli: Cli, standings: readonly Standing[]): Promise<void> {
  const { safe, colours } = cli.out;
  for (const { name, platform, state, label, version, labels, diff: lines } of standings) {
    const title = colours.bold(safe(name));
    const text = {
      equal: `as in git (${label}, v${version ?? ''})`,
      differs: colours.yellow(`differs from git (${label}, v${version ?? ''})`),
      'not-pushed': colours.yellow(
        label === latestLabel
          ? `is not on ${platform}`
          : `has no version with the label ${label} on ${platform}`,
      ),
      'only-there': 'is only on the platform',
    }[state];
    await cli.out.line(`${title} ${safe(text)}`);
    if (state === 'equal' && labels.length > 0) {
      await cli.out.line(colours.yellow(`  lacks the label ${safe(labels.join(', '))}`));
    }
    for (const line of lines) {
      const shown = safe(line);
      await cli.out.line(
        `  ${line.startsWith('+') ? colours.green(shown) : line.startsWith('-') ? colours.red(shown) : shown}`,
      );
    }
  }
}
