import type { Client } from 'langsmith';

import type { LangsmithServer } from '../../support/langsmith/server.js';
import { ask, childRun, clientOf, rootRun } from '../langsmith-server-support.js';

export const start = Date.parse('2026-03-01T12:00:00.000Z');

const constructor = (id: readonly string[], kwargs: object) => ({
  lc: 1,
  type: 'constructor',
  id: ['langchain', 'prompts', ...id],
  kwargs,
});

/** What a commit of a text prompt is made of. */
export const template = (text: string, format = 'f-string') =>
  constructor(['prompt', 'PromptTemplate'], {
    input_variables: ['name'],
    template: text,
    template_format: format,
  });

export interface WorkspaceSize {
  readonly examples: number;
  /** Traces of live traffic, each of two runs. */
  readonly live: number;
  /** Of each item in the experiment. Default 1. */
  readonly repetitions?: number;
}

/**
 * A workspace as a team leaves it, made by the official client: the dataset `capitals` with splits, the prompt `greeter` with a
 * history, the experiment `baseline` with feedback, and `live` traffic.
 */
export async function fillWorkspace(server: LangsmithServer, size: WorkspaceSize): Promise<void> {
  const client = clientOf(server);
  const dataset = await client.createDataset('capitals', {
    description: 'What people ask.',
    metadata: { owner: 'geo' },
  });
  const made = await client.createExamples(
    Array.from({ length: size.examples }, (_, index) => ({
      dataset_id: dataset.id,
      inputs: { question: `capital ${index}` },
      outputs: { answer: `city ${index}` },
      metadata: { level: index },
      split: index % 2 === 0 ? 'train' : ['test', 'hard'],
    })),
  );
  await fillPrompt(server, client);
  const experiment = await client.createProject({
    projectName: 'baseline',
    referenceDatasetId: dataset.id,
    metadata: { model: 'demo-small' },
  });
  const answers = Array.from({ length: size.repetitions ?? 1 }, (_, repetition) =>
    made.map((example, index) =>
      rootRun({
        session_id: experiment.id,
        session_name: 'baseline',
        reference_example_id: example.id,
        start_time: start + repetition * 60_000 + index,
        end_time: start + repetition * 60_000 + index + 500,
        outputs: { answer: `city ${index}` },
      }),
    ),
  ).flat();
  const roots = Array.from({ length: size.live }, (_, index) =>
    rootRun({
      session_name: 'live',
      start_time: start + index * 10,
      end_time: start + index * 10 + 1_500,
      extra: { metadata: { thread_id: `talk-${index % 3}` } },
    }),
  );
  const children = roots.map((root, index) =>
    childRun(root, {
      session_name: 'live',
      start_time: start + index * 10 + 100,
      end_time: start + index * 10 + 900,
      extra: { metadata: { ls_model_name: 'demo-small' } },
    }),
  );
  await client.batchIngestRuns({ runCreates: [...answers, ...roots, ...children] as never });
  const { id: liveId } = await client.readProject({ projectName: 'live' });
  for (const feedback of [
    { run: answers[0], sessionId: experiment.id, key: 'correct', score: 1, comment: 'yes' },
    { run: answers[1], sessionId: experiment.id, key: 'correct', score: 0 },
    { run: children[0], sessionId: liveId, key: 'tone', value: 'warm' },
    { run: roots[1], sessionId: liveId, key: 'note', comment: 'only words' },
  ]) {
    const { run, ...rest } = feedback;
    if (run !== undefined) await client.createFeedback({ ...rest, runId: run.id });
  }
}

async function fillPrompt(server: LangsmithServer, client: Client): Promise<void> {
  await client.createPrompt('greeter', { tags: ['support'] });
  await client.createCommit('greeter', template('Hello {name}'));
  await client.createCommit('greeter', template('Good day {{name}}', 'mustache'));
  await client.createCommit('greeter', template('{% if name %}Hi{% endif %}', 'jinja2'));
  const repo = server.inspect.repos.find(({ handle }) => handle === 'greeter');
  const tagged = await ask(server, 'POST /api/v1/repos/-/greeter/tags', {
    body: { tag_name: 'production', commit_id: repo?.commits[0]?.id },
  });
  if (tagged.status >= 300) throw new Error(`the tag was refused: ${tagged.status}`);
}
