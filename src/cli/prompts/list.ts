import type { AssayClient } from '../../client/assay-client.js';
import type { PromptReading, PromptSummary } from '../../client/prompts.js';
import { ownersLabels } from '../../core/prompts/labels.js';

/** A prompt of a platform, with the version that each label of people's is on. */
export interface ListedPrompt extends PromptSummary {
  readonly platform: string;
  /** By label. A label that went away while it was asked for is not among them. */
  readonly holders: Readonly<Record<string, string>>;
}

/** How many questions are asked at once. */
const atOnce = 8;

/** The prompts of one platform. Lists of platforms name labels and not whose they are, so each is asked for. */
export async function listPrompts(
  client: Pick<AssayClient, 'prompts'>,
  platform: string,
  reading: PromptReading,
): Promise<readonly ListedPrompt[]> {
  const prompts = await client.prompts.list(reading);
  const listed: ListedPrompt[] = [];
  const left = prompts.map((prompt, index) => ({ prompt, index }));
  const lane = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { prompt, index } = next;
      const labels = ownersLabels(prompt.labels);
      const holders: [string, string][] = [];
      for (const label of labels) {
        const version = await client.prompts.get(prompt.name, { label }, reading);
        if (version !== undefined) holders.push([label, version.version]);
      }
      listed[index] = { ...prompt, labels, platform, holders: Object.fromEntries(holders) };
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return listed;
}

/** As `production=v1 staging=v2`. */
export const holdersText = (holders: ListedPrompt['holders']): string =>
  Object.entries(holders)
    .map(([label, version]) => `${label}=v${version}`)
    .join(' ');
