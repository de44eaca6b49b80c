import { markdownText } from '../text/escape/markdown.js';

/** A command as people see it. */
export interface ToldCommand {
  /** As `push` or `promote production`. */
  readonly what: string;
  readonly by: string;
  /** What became of it, or how it stands. */
  readonly state: string;
}

/** What Temporal's UI shows of the commands on one prompt on one platform. */
export function promptQueueStory(of: {
  readonly name: string;
  readonly platform: string;
  /** Why the platform is waited for. */
  readonly waiting: string | undefined;
  readonly commands: readonly ToldCommand[];
}): string {
  const { name, platform, waiting, commands } = of;
  return [
    `Prompt ${markdownText(name)} on ${platform}:`,
    ...commands.map(
      ({ what, by, state }) =>
        `- ${markdownText(what)} (${markdownText(by)}): ${markdownText(state)}`,
    ),
    ...(waiting === undefined ? [] : ['', `Waits for ${platform}: ${markdownText(waiting)}`]),
  ].join('\n');
}
