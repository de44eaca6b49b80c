/** Where a gate stands, for the Temporal UI. */
export type GateStep =
  'admitting' | 'running' | 'comparing' | 'publishing' | 'decided' | 'failed' | 'rejected';

// Names and reasons hold words of users; the UI renders markdown, so that what could be markup is made inert.
const inert = (text: string): string =>
  text.replace(/[\\`*_{}[\]()<>#+!|~]/g, '\\$&').replace(/\s+/g, ' ');

/** The story of a gate as markdown for the Temporal UI's current details. */
export function gateStory(of: {
  readonly name: string;
  readonly step: GateStep;
  readonly detail: string | undefined;
}): string {
  const lines = [`**Gate ${inert(of.name)}**`, '', `Status: **${of.step}**`];
  if (of.detail !== undefined) lines.push('', inert(of.detail));
  return lines.join('\n');
}
