import type { Plugin } from '../context.js';
import { ok } from '../http/exchange.js';
import { parseMetricsQuery } from '../metrics/metrics-query.js';
import { runMetrics } from '../metrics/run-metrics.js';
import { v1Views } from '../metrics/v1-views.js';
import { views } from '../metrics/views.js';
import { requireV4, v3Read } from '../mode.js';

/** Counts, sums, averages and quantiles over observations and scores; over traces, too, in v1. */
export const metrics: Plugin = (context) => [
  {
    path: '/api/public/v2/metrics',
    methods: {
      GET: async (call) => {
        const query = parseMetricsQuery(call.query.get('query'));
        requireV4(context, 'metrics v2');
        return ok({ data: await runMetrics(context, query, views) });
      },
    },
  },
  {
    path: '/api/public/metrics',
    methods: {
      GET: v3Read(context, async (call) => {
        const query = parseMetricsQuery(call.query.get('query'), 'v1');
        return ok({ data: await runMetrics(context, query, v1Views) });
      }),
    },
  },
];
