import type { PromptProgress } from '../../client/prompts.js';
import type { Cli } from '../cli.js';
import { jsonText } from '../io/json-text.js';

/** The shortest time between two lines about one platform. */
const lineEveryMs = 5_000;

/** Says what is waited for, once for each platform, however many prompts wait for it. */
export function waitsOf({ out, err, json }: Cli): (progress: PromptProgress) => void {
  const told = new Map<string, { readonly at: number; readonly reason: string }>();
  return (progress) => {
    if (progress.state !== 'waiting') return;
    const { platform, reason } = progress;
    const last = told.get(platform);
    const now = performance.now();
    if (last?.reason === reason || now - (last?.at ?? -lineEveryMs) < lineEveryMs) return;
    told.set(platform, { at: now, reason });
    if (json) void out.line(jsonText({ event: 'waiting', platform, reason }));
    else void err.line(err.safe(`waiting for ${platform}: ${reason}`));
  };
}

/** Says that what was asked for goes on, and how to come back to it. */
export async function tellDetached(
  cli: Cli,
  of: { readonly project: string; readonly what: string; readonly again: string },
): Promise<void> {
  const { project, what, again } = of;
  if (cli.json) {
    await cli.out.line(jsonText({ event: 'detached', project }));
    return;
  }
  await cli.err.line(`\nDetached: the ${what} goes on by itself.`);
  await cli.err.line(`  Come back:  ${cli.err.safe(cli.hint(again))}`);
}
