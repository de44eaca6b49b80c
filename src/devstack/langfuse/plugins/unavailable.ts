import type { Plugin } from '../context.js';
import type { MethodName, Reply, Route } from '../http/exchange.js';

const gone: Reply = {
  status: 404,
  json: {
    message:
      'This endpoint is not available on deployments running in Langfuse v4 events_only mode. Learn more about Langfuse v4 at: https://langfuse.com/docs/v4',
  },
};

const paths: Readonly<Record<string, readonly MethodName[]>> = {
  '/api/public/v2/scores': ['GET'],
  '/api/public/v2/scores/{scoreId}': ['GET'],
  '/api/public/metrics': ['GET'],
  '/api/public/metrics/daily': ['GET'],
  '/api/public/observations': ['GET'],
  '/api/public/observations/{observationId}': ['GET'],
  '/api/public/sessions': ['GET'],
  '/api/public/sessions/{sessionId}': ['GET'],
  '/api/public/datasets/{datasetName}/runs': ['GET'],
  '/api/public/datasets/{datasetName}/runs/{runName}': ['GET', 'DELETE'],
};

/** The answer of an endpoint that `events_only` refuses, before it looks at any parameter. */
export const unavailableHere = (): Reply => gone;

/** The v3 reads: refused by the write mode before validation. */
export const unavailable: Plugin = () =>
  Object.entries(paths).map(([path, methods]): Route => ({
    path,
    methods: Object.fromEntries(methods.map((method) => [method, unavailableHere])),
  }));
