import { AssayError, type ErrorDocument, type Problem } from '../errors/assay-error.js';

/** What stands in the way of "verified" on a platform: records that are not there, or that it refuses to be sent to or read. */
export interface Unverified {
  readonly platform: string;
  readonly why: 'incomplete' | ErrorDocument;
}

/**
 * What a run that is not verified everywhere ends with. Of one platform its own words: the figures beside it say what is missing.
 * Of several it is named which of them is meant, since the others are well.
 *
 * @param platforms all of the run
 */
export function unverifiedError(
  unverified: readonly Unverified[],
  platforms: readonly string[],
): ErrorDocument | undefined {
  const [first] = unverified;
  if (first === undefined) return undefined;
  if (platforms.length === 1) return first.why === 'incomplete' ? undefined : first.why;
  const names = unverified.map(({ platform }) => platform);
  const well = platforms.filter((name) => !names.includes(name));
  const rest = well.length === 0 ? '' : `; all is there on ${well.join(' and ')}`;
  return new AssayError(
    'EXPERIMENT_UNVERIFIED',
    `Not everything that was published could be read back on ${names.join(' and ')}${rest}.`,
    {
      problems: unverified.flatMap(problemsOf),
      mend: 'To look again, and to send what is missing: `assay experiment verify --repair`.',
    },
  ).toJSON();
}

function problemsOf({ platform, why }: Unverified): readonly Problem[] {
  if (why === 'incomplete') {
    return [{ at: platform, message: 'did not show all that was sent before the deadline' }];
  }
  const { code, message, mend, problems } = why;
  return [
    { at: platform, message: `${code}: ${message}`, ...(mend === undefined ? {} : { mend }) },
    ...problems.map((each) => ({ ...each, at: `${platform}: ${each.at}` })),
  ];
}
