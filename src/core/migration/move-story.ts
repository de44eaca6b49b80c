import type { MoveSlice } from '../../contracts/platform-migration.js';
import { markdownText } from '../text/escape/markdown.js';

/** How far a move is, for people. */
export interface MoveStanding extends Pick<MoveSlice, 'step' | 'progress' | 'at'> {
  readonly waiting?: string | undefined;
}

/** What Temporal's UI shows of a move. */
export function moveStory(name: string, standing: MoveStanding): string {
  const { step, progress, at, waiting } = standing;
  return [
    `Move ${markdownText(name)}: ${step}, ${progress} things settled`,
    ...(at === '' ? [] : [`- now: ${markdownText(at)}`]),
    ...(waiting === undefined ? [] : [`- waits: ${markdownText(waiting)}`]),
  ].join('\n');
}
