import type { PlatformPush } from '../../contracts/dataset-push.js';
import { markdownText } from '../text/escape/markdown.js';

/** How far a push is, for people. */
export type PushStanding =
  | { readonly step: 'checking' }
  | { readonly step: 'refused'; readonly why: string }
  | {
      readonly step: 'pushing';
      readonly platforms: readonly (PlatformPush & { readonly waiting?: string })[];
    };

/** What Temporal's UI shows of a push. */
export function pushStory(dataset: string, standing: PushStanding): string {
  const head = `Dataset ${markdownText(dataset)}`;
  if (standing.step === 'checking') return `${head}: its files are checked.`;
  if (standing.step === 'refused') return `${head} is not pushed: ${markdownText(standing.why)}`;
  return [`${head}:`, ...standing.platforms.map((each) => `- ${platformLine(each)}`)].join('\n');
}

function platformLine(push: PlatformPush & { readonly waiting?: string }): string {
  const { platform, waiting, error } = push;
  const said = error?.message ?? (waiting === undefined ? undefined : `waits: ${waiting}`);
  return `${platform}: ${pushText(push)}${said === undefined ? '' : ` (${markdownText(said)})`}`;
}

/** How far a push is on one platform, in half a sentence. */
export function pushText(push: PlatformPush): string {
  const { phase, listed, position, items, added, changed, unchanged, archived, removed } = push;
  const counts = `${added} added, ${changed} changed, ${unchanged} unchanged`;
  switch (phase) {
    case 'listing':
      return `${listed} items listed`;
    case 'writing':
      return `${position} of ${items} items: ${counts}`;
    case 'archiving':
      return `${counts}; ${archived} of ${removed} archived`;
    case 'done':
    case 'failed': {
      const kept = removed - archived;
      const gone = archived > 0 ? `, ${archived} archived` : '';
      return `${phase}, ${counts}${gone}${kept > 0 ? `, ${kept} only there` : ''}`;
    }
  }
}
