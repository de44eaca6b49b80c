import { AssayError } from '../../core/errors/assay-error.js';
import type { JsonObject } from '../../core/json/json.js';
import { wellFormed, wellFormedJson } from '../../core/text/well-formed.js';
import { createFieldTexts } from '../trace/field-text.js';
import { metadataKey } from '../trace/metadata-key.js';
import type { PlatformRun, RunContext } from '../port.js';
import { sessionAnswer, sessionsAnswer, type SessionAnswer } from './answers.js';
import { namedUuid } from './ids.js';
import type { LangsmithSettings } from './options.js';
import type { Rest, RestCall } from './rest.js';
import { isObject } from '../../core/json/json.js';
import { currentWorkspace } from './server-facts.js';

const maxMetadataBytes = 64 * 1024;

export interface RunRequest {
  readonly context: RunContext;
  readonly datasetId: string;
  readonly datasetName: string;
  readonly repetitions: number;
  readonly signal: AbortSignal;
}

/**
 * The sessions of a run, one per repetition, each an experiment on the dataset there. Made if they are not; their ids are made of the
 * run's uid.
 *
 * @throws AssayError EXPERIMENT_EXISTS_ELSEWHERE where a session of such a name is not of this run.
 */
export async function prepareRun(
  on: { readonly rest: Rest; readonly settings: Pick<LangsmithSettings, 'project'> },
  request: RunRequest,
): Promise<PlatformRun> {
  const { context, datasetId, datasetName, repetitions, signal } = request;
  const workspace = await currentWorkspace(on.rest, signal);
  const prefix = prefixOf(on);
  const runs: { readonly name: string; readonly id: string }[] = [];
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    const suffix = repetition === 1 ? '' : ` (repetition ${repetition})`;
    const name = `${prefix}${context.experiment}${suffix}`;
    runs.push({ name, id: await ensureSession(on.rest, { ...request, name, repetition }) });
  }
  return { platform: 'langsmith', projectId: workspace.id, datasetId, datasetName, runs };
}

/** Of a session that stands there, whoever's it is. @throws AssayError EXPERIMENT_EXISTS_ELSEWHERE */
export async function refuseTakenName(
  on: { readonly rest: Rest; readonly settings: Pick<LangsmithSettings, 'project'> },
  { experiment, signal }: { readonly experiment: string; readonly signal: AbortSignal },
): Promise<void> {
  const name = `${prefixOf(on)}${experiment}`;
  if ((await sessionOfName(on.rest, { name, signal })) !== undefined) {
    throw existsElsewhere(on.rest, name);
  }
}

const prefixOf = ({ settings }: { settings: Pick<LangsmithSettings, 'project'> }): string =>
  settings.project === undefined ? '' : `${settings.project}/`;

interface SessionRequest extends RunRequest {
  readonly name: string;
  readonly repetition: number;
}

async function ensureSession(rest: Rest, request: SessionRequest): Promise<string> {
  const found = await sessionOfName(rest, request);
  if (found !== undefined) return owned(rest, found, request);
  const { context, name, repetition, datasetId, signal } = request;
  const call: RestCall = {
    method: 'POST',
    path: '/sessions',
    body: {
      id: namedUuid('session', context.runUid, repetition),
      name,
      reference_dataset_id: datasetId,
      ...(context.description === undefined
        ? {}
        : { description: wellFormed(context.description).text }),
      extra: { metadata: sessionMetadata(context, repetition) },
    },
    what: `the experiment ${JSON.stringify(name)}`,
    signal,
  };
  const answer = await rest.answer(call);
  if (answer.status === 409) {
    // Another worker made it at the same moment, or this one did and its answer was lost.
    const made = await sessionOfName(rest, request);
    if (made !== undefined) return owned(rest, made, request);
  }
  return rest.parse(answer, call, sessionAnswer).id;
}

async function sessionOfName(
  rest: Rest,
  { name, signal }: Pick<SessionRequest, 'name' | 'signal'>,
): Promise<SessionAnswer | undefined> {
  const found = await rest.read(
    {
      path: '/sessions',
      query: { name, limit: 1 },
      what: `the experiment ${JSON.stringify(name)}`,
      signal,
    },
    sessionsAnswer,
  );
  return found[0];
}

function owned(rest: Rest, session: SessionAnswer, request: SessionRequest): string {
  const metadata = session.extra?.['metadata'];
  const owner = isObject(metadata) ? metadata[metadataKey.runUid] : undefined;
  if (owner === request.context.runUid) return session.id;
  throw existsElsewhere(rest, request.name);
}

const existsElsewhere = (rest: Rest, name: string): AssayError =>
  new AssayError(
    'EXPERIMENT_EXISTS_ELSEWHERE',
    `LangSmith at ${rest.baseUrl} already has a project ${JSON.stringify(name)} that is not of this experiment.`,
    { mend: 'Give the experiment another name.' },
  );

function sessionMetadata(context: RunContext, repetition: number): JsonObject {
  const marks: JsonObject = {
    [metadataKey.runUid]: context.runUid,
    [metadataKey.experiment]: context.experiment,
    [metadataKey.repetition]: repetition,
    'assay.project': context.project,
    'assay.target': context.target,
  };
  const whole = { ...context.metadata, ...marks };
  const { cut } = createFieldTexts().text(whole, maxMetadataBytes);
  const kept = wellFormedJson(cut ? { ...marks, [metadataKey.cut]: 'metadata' } : whole).value;
  return isObject(kept) ? kept : marks;
}
