// `runExperiment` of @langfuse/client as its documentation shows it: OpenTelemetry, the OpenAI client with its default of two
// retries, one evaluator.
import { LangfuseClient } from '@langfuse/client';
import { LangfuseSpanProcessor } from '@langfuse/otel';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { readFile } from 'node:fs/promises';
import OpenAI from 'openai';

const {
  items: file,
  modelUrl,
  apiKey,
  concurrency,
  platformUrl,
  name,
} = JSON.parse(process.env.PEER_LOAD);
const { prompt, responseFormat, items } = JSON.parse(await readFile(file, 'utf8'));

const keys = { publicKey: 'pk-lf-peer', secretKey: 'sk-lf-peer', baseUrl: platformUrl };
const otel = new NodeSDK({ spanProcessors: [new LangfuseSpanProcessor(keys)] });
otel.start();
const langfuse = new LangfuseClient(keys);
const openai = new OpenAI({ baseURL: modelUrl, apiKey });

const result = await langfuse.experiment.run({
  name,
  maxConcurrency: concurrency,
  data: items.map(({ id, text, category }) => ({
    input: { id, text },
    expectedOutput: { category },
  })),
  task: async ({ input }) => {
    const answer = await openai.chat.completions.create(
      {
        model: 'demo-small',
        temperature: 0,
        response_format: responseFormat,
        messages: [{ role: 'user', content: prompt.replace('{{text}}', input.text) }],
      },
      { headers: { 'x-assay-call': input.id } },
    );
    return JSON.parse(answer.choices[0].message.content);
  },
  evaluators: [
    async ({ input, output, expectedOutput }) => ({
      name: 'category',
      value: output.category === expectedOutput.category ? 1 : 0,
      comment: input.id,
    }),
  ],
});
await langfuse.score.flush();
await otel.shutdown();
const scored = result.itemResults.filter(({ evaluations }) => evaluations.length > 0);
process.stdout.write(
  `${JSON.stringify({
    scored: scored.length,
    passed: scored.filter(({ evaluations }) => evaluations[0].value === 1).length,
  })}\n`,
);
